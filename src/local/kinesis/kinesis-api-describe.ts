import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { KinesisStream } from '../log/kinesis-stream.ts';
import { sequenceNumberOf } from '../log/sequence-number.ts';
import { findStream, type KinesisApiOptions, type StreamReference } from './kinesis-api-streams.ts';

interface ListStreamsInput {
  readonly Limit?: number;
  readonly ExclusiveStartStreamName?: string;
  readonly NextToken?: string;
}

interface ListShardsInput extends StreamReference {
  readonly MaxResults?: number;
  readonly ExclusiveStartShardId?: string;
  readonly NextToken?: string;
  readonly ShardFilter?: { readonly Type: string };
}

const DEFAULT_STREAMS = 100;
const DEFAULT_SHARDS_DESCRIBED = 100;
const DEFAULT_SHARDS_LISTED = 1000;

/** Shards never close here, so these filters all mean every shard. */
const FILTERS_OF_OPEN_SHARDS = [
  'AT_TRIM_HORIZON',
  'AT_LATEST',
  'FROM_TRIM_HORIZON',
  'AT_TIMESTAMP',
  'FROM_TIMESTAMP',
];

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
  const { page, more } = shardPage(
    stream,
    input.ExclusiveStartShardId,
    input.Limit ?? DEFAULT_SHARDS_DESCRIBED,
  );
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
      OpenShardCount: stream.shardIds.length,
      ConsumerCount: 0,
    },
  };
}

export function listShards(options: KinesisApiOptions, input: ListShardsInput): object {
  const token = input.NextToken === undefined ? undefined : decodeToken(input.NextToken);
  const stream = findStream(options, token ? { StreamName: token.name } : input);
  const filter = input.ShardFilter?.Type;
  if (filter !== undefined && !FILTERS_OF_OPEN_SHARDS.includes(filter))
    throw new AwsError('InvalidArgumentException', `ShardFilter of type ${filter} is not emulated.`);
  const after = token?.after ?? input.ExclusiveStartShardId;
  const { page, more } = shardPage(stream, after, input.MaxResults ?? DEFAULT_SHARDS_LISTED);
  return {
    Shards: page,
    ...(more && { NextToken: encodeToken(stream.name, page.at(-1)!.ShardId) }),
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

function shardPage(stream: KinesisStream, after = '', count: number) {
  const ids = stream.shardIds.filter((id) => id > after);
  const page = ids.slice(0, count).map((id) => ({
    ShardId: id,
    HashKeyRange: {
      StartingHashKey: stream.hashKeyRange(id).startingHashKey,
      EndingHashKey: stream.hashKeyRange(id).endingHashKey,
    },
    SequenceNumberRange: { StartingSequenceNumber: sequenceNumberOf(stream.shardIds.indexOf(id), 0) },
  }));
  return { page, more: ids.length > page.length };
}

function encodeToken(name: string, after: string): string {
  return Buffer.from(`${name} ${after}`).toString('base64');
}

function decodeToken(text: string): { name: string; after: string } {
  const [name, after] = Buffer.from(text, 'base64').toString().split(' ');
  if (!name || !after) throw new AwsError('InvalidArgumentException', 'Invalid NextToken.');
  return { name, after };
}
