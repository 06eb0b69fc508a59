import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { kinesis } from './aws-clients.ts';
import type { Backoff } from './backoff.ts';
import { sendInBatches } from './send-in-batches.ts';

/** PutRecords takes 500 records; 5 MB is the limit that every region has (Kinesis API reference, "PutRecords"). */
const LIMITS = { records: 500, bytes: 5 * 1000 * 1000 };

/**
 * Writes records to a data stream.
 * @throws PartialWriteError when the stream keeps refusing some of them
 */
export async function putRecords(
  streamName: string,
  records: readonly { readonly key: string; readonly text: string }[],
  backoff?: Backoff,
): Promise<void> {
  const entries = records.map(({ key, text }) => {
    const Data = Buffer.from(text);
    return { Data, PartitionKey: key, bytes: Data.length + Buffer.byteLength(key) };
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
