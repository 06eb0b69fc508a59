/** One page of rows in ascending time, and where the next one begins. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Instant from which to ask again, milliseconds since the epoch; absent when nothing remains. */
  readonly nextFromMillis?: number;
}

/** Whether more rows must be fetched before {@link cutPage} can cut between two instants. */
export function needsMore<Row>(rows: readonly Row[], limit: number, timeOf: (row: Row) => number): boolean {
  return rows.length <= limit || timeOf(rows.at(-1)!) === timeOf(rows[0]!);
}

/**
 * Cuts ascending rows to about `limit`, only between two instants: rows of one instant stay together, so that a reader
 * who goes on at `nextFromMillis` neither misses nor repeats a row. A page exceeds the limit only when one instant does.
 */
export function cutPage<Row>(rows: readonly Row[], limit: number, timeOf: (row: Row) => number): Page<Row> {
  const beyond = rows[limit];
  if (beyond === undefined) return { rows };
  const boundary = timeOf(beyond);
  const whole = rows.filter((row) => timeOf(row) < boundary);
  if (whole.length > 0) return { rows: whole, nextFromMillis: boundary };
  const instant = rows.filter((row) => timeOf(row) === boundary);
  const after = rows[instant.length];
  return after === undefined ? { rows: instant } : { rows: instant, nextFromMillis: timeOf(after) };
}
