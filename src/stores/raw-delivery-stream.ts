import { PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import type { Reading } from '../telemetry/reading.ts';
import { firehose } from './aws-clients.ts';
import type { Backoff } from './backoff.ts';
import { sendInBatches } from './send-in-batches.ts';

/** PutRecordBatch takes 500 records and 4 MB (Firehose API reference, "PutRecordBatch"). */
const LIMITS = { records: 500, bytes: 4 * 1000 * 1000 };

/**
 * Writes readings to the delivery stream, one JSON line each, as Firehose joins records without a separator.
 * @throws PartialWriteError when the delivery stream keeps refusing some of them
 */
export async function deliverReadings(
  deliveryStreamName: string,
  readings: readonly Reading[],
  backoff?: Backoff,
): Promise<void> {
  const entries = readings.map((reading) => {
    const Data = Buffer.from(`${JSON.stringify(reading)}\n`);
    return { Data, bytes: Data.length };
  });
  await sendInBatches(
    entries,
    LIMITS,
    async (batch) => {
      const Records = batch.map(({ Data }) => ({ Data }));
      const answer = await firehose().send(
        new PutRecordBatchCommand({ DeliveryStreamName: deliveryStreamName, Records }),
      );
      return batch.filter((_, i) => answer.RequestResponses?.[i]?.ErrorCode !== undefined);
    },
    backoff,
  );
}
