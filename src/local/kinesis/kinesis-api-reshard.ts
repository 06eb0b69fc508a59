import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { KinesisStream } from '../log/kinesis-stream.ts';
import { ReshardError } from '../log/shard-topology.ts';
import { findStream, type KinesisApiOptions, type StreamReference } from './kinesis-api-streams.ts';

interface SplitShardInput extends StreamReference {
  readonly ShardToSplit: string;
  readonly NewStartingHashKey: string;
}

interface MergeShardsInput extends StreamReference {
  readonly ShardToMerge: string;
  readonly AdjacentShardToMerge: string;
}

interface UpdateShardCountInput extends StreamReference {
  readonly TargetShardCount: number;
}

/**
 * Answers when the shards are durable: AWS answers at once and is done a little later, which the stream's status tells; here
 * it is ACTIVE all the time. How often a day a stream may be scaled is not limited.
 */
export async function splitShard(options: KinesisApiOptions, input: SplitShardInput): Promise<object> {
  const { ShardToSplit, NewStartingHashKey } = input;
  await reshard(options, input, ({ topology }) => topology.split(ShardToSplit, BigInt(NewStartingHashKey)));
  return {};
}

/** As {@link splitShard}. */
export async function mergeShards(options: KinesisApiOptions, input: MergeShardsInput): Promise<object> {
  const { ShardToMerge, AdjacentShardToMerge } = input;
  await reshard(options, input, ({ topology }) => topology.merge(ShardToMerge, AdjacentShardToMerge));
  return {};
}

/** As {@link splitShard}. */
export async function updateShardCount(
  options: KinesisApiOptions,
  input: UpdateShardCountInput,
): Promise<object> {
  const { TargetShardCount } = input;
  const { name, arn, topology } = findStream(options, input);
  const CurrentShardCount = topology.open.length;
  await reshard(options, input, () => topology.scale(TargetShardCount));
  return { StreamName: name, StreamARN: arn, CurrentShardCount, TargetShardCount };
}

async function reshard(
  options: KinesisApiOptions,
  input: StreamReference,
  change: (stream: KinesisStream) => void,
): Promise<void> {
  const stream = findStream(options, input);
  options.log.checkWritable();
  try {
    change(stream);
  } catch (error) {
    if (!(error instanceof ReshardError)) throw error;
    throw new AwsError(
      error.awsName,
      `${error.message} (stream ${stream.name} under account ${options.accountId})`,
    );
  }
  await options.log.durable();
}
