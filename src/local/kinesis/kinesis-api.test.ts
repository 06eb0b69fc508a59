import {
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  ListStreamsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  ResourceNotFoundException,
  type ShardIteratorType,
} from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../aws-endpoint/aws-endpoint.test-server.ts';

const START_MILLIS = Date.UTC(2026, 10, 21, 12);
let server: TestServer;
let kinesis: KinesisClient;
let nowMillis = START_MILLIS;
beforeAll(async () => {
  server = await startTestServer({ nowMillis: () => nowMillis });
  kinesis = new KinesisClient(server.client);
});
afterAll(async () => {
  kinesis.destroy();
  await server.stop();
});

const shard = 'shardId-000000000001';
const keyOfShard1 = { ExplicitHashKey: String(2n ** 128n - 1n), PartitionKey: 'k' };

async function put(text: string): Promise<string> {
  const Data = Buffer.from(text);
  const { SequenceNumber } = await kinesis.send(
    new PutRecordCommand({ StreamName: 'readings', Data, ...keyOfShard1 }),
  );
  return SequenceNumber!;
}

async function iterator(ShardIteratorType: ShardIteratorType, extra: object = {}): Promise<string> {
  const input = { StreamName: 'readings', ShardId: shard, ShardIteratorType, ...extra };
  const { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(input));
  return ShardIterator!;
}

async function texts(ShardIterator: string): Promise<string[]> {
  const { Records } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
  return Records!.map(({ Data }) => Buffer.from(Data!).toString());
}

