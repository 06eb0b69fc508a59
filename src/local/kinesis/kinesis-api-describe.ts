import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { KinesisStream } from '../log/kinesis-stream.ts';
import { filterShards, type ShardFilter } from './kinesis-api-shard-filter.ts';
import {
  findStream,
  hashKeyRange,
  type KinesisApiOptions,
  type StreamReference,
} from './kinesis-api-streams.ts';

interface ListStreamsInput {
  readonly Limit?: number;
  readonly ExclusiveStartStreamName?: string;
  readonly NextToken?: string;
}

interface ListShardsInput extends StreamReference {
  readonly MaxResults?: number;
  readonly ExclusiveStartShardId?: string;
  readonly NextToken?: string;
  readonly ShardFilter?: ShardFilter;
}

const DEFAULT_STREAMS = 100;
const DEFAULT_SHARDS_DESCRIBED = 100;
const DEFAULT_SHARDS_LISTED = 1000;

export function listStreams(options: KinesisApiOptions, input: ListStreamsInput): object {
  const after = input.NextToken ?? input.ExclusiveStartStreamName ?? '';
  const all = options.streams.filter(({ name }) => name > after).sort((a, b) => (a.name < b.name ? -1 : 1));
  const page = all.slice(0, input.Limit ?? DEFAULT_STREAMS);
  const more = all.length > page.length;
  return {
    StreamNames: page.map(({ name }) => name),
    StreamSummaries: page.map((stream) => identity(options, stream)),
    HasMoreStreams: more,
    ...(more && { NextToken: page.at(-1)!.name }),
  };
}

export function describeStream(
  options: KinesisApiOptions,
  input: StreamReference & { Limit?: number; ExclusiveStartShardId?: string },
): object {
  const stream = findStream(options, input);
  const { page, more } = shardPage(stream, stream.shardIds, {
    after: input.ExclusiveStartShardId,
    count: input.Limit ?? DEFAULT_SHARDS_DESCRIBED,
  });
  return {
    StreamDescription: {
      ...identity(options, stream),
      Shards: page,
      HasMoreShards: more,
      RetentionPeriodHours: stream.retentionHours,
      EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
      EncryptionType: 'NONE',
    },
  };
}

export function describeStreamSummary(options: KinesisApiOptions, input: StreamReference): object {
  const stream = findStream(options, input);
  return {
    StreamDescriptionSummary: {
      ...identity(options, stream),
      RetentionPeriodHours: stream.retentionHours,
      EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
      EncryptionType: 'NONE',
      OpenShardCount: stream.topology.open.length,
      ConsumerCount: 0,
    },
  };
}

export function listShards(options: KinesisApiOptions, input: ListShardsInput): object {
  const token = input.NextToken === undefined ? undefined : decodeToken(input.NextToken);
  const stream = findStream(options, token ? { StreamName: token.name } : input);
  const filter = token ? token.filter : input.ShardFilter;
  const after = token?.after ?? input.ExclusiveStartShardId;
  const now = (options.nowMillis ?? Date.now)();
  const { page, more } = shardPage(stream, filterShards(stream, filter, now), {
    after,
    count: input.MaxResults ?? DEFAULT_SHARDS_LISTED,
  });
  return {
    Shards: page,
    ...(more && { NextToken: encodeToken({ name: stream.name, after: page.at(-1)!.ShardId, filter }) }),
  };
}

function identity({ createdMillis = 0 }: KinesisApiOptions, stream: KinesisStream): object {
  return {
    StreamName: stream.name,
    StreamARN: stream.arn,
    StreamStatus: 'ACTIVE',
    StreamModeDetails: { StreamMode: 'PROVISIONED' },
    StreamCreationTimestamp: new Date(createdMillis),
  };
}

function shardPage(
  stream: KinesisStream,
  wanted: readonly string[],
  { after = '', count }: { after?: string | undefined; count: number },
) {
  const ids = wanted.filter((id) => id > after);
  const page = ids.slice(0, count).map((id) => describeShard(stream, id));
  return { page, more: ids.length > page.length };
}

function describeShard(stream: KinesisStream, id: string) {
  const [ParentShardId, AdjacentParentShardId] = stream.topology.parentIds(id);
  const EndingSequenceNumber = stream.endingSequenceNumber(id);
  return {
    ShardId: id,
    ...(ParentShardId !== undefined && { ParentShardId }),
    ...(AdjacentParentShardId !== undefined && { AdjacentParentShardId }),
    HashKeyRange: hashKeyRange(stream, id),
    SequenceNumberRange: {
      StartingSequenceNumber: stream.sequenceNumber(id, 0),
      ...(EndingSequenceNumber !== undefined && { EndingSequenceNumber }),
    },
  };
}

interface Token {
  readonly name: string;
  readonly after: string;
  readonly filter?: ShardFilter | undefined;
}

function encodeToken(token: Token): string {
  return Buffer.from(JSON.stringify(token)).toString('base64');
}

function decodeToken(text: string): Token {
  try {
    const { name, after, filter } = JSON.parse(Buffer.from(text, 'base64').toString()) as Token;
    if (typeof name === 'string' && typeof after === 'string') return { name, after, filter: revive(filter) };
  } catch {
    // Told below.
  }
  throw new AwsError('InvalidArgumentException', 'Invalid NextToken.');
}

/** An instant is text in JSON. */
function revive(filter: ShardFilter | undefined): ShardFilter | undefined {
  return filter?.Timestamp ? { ...filter, Timestamp: new Date(filter.Timestamp) } : filter;
}
