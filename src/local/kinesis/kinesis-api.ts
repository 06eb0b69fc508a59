import type { Operations } from '../aws-endpoint/aws-endpoint-json.ts';
import { describeStream, describeStreamSummary, listShards, listStreams } from './kinesis-api-describe.ts';
import { putRecord, putRecords } from './kinesis-api-put.ts';
import { getRecords, getShardIterator } from './kinesis-api-read.ts';
import { mergeShards, splitShard, updateShardCount } from './kinesis-api-reshard.ts';
import { kinesisShapes } from './kinesis-api-shapes.ts';
import type { KinesisApiOptions } from './kinesis-api-streams.ts';

/**
 * The operations of Kinesis Data Streams over the given streams (Amazon Kinesis Data Streams API reference). The
 * in-process transport of the handlers and the HTTP door call the same functions.
 */
export function kinesisOperations(options: KinesisApiOptions): Operations {
  const withOptions =
    <I>(run: (options: KinesisApiOptions, input: I) => object | Promise<object>) =>
    async (input: I): Promise<object> =>
      run(options, input);
  return {
    ListStreams: { input: kinesisShapes.ListStreams, run: withOptions(listStreams) },
    DescribeStream: { input: kinesisShapes.DescribeStream, run: withOptions(describeStream) },
    DescribeStreamSummary: {
      input: kinesisShapes.DescribeStreamSummary,
      run: withOptions(describeStreamSummary),
    },
    ListShards: { input: kinesisShapes.ListShards, run: withOptions(listShards) },
    SplitShard: { input: kinesisShapes.SplitShard, run: withOptions(splitShard) },
    MergeShards: { input: kinesisShapes.MergeShards, run: withOptions(mergeShards) },
    UpdateShardCount: { input: kinesisShapes.UpdateShardCount, run: withOptions(updateShardCount) },
    PutRecord: { input: kinesisShapes.PutRecord, run: withOptions(putRecord) },
    PutRecords: { input: kinesisShapes.PutRecords, run: withOptions(putRecords) },
    GetShardIterator: { input: kinesisShapes.GetShardIterator, run: withOptions(getShardIterator) },
    GetRecords: { input: kinesisShapes.GetRecords, run: withOptions(getRecords) },
  };
}
