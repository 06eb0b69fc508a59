import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import type { Reading } from '../telemetry/reading.ts';
import { kinesis } from './aws-clients.ts';
import type { Backoff } from './backoff.ts';
import { sendInBatches } from './send-in-batches.ts';

/** PutRecords takes 500 records; 5 MB is the limit that every region has (Kinesis API reference, "PutRecords"). */
const LIMITS = { records: 500, bytes: 5 * 1000 * 1000 };

/**
 * Writes readings to the data stream, partition key = sensor_id, so that one sensor's readings stay in one shard.
 * @throws PartialWriteError when the stream keeps refusing some of them
 */
export async function putReadings(
  streamName: string,
  readings: readonly Reading[],
  backoff?: Backoff,
): Promise<void> {
  const entries = readings.map((reading) => {
    const Data = Buffer.from(JSON.stringify(reading));
    const PartitionKey = reading.sensor_id;
    return { Data, PartitionKey, bytes: Data.length + Buffer.byteLength(PartitionKey) };
  });
  await sendInBatches(
    entries,
    LIMITS,
    async (batch) => {
      const Records = batch.map(({ Data, PartitionKey }) => ({ Data, PartitionKey }));
      const answer = await kinesis().send(new PutRecordsCommand({ StreamName: streamName, Records }));
      // Results come in request order; a refused one carries an ErrorCode.
      return batch.filter((_, i) => answer.Records?.[i]?.ErrorCode !== undefined);
    },
    backoff,
  );
}
