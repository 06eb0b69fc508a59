import { putRecords } from './put-records.ts';

/** A row of a streaming SQL application, by column name. */
export type OutputRow = Readonly<Record<string, unknown>>;

/**
 * Writes closed windows to the data stream, partition key = the value of a column, so that the windows of one sensor stay
 * in one shard and in order.
 * @throws PartialWriteError when the stream keeps refusing some of them
 */
export async function putWindows(
  streamName: string,
  rows: readonly OutputRow[],
  partitionColumn: string,
): Promise<void> {
  await putRecords(
    streamName,
    rows.map((row) => ({ key: String(row[partitionColumn] ?? ''), text: JSON.stringify(row) })),
  );
}
