import type { Reading } from '../telemetry/reading.ts';
import type { Backoff } from './backoff.ts';
import { putRecords } from './put-records.ts';

/**
 * Writes readings to the data stream, partition key = sensor_id, so that one sensor's readings stay in one shard.
 * @throws PartialWriteError when the stream keeps refusing some of them
 */
export async function putReadings(
  streamName: string,
  readings: readonly Reading[],
  backoff?: Backoff,
): Promise<void> {
  const records = readings.map((reading) => ({ key: reading.sensor_id, text: JSON.stringify(reading) }));
  await putRecords(streamName, records, backoff);
}
