import type { Members, Shape } from '../aws-endpoint/aws-endpoint-shape.ts';

const streamName: Shape = { type: 'string', minLength: 1, maxLength: 128, pattern: /^[a-zA-Z0-9_.-]+$/ };
const streamArn: Shape = {
  type: 'string',
  minLength: 1,
  maxLength: 2048,
  pattern: /^arn:aws.*:kinesis:.*:\d{12}:stream\/\S+$/,
};
const stream = { StreamName: streamName, StreamARN: streamArn };
const shardId: Shape = { type: 'string', minLength: 1, maxLength: 128, pattern: /^[a-zA-Z0-9_.-]+$/ };
const hashKey: Shape = { type: 'string', pattern: /^(0|([1-9]\d{0,38}))$/ };
const sequenceNumber: Shape = { type: 'string', pattern: /^(0|([1-9]\d{0,128}))$/ };
const nextToken: Shape = { type: 'string', minLength: 1, maxLength: 1_048_576 };
const limit = (max: number): Shape => ({ type: 'integer', min: 1, max });

/** Data blob before base64; partition key and data together may not be larger either. */
export const MAX_RECORD_BYTES = 1024 * 1024;

const putRecord = {
  Data: { type: 'blob', required: true, maxLength: MAX_RECORD_BYTES },
  PartitionKey: { type: 'string', required: true, minLength: 1, maxLength: 256 },
  ExplicitHashKey: hashKey,
} satisfies Members;

/** What each operation takes (Amazon Kinesis Data Streams API reference). */
export const kinesisShapes = {
  ListStreams: {
    Limit: limit(10_000),
    ExclusiveStartStreamName: streamName,
    NextToken: nextToken,
  },
  DescribeStream: {
    ...stream,
    Limit: limit(10_000),
    ExclusiveStartShardId: shardId,
  },
  DescribeStreamSummary: stream,
  ListShards: {
    ...stream,
    NextToken: nextToken,
    ExclusiveStartShardId: shardId,
    MaxResults: limit(10_000),
    StreamCreationTimestamp: { type: 'timestamp' },
    ShardFilter: {
      type: 'structure',
      members: {
        Type: {
          type: 'string',
          required: true,
          enum: [
            'AFTER_SHARD_ID',
            'AT_TRIM_HORIZON',
            'FROM_TRIM_HORIZON',
            'AT_LATEST',
            'AT_TIMESTAMP',
            'FROM_TIMESTAMP',
          ],
        },
        ShardId: shardId,
        Timestamp: { type: 'timestamp' },
      },
    },
  },
  SplitShard: {
    ...stream,
    ShardToSplit: { ...shardId, required: true },
    NewStartingHashKey: { ...hashKey, required: true },
  },
  MergeShards: {
    ...stream,
    ShardToMerge: { ...shardId, required: true },
    AdjacentShardToMerge: { ...shardId, required: true },
  },
  UpdateShardCount: {
    ...stream,
    TargetShardCount: { ...limit(10_000), required: true },
    ScalingType: { type: 'string', required: true, enum: ['UNIFORM_SCALING'] },
  },
  PutRecord: {
    ...stream,
    ...putRecord,
    SequenceNumberForOrdering: sequenceNumber,
  },
  PutRecords: {
    ...stream,
    Records: {
      type: 'list',
      required: true,
      minLength: 1,
      maxLength: 500,
      of: { type: 'structure', members: putRecord },
    },
  },
  GetShardIterator: {
    ...stream,
    ShardId: { ...shardId, required: true },
    ShardIteratorType: {
      type: 'string',
      required: true,
      enum: ['AFTER_SEQUENCE_NUMBER', 'LATEST', 'AT_TIMESTAMP', 'AT_SEQUENCE_NUMBER', 'TRIM_HORIZON'],
    },
    StartingSequenceNumber: sequenceNumber,
    Timestamp: { type: 'timestamp' },
  },
  GetRecords: {
    ShardIterator: { type: 'string', required: true, minLength: 1, maxLength: 512 },
    Limit: limit(10_000),
    StreamARN: streamArn,
  },
} satisfies Record<string, Members>;
