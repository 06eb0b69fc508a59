import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import { failpoint } from '../failpoint.ts';
import { producersStage } from '../ledger.ts';
import type { KinesisStream } from '../log/kinesis-stream.ts';
import { MAX_RECORD_BYTES } from './kinesis-api-shapes.ts';
import { findStream, type KinesisApiOptions, type StreamReference } from './kinesis-api-streams.ts';

interface PutEntry {
  readonly Data: Uint8Array;
  readonly PartitionKey: string;
  readonly ExplicitHashKey?: string;
}

const MAX_REQUEST_BYTES = 10 * 1024 * 1024;
const MAX_HASH_KEY = 2n ** 128n - 1n;

/** Answers when the record is durable. */
export async function putRecord(
  options: KinesisApiOptions,
  input: StreamReference & PutEntry,
): Promise<object> {
  const stream = findStream(options, input);
  checkEntry(input);
  options.log.checkWritable();
  const { shardId, sequenceNumber } = append(stream, input);
  count(options, stream, 1);
  await options.log.durable();
  return { ShardId: shardId, SequenceNumber: sequenceNumber, EncryptionType: 'NONE' };
}

/** Answers when all records are durable; all are taken or none. */
export async function putRecords(
  options: KinesisApiOptions,
  input: StreamReference & { Records: readonly PutEntry[] },
): Promise<object> {
  const stream = findStream(options, input);
  input.Records.forEach(checkEntry);
  if (input.Records.reduce((sum, entry) => sum + byteLength(entry), 0) > MAX_REQUEST_BYTES)
    throw new AwsError('InvalidArgumentException', 'Records size exceeds 10 MB limit');
  options.log.checkWritable();
  const receipts = input.Records.map((entry, at) => {
    if (at > 0) failpoint('stream.partialPut');
    return append(stream, entry);
  });
  count(options, stream, receipts.length);
  await options.log.durable();
  return {
    FailedRecordCount: 0,
    Records: receipts.map(({ shardId, sequenceNumber }) => ({
      ShardId: shardId,
      SequenceNumber: sequenceNumber,
    })),
    EncryptionType: 'NONE',
  };
}

/** In the turn in which they are buffered, so that the same commit keeps both. */
function count({ ledger }: KinesisApiOptions, { name }: KinesisStream, records: number): void {
  const stage = ledger.stage(producersStage(name));
  stage.in(records);
  stage.out(records);
}

function append(stream: KinesisStream, { PartitionKey, Data, ExplicitHashKey }: PutEntry) {
  failpoint('stream.beforePut');
  const data = Buffer.isBuffer(Data) ? Data : Buffer.from(Data.buffer, Data.byteOffset, Data.byteLength);
  return stream.put(PartitionKey, data, ExplicitHashKey);
}

function checkEntry(entry: PutEntry): void {
  if (byteLength(entry) > MAX_RECORD_BYTES)
    throw new AwsError(
      'ValidationException',
      `Record size, partition key included, must be at most ${MAX_RECORD_BYTES} bytes`,
    );
  if (entry.ExplicitHashKey !== undefined && BigInt(entry.ExplicitHashKey) > MAX_HASH_KEY)
    throw new AwsError(
      'InvalidArgumentException',
      `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${entry.ExplicitHashKey}`,
    );
}

function byteLength({ Data, PartitionKey }: PutEntry): number {
  return Data.byteLength + Buffer.byteLength(PartitionKey);
}