describe('Kinesis functionality', () => {
  test('lists and describes streams by name and by ARN', async () => {
    const { StreamNames } = await kinesis.send(new ListStreamsCommand({}));
    expect(StreamNames).toEqual(['readings', 'windows']);
    const { StreamDescription } = await kinesis.send(new DescribeStreamCommand({ StreamName: 'readings' }));
    expect(StreamDescription).toMatchObject({ StreamStatus: 'ACTIVE', RetentionPeriodHours: 24 });
    expect(StreamDescription!.Shards!.map(({ ShardId }) => ShardId)).toEqual(['shardId-000000000000', shard]);
    const { StreamDescriptionSummary } = await kinesis.send(
      new DescribeStreamSummaryCommand({ StreamARN: StreamDescription!.StreamARN! }),
    );
    expect(StreamDescriptionSummary).toMatchObject({ StreamName: 'readings', OpenShardCount: 2 });
  });

  test('pages through shards and streams', async () => {
    const first = await kinesis.send(new ListShardsCommand({ StreamName: 'readings', MaxResults: 1 }));
    expect(first.Shards).toHaveLength(1);
    const second = await kinesis.send(new ListShardsCommand({ NextToken: first.NextToken! }));
    expect(second.Shards!.map(({ ShardId }) => ShardId)).toEqual([shard]);
    expect(second.NextToken).toBeUndefined();
    const { HasMoreStreams, NextToken } = await kinesis.send(new ListStreamsCommand({ Limit: 1 }));
    expect(HasMoreStreams).toBe(true);
    const rest = await kinesis.send(new ListStreamsCommand({ NextToken: NextToken! }));
    expect(rest.StreamNames).toEqual(['windows']);
  });

  test('reads back what was put from all five types of iterator', async () => {
    const latest = await iterator('LATEST');
    nowMillis += 1000;
    const first = await put('a');
    nowMillis += 1000;
    const second = await put('b');
    expect(await texts(latest)).toEqual(['a', 'b']);
    expect(await texts(await iterator('TRIM_HORIZON'))).toEqual(['a', 'b']);
    expect(await texts(await iterator('AT_SEQUENCE_NUMBER', { StartingSequenceNumber: second }))).toEqual([
      'b',
    ]);
    expect(await texts(await iterator('AFTER_SEQUENCE_NUMBER', { StartingSequenceNumber: first }))).toEqual([
      'b',
    ]);
    expect(await texts(await iterator('AT_TIMESTAMP', { Timestamp: new Date(nowMillis) }))).toEqual(['b']);
  });

  test('PutRecords answers for each record in order, and GetRecords goes on where it stopped', async () => {
    const start = await iterator('LATEST');
    const Records = ['x', 'y', 'z'].map((text) => ({ Data: Buffer.from(text), ...keyOfShard1 }));
    const answer = await kinesis.send(new PutRecordsCommand({ StreamName: 'readings', Records }));
    expect(answer.FailedRecordCount).toBe(0);
    expect(answer.Records!.map(({ ShardId }) => ShardId)).toEqual([shard, shard, shard]);
    nowMillis += 5000;
    const page = await kinesis.send(new GetRecordsCommand({ ShardIterator: start, Limit: 2 }));
    expect(page.Records!.map(({ SequenceNumber }) => SequenceNumber)).toEqual(
      answer.Records!.slice(0, 2).map(({ SequenceNumber }) => SequenceNumber),
    );
    expect(page.MillisBehindLatest).toBe(5000);
    expect(page.Records![0]!.ApproximateArrivalTimestamp).toEqual(new Date(nowMillis - 5000));
    expect(await texts(page.NextShardIterator!)).toEqual(['z']);
  });

  test('answers in process with the same code', async () => {
    const answer = (await server.callKinesis('PutRecord', {
      StreamName: 'readings',
      Data: new Uint8Array([1]),
      ...keyOfShard1,
    })) as { ShardId: string };
    expect(answer.ShardId).toBe(shard);
    await expect(
      server.callKinesis('PutRecord', { StreamName: 'none', Data: new Uint8Array(), PartitionKey: 'k' }),
    ).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('Kinesis errors', () => {
  test('an iterator expires after five minutes, in AWS words', async () => {
    const old = await iterator('TRIM_HORIZON');
    nowMillis += 300_001;
    const refusal = kinesis.send(new GetRecordsCommand({ ShardIterator: old }));
    await expect(refusal).rejects.toBeInstanceOf(ExpiredIteratorException);
    await expect(refusal).rejects.toThrow(
      'Iterator expired. The iterator was created at time 2026-11-21T12:00:07.000Z while right now it is 2026-11-21T12:05:07.001Z which is further in the future than the tolerated delay of 300000 milliseconds.',
    );
  });

  test.each([
    [
      'an unknown stream',
      { StreamName: 'none', ShardId: shard },
      'Stream none under account 000000000000 not found.',
    ],
    [
      'an unknown shard',
      { StreamName: 'readings', ShardId: 'shardId-000000000009' },
      'Shard shardId-000000000009 in stream readings under account 000000000000 does not exist',
    ],
  ])('%s is not found', async (_, input, message) => {
    const refusal = kinesis.send(new GetShardIteratorCommand({ ...input, ShardIteratorType: 'LATEST' }));
    await expect(refusal).rejects.toBeInstanceOf(ResourceNotFoundException);
    await expect(refusal).rejects.toThrow(message);
  });

  test.each([
    ['AT_SEQUENCE_NUMBER', {}, 'Must specify StartingSequenceNumber'],
    ['AT_SEQUENCE_NUMBER', { StartingSequenceNumber: '1234' }, 'is invalid.'],
    ['AT_TIMESTAMP', {}, 'Must specify Timestamp'],
  ] as const)('an iterator of type %s with %j is refused', async (type, extra, message) => {
    const refusal = iterator(type, extra);
    await expect(refusal).rejects.toMatchObject({ name: 'InvalidArgumentException' });
    await expect(refusal).rejects.toThrow(message);
  });

  test('what was no iterator is refused', async () => {
    const refusal = kinesis.send(new GetRecordsCommand({ ShardIterator: 'nonsense' }));
    await expect(refusal).rejects.toMatchObject({
      name: 'InvalidArgumentException',
      message: 'Invalid ShardIterator.',
    });
  });
});

describe('Kinesis validations', () => {
  const record = { Data: Buffer.from('d'), PartitionKey: 'k' };
  const PutRecords = (input: object) => kinesis.send(new PutRecordsCommand(input as never));
  test.each([
    [
      'no records',
      { Records: [] },
      "Value at 'records' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      '501 records',
      { Records: Array(501).fill(record) },
      "Value at 'records' failed to satisfy constraint: Member must have length less than or equal to 500",
    ],
    [
      'an empty key',
      { Records: [{ ...record, PartitionKey: '' }] },
      "Value '' at 'records.1.member.partitionKey' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      'a record above 1 MiB',
      { Records: [{ ...record, Data: Buffer.alloc(2 ** 20 + 1) }] },
      "Value at 'records.1.member.data' failed to satisfy constraint: Member must have length less than or equal to 1048576",
    ],
    [
      'a stream name with a space',
      { StreamName: 'a b', Records: [record] },
      "Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
    ],
  ])('PutRecords refuses %s', async (_, input, message) => {
    await expect(PutRecords({ StreamName: 'readings', ...input })).rejects.toMatchObject({
      name: 'ValidationException',
      message: `1 validation error detected: ${message}`,
    });
  });

  test('PutRecords refuses more than 10 MiB', async () => {
    const Records = Array(11).fill({ ...record, Data: Buffer.alloc(1_000_000) });
    await expect(PutRecords({ StreamName: 'readings', Records })).rejects.toMatchObject({
      name: 'InvalidArgumentException',
      message: 'Records size exceeds 10 MB limit',
    });
  });

  test('PutRecord refuses a record whose key makes it larger than 1 MiB, and a hash key out of range', async () => {
    const Data = Buffer.alloc(2 ** 20);
    const input = { StreamName: 'readings', PartitionKey: 'k' };
    await expect(kinesis.send(new PutRecordCommand({ ...input, Data }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    const tooHigh = { ...input, Data: Buffer.from(''), ExplicitHashKey: String(2n ** 128n) };
    await expect(kinesis.send(new PutRecordCommand(tooHigh))).rejects.toMatchObject({
      name: 'InvalidArgumentException',
    });
  });

  test('GetRecords refuses a limit of 10,001', async () => {
    const ShardIterator = await iterator('LATEST');
    const refusal = kinesis.send(new GetRecordsCommand({ ShardIterator, Limit: 10_001 }));
    await expect(refusal).rejects.toThrow(
      "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000",
    );
  });
});
