/** A column's share of an anomaly score. */
export interface ColumnShare {
  readonly name: string;
  /** What the column's value adds by lying above the values seen so far, and by lying below them. */
  readonly high: number;
  readonly low: number;
}

/**
 * ANOMALY_EXPLANATION: JSON with a member for each numeric column, numbers as text with four decimals (developer
 * guide, "Detecting Data Anomalies and Getting an Explanation", step 3). While the forest learns all numbers are 0
 * and the direction is LOW.
 */
export function printExplanation(shares: readonly ColumnShare[], withDirectionality: boolean): string {
  const members = shares.map(({ name, high, low }) => {
    const direction = withDirectionality
      ? { DIRECTION: high > low ? 'HIGH' : 'LOW', STRENGTH: Math.abs(high - low).toFixed(4) }
      : {};
    return `${JSON.stringify(name)}:${JSON.stringify({ ...direction, ATTRIBUTION_SCORE: (high + low).toFixed(4) })}`;
  });
  return `{${members.join(',')}}`;
}
