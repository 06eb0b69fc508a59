import {
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  InvalidArgumentException,
  KinesisClient,
  LimitExceededException,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordsCommand,
  ResourceNotFoundException,
  type ShardFilter,
  SplitShardCommand,
  UpdateShardCountCommand,
} from '@aws-sdk/client-kinesis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../aws-endpoint/aws-endpoint.test-server.ts';

const START_MILLIS = Date.UTC(2026, 10, 21, 12);
const HALF = 2n ** 127n;
const StreamName = 'readings';
const id = (number: number): string => `shardId-${String(number).padStart(12, '0')}`;
let server: TestServer;
let kinesis: KinesisClient;
let nowMillis: number;
beforeEach(async () => {
  nowMillis = START_MILLIS;
  server = await startTestServer({ nowMillis: () => nowMillis });
  kinesis = new KinesisClient(server.client);
});
afterEach(async () => {
  kinesis.destroy();
  await server.stop();
});

async function put(...texts: string[]): Promise<void> {
  const Records = texts.map((text) => ({ Data: Buffer.from(text), PartitionKey: text.split(' ')[0]! }));
  await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
}

const split = (shard: number, hashKey: bigint) =>
  kinesis.send(
    new SplitShardCommand({ StreamName, ShardToSplit: id(shard), NewStartingHashKey: String(hashKey) }),
  );
const merge = (shard: number, adjacent: number) =>
  kinesis.send(
    new MergeShardsCommand({ StreamName, ShardToMerge: id(shard), AdjacentShardToMerge: id(adjacent) }),
  );
const scale = (TargetShardCount: number) =>
  kinesis.send(new UpdateShardCountCommand({ StreamName, TargetShardCount, ScalingType: 'UNIFORM_SCALING' }));

async function listed(ShardFilter?: ShardFilter): Promise<number[]> {
  const { Shards } = await kinesis.send(
    new ListShardsCommand({ StreamName, ...(ShardFilter && { ShardFilter }) }),
  );
  return Shards!.map(({ ShardId }) => Number(ShardId!.slice(-12)));
}

/** As a consumer reads: each shard to its end, then the children whose parents are all read. */
async function readAll(): Promise<string[]> {
  const { Shards } = await kinesis.send(
    new ListShardsCommand({ StreamName, ShardFilter: { Type: 'AT_TRIM_HORIZON' } }),
  );
  const texts: string[] = [];
  const read = new Set<string>();
  const waiting = Shards!.map(({ ShardId }) => ShardId!);
  for (let ShardId = waiting.shift(); ShardId; ShardId = waiting.shift()) {
    const start = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
    let { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(start));
    for (let isBehind = true; ShardIterator && isBehind; ) {
      const page = await kinesis.send(new GetRecordsCommand({ ShardIterator, Limit: 2 }));
      texts.push(...page.Records!.map(({ Data }) => Buffer.from(Data!).toString()));
      ShardIterator = page.NextShardIterator;
      isBehind = page.Records!.length > 0;
      if (!ShardIterator) read.add(ShardId);
      for (const child of page.ChildShards ?? [])
        if (child.ParentShards!.every((parent) => read.has(parent))) waiting.push(child.ShardId!);
    }
  }
  return texts;
}

