import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { Ledger } from '../ledger.ts';
import type { DurableLog } from '../log/durable-log.ts';
import type { KinesisStream } from '../log/kinesis-stream.ts';

/** What the operations work on. */
export interface KinesisApiOptions {
  readonly streams: readonly KinesisStream[];
  readonly log: DurableLog;
  /** Counts what is put. */
  readonly ledger: Ledger;
  readonly accountId: string;
  /** Start of the runtime stands in for the creation of its streams. */
  readonly createdMillis?: number;
  readonly nowMillis?: () => number;
}

/** How a request names a stream. */
export interface StreamReference {
  readonly StreamName?: string;
  readonly StreamARN?: string;
}

/** @throws AwsError ResourceNotFoundException, InvalidArgumentException when neither name nor ARN is given */
export function findStream(
  { streams, accountId }: KinesisApiOptions,
  reference: StreamReference,
): KinesisStream {
  const { StreamName, StreamARN } = reference;
  const name = StreamName ?? StreamARN?.slice(StreamARN.indexOf('/') + 1);
  if (name === undefined)
    throw new AwsError('InvalidArgumentException', 'Either StreamName or StreamARN must be provided.');
  const stream = streams.find((each) => each.name === name && (!StreamARN || each.arn === StreamARN));
  if (!stream)
    throw new AwsError('ResourceNotFoundException', `Stream ${name} under account ${accountId} not found.`);
  return stream;
}

/** @throws AwsError ResourceNotFoundException */
export function checkShard(stream: KinesisStream, shardId: string, { accountId }: KinesisApiOptions): void {
  if (stream.shardIds.includes(shardId)) return;
  throw new AwsError(
    'ResourceNotFoundException',
    `Shard ${shardId} in stream ${stream.name} under account ${accountId} does not exist`,
  );
}

export function hashKeyRange(stream: KinesisStream, shardId: string): object {
  const { startingHashKey, endingHashKey } = stream.hashKeyRange(shardId);
  return { StartingHashKey: startingHashKey, EndingHashKey: endingHashKey };
}