describe('resharding over the Kinesis API', () => {
  test('SplitShard and MergeShards leave the family tree that DescribeStream tells', async () => {
    await put('a 0', 'b 0', 'c 0', 'd 0');
    await split(0, 1000n);
    await merge(1, 3);
    const { StreamDescription } = await kinesis.send(new DescribeStreamCommand({ StreamName }));
    expect(StreamDescription!.StreamStatus).toBe('ACTIVE');
    const shards = StreamDescription!.Shards!.map(({ SequenceNumberRange, ...shard }) => ({
      ...shard,
      isOpen: SequenceNumberRange!.EndingSequenceNumber === undefined,
    }));
    const last = String(2n ** 128n - 1n);
    expect(shards).toEqual([
      {
        ShardId: id(0),
        isOpen: false,
        HashKeyRange: { StartingHashKey: '0', EndingHashKey: String(HALF - 1n) },
      },
      { ShardId: id(1), isOpen: false, HashKeyRange: { StartingHashKey: String(HALF), EndingHashKey: last } },
      {
        ShardId: id(2),
        ParentShardId: id(0),
        isOpen: true,
        HashKeyRange: { StartingHashKey: '0', EndingHashKey: '999' },
      },
      {
        ShardId: id(3),
        ParentShardId: id(0),
        isOpen: false,
        HashKeyRange: { StartingHashKey: '1000', EndingHashKey: String(HALF - 1n) },
      },
      {
        ShardId: id(4),
        ParentShardId: id(1),
        AdjacentParentShardId: id(3),
        isOpen: true,
        HashKeyRange: { StartingHashKey: '1000', EndingHashKey: last },
      },
    ]);
    const summary = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
    expect(summary.StreamDescriptionSummary!.OpenShardCount).toBe(2);
  });

  test('UpdateShardCount says from how many to how many', async () => {
    expect(await scale(4)).toMatchObject({
      StreamName,
      StreamARN: expect.stringContaining(':stream/readings'),
      CurrentShardCount: 2,
      TargetShardCount: 4,
    });
    expect(await listed({ Type: 'AT_LATEST' })).toEqual([2, 3, 4, 5]);
  });

  test('a consumer that reads shards to their end and goes on in their children sees each record once, in order', async () => {
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (const [round, count] of [4, 3, 2, 1, 2].entries()) {
      await put(...keys.map((key) => `${key} ${round}`));
      await scale(count);
    }
    await put(...keys.map((key) => `${key} 5`));
    const texts = await readAll();
    expect(texts).toHaveLength(48);
    for (const key of keys)
      expect(texts.filter((text) => text.startsWith(key))).toEqual(
        [0, 1, 2, 3, 4, 5].map((n) => `${key} ${n}`),
      );
  });

  test('an iterator may begin at the first and behind the last sequence number of a closed shard', async () => {
    await put('a 0', 'b 0', 'c 0', 'd 0');
    await scale(1);
    const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName }));
    const { StartingSequenceNumber, EndingSequenceNumber } = Shards![0]!.SequenceNumberRange!;
    const from = async (
      ShardIteratorType: 'AT_SEQUENCE_NUMBER' | 'AFTER_SEQUENCE_NUMBER',
      number?: string,
    ) => {
      const input = { StreamName, ShardId: id(0), ShardIteratorType, StartingSequenceNumber: number };
      const { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(input));
      return kinesis.send(new GetRecordsCommand({ ShardIterator: ShardIterator! }));
    };
    expect((await from('AT_SEQUENCE_NUMBER', StartingSequenceNumber)).Records!.length).toBeGreaterThan(0);
    expect(await from('AFTER_SEQUENCE_NUMBER', EndingSequenceNumber)).toMatchObject({
      Records: [],
      MillisBehindLatest: 0,
      ChildShards: [{ ShardId: id(2), ParentShards: [id(0), id(1)] }],
    });
    expect((await from('AFTER_SEQUENCE_NUMBER', EndingSequenceNumber)).NextShardIterator).toBeUndefined();
  });

  test('ListShards filters by what was open when, also from page to page', async () => {
    nowMillis += 1000;
    await split(0, 1000n);
    nowMillis += 1000;
    await merge(1, 3);
    const at = (millis: number) => new Date(START_MILLIS + millis);
    expect(await listed()).toEqual([0, 1, 2, 3, 4]);
    expect(await listed({ Type: 'FROM_TRIM_HORIZON' })).toEqual([0, 1, 2, 3, 4]);
    expect(await listed({ Type: 'AT_TRIM_HORIZON' })).toEqual([0, 1]);
    expect(await listed({ Type: 'AT_LATEST' })).toEqual([2, 4]);
    expect(await listed({ Type: 'AFTER_SHARD_ID', ShardId: id(2) })).toEqual([3, 4]);
    expect(await listed({ Type: 'AT_TIMESTAMP', Timestamp: at(1500) })).toEqual([1, 2, 3]);
    expect(await listed({ Type: 'FROM_TIMESTAMP', Timestamp: at(1500) })).toEqual([1, 2, 3, 4]);
    const ShardFilter = { Type: 'AT_TIMESTAMP', Timestamp: at(1500) } as const;
    const first = await kinesis.send(new ListShardsCommand({ StreamName, ShardFilter, MaxResults: 2 }));
    const second = await kinesis.send(new ListShardsCommand({ NextToken: first.NextToken! }));
    expect([...first.Shards!, ...second.Shards!].map(({ ShardId }) => ShardId)).toEqual([1, 2, 3].map(id));
    await expect(listed({ Type: 'AT_TIMESTAMP' })).rejects.toBeInstanceOf(InvalidArgumentException);
  });

  test.each([
    [
      'a stream that is not there',
      () =>
        kinesis.send(
          new MergeShardsCommand({ StreamName: 'none', ShardToMerge: id(0), AdjacentShardToMerge: id(1) }),
        ),
      ResourceNotFoundException,
    ],
    ['a shard that is not there', () => split(9, HALF), ResourceNotFoundException],
    ['a hash key of another shard', () => split(0, HALF + 5n), InvalidArgumentException],
    ['a merge of a shard with itself', () => merge(0, 0), InvalidArgumentException],
    ['more than double', () => scale(5), LimitExceededException],
  ])('refuses %s', async (_, reshard, error) => {
    await expect(reshard()).rejects.toBeInstanceOf(error);
  });

  test('refuses what is closed already, and what is not adjacent', async () => {
    await split(0, 1000n);
    await expect(split(0, 1000n)).rejects.toThrow('merged or split already');
    await expect(merge(2, 1)).rejects.toThrow('not adjacent');
    await scale(6);
    await expect(scale(2)).rejects.toBeInstanceOf(LimitExceededException);
    await expect(
      kinesis.send(
        new UpdateShardCountCommand({ StreamName, TargetShardCount: 3, ScalingType: 'OTHER' as never }),
      ),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
