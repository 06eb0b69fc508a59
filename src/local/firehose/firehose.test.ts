import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  ListDeliveryStreamsCommand,
  PutRecordBatchCommand,
  PutRecordCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-firehose';
import { afterEach, describe, expect, test } from 'vitest';
import type { DeliveryStreamResource } from '../../stack/stack.ts';
import {
  startTestServer,
  type TestServer,
  temporaryFolder,
} from '../aws-endpoint/aws-endpoint.test-server.ts';
import { armFailpoints } from '../failpoint.ts';
import { compilePrefix } from './firehose-prefix.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const START_MILLIS = Date.UTC(2026, 10, 21, 4, 5, 6);
const raw: DeliveryStreamResource = {
  logicalId: 'Raw',
  name: 'raw',
  arn: 'arn:aws:firehose:us-east-1:000000000000:deliverystream/raw',
  bucketName: 'archive',
  prefix: 'raw/',
  errorOutputPrefix: 'failed/',
  bufferSeconds: 60,
  bufferMegabytes: 1,
  compression: 'GZIP',
  delimiter: '',
  sourceStreamArn: undefined,
};
const buckets = [{ logicalId: 'Archive', name: 'archive', arn: 'arn:aws:s3:::archive', lifecycle: [] }];

interface Scene {
  readonly server: TestServer;
  readonly client: FirehoseClient;
  readonly folder: string;
}

async function scene(
  options: {
    folder?: string;
    nowMillis?: () => number;
    bucketless?: true;
    resource?: DeliveryStreamResource;
  } = {},
): Promise<Scene> {
  const made = options.folder === undefined ? temporaryFolder() : undefined;
  if (made) cleanups.push(made.remove);
  const folder = options.folder ?? made!.folder;
  const server = await startTestServer({
    dataFolder: folder,
    deliveryStreams: [options.resource ?? raw],
    buckets: options.bucketless ? [] : buckets,
    nowMillis: options.nowMillis ?? (() => START_MILLIS),
  });
  const client = new FirehoseClient(server.client);
  cleanups.push(() => server.stop());
  cleanups.push(() => client.destroy());
  return { server, client, folder };
}

async function put({ client }: Scene, texts: readonly string[]): Promise<void> {
  const Records = texts.map((text) => ({ Data: Buffer.from(`${text}\n`) }));
  const answer = await client.send(new PutRecordBatchCommand({ DeliveryStreamName: 'raw', Records }));
  expect(answer.FailedPutCount).toBe(0);
  expect(answer.RequestResponses).toHaveLength(texts.length);
}

function objects(folder: string): { path: string; lines: string[] }[] {
  const root = join(folder, 's3/archive');
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({
      path: path.slice(root.length + 1),
      lines: gunzipSync(readFileSync(path)).toString().trim().split('\n'),
    }));
}

const entryOf = ({ server }: Scene) => server.ledger.stage('delivery raw').entry;

describe('Firehose', () => {
  test('delivers compressed objects by hour, named by their first record', async () => {
    const firehose = await scene();
    await put(firehose, ['a', 'b']);
    await firehose.client.send(
      new PutRecordCommand({ DeliveryStreamName: 'raw', Record: { Data: Buffer.from('c\n') } }),
    );
    await firehose.server.deliveries[0]!.flush();
    const [object, ...others] = objects(firehose.folder);
    expect(others).toEqual([]);
    expect(object!.path).toMatch(/^raw\/2026\/11\/21\/04\/raw-1-2026-11-21-04-05-06-\d{56}\.gz$/);
    expect(object!.lines).toEqual(['a', 'b', 'c']);
    expect(entryOf(firehose)).toMatchObject({ in: 3, out: 3, inFlight: 0 });
  });

  test('waits for the interval, then delivers by itself', async () => {
    let nowMillis = START_MILLIS;
    const firehose = await scene({ nowMillis: () => nowMillis });
    await put(firehose, ['a']);
    nowMillis += 59_000;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(objects(firehose.folder)).toEqual([]);
    expect(entryOf(firehose)).toMatchObject({ in: 0, out: 0 });
    expect(firehose.server.deliveries[0]!.lag()).toMatchObject({ backlog: 1, arrived: 1 });
    nowMillis += 1_000;
    await expect.poll(() => objects(firehose.folder).length, { timeout: 3000 }).toBe(1);
  });

  test('delivers by size without waiting, and every record once', async () => {
    const firehose = await scene();
    const texts = Array.from({ length: 500 }, (_, index) => String(index).padStart(5000, '0'));
    await put(firehose, texts);
    await expect.poll(() => objects(firehose.folder).length, { timeout: 3000 }).toBe(2);
    await firehose.server.deliveries[0]!.flush();
    expect(objects(firehose.folder).flatMap(({ lines }) => lines)).toEqual(texts);
    expect(objects(firehose.folder)).toHaveLength(3);
  });

  test('keeps undelivered records over a restart', async () => {
    const first = await scene();
    await put(first, ['a', 'b']);
    await first.server.stop();
    cleanups.splice(1);
    const second = await scene({ folder: first.folder });
    await put(second, ['c']);
    await second.server.deliveries[0]!.flush();
    expect(objects(first.folder).map(({ lines }) => lines)).toEqual([['a', 'b', 'c']]);
    expect(entryOf(second)).toMatchObject({ in: 3, out: 3 });
  });

  test('a crash between the object and the checkpoint leads to the same object again', async () => {
    const first = await scene();
    await put(first, ['a', 'b']);
    await first.server.deliveries[0]!.flush();
    const before = JSON.stringify({ sequenceNumber: '', delivered: 0 });
    first.server.log.writeState('firehose/raw/shardId-000000000000/checkpoint', Buffer.from(before));
    await first.server.stop();
    cleanups.splice(1);
    const second = await scene({ folder: first.folder });
    await second.server.deliveries[0]!.flush();
    expect(objects(first.folder).map(({ lines }) => lines)).toEqual([['a', 'b']]);
  });

  test('puts no further object before the checkpoint of the last one is kept', async () => {
    const firehose = await scene({ bucketless: true });
    const texts = Array.from({ length: 500 }, (_, index) => String(index).padStart(5000, '0'));
    await put(firehose, texts);
    armFailpoints('log.beforeCommit=throw');
    cleanups.push(() => armFailpoints(undefined));
    firehose.server.store.createBucket('archive');
    const [delivery] = firehose.server.deliveries;
    const objectsPath = join(firehose.folder, 's3/archive');
    await expect.poll(() => existsSync(objectsPath) && objects(firehose.folder).length).toBe(1);
    // Meanwhile it is looked at ten times.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(objects(firehose.folder)).toHaveLength(1);
    armFailpoints(undefined);
    await expect.poll(() => delivery!.flush().then(() => 'kept', String), { timeout: 5000 }).toBe('kept');
    expect(objects(firehose.folder).flatMap(({ lines }) => lines)).toEqual(texts);
  });

  test('goes on when the bucket is there again', async () => {
    const firehose = await scene({ bucketless: true });
    await put(firehose, ['a']);
    await expect(firehose.server.deliveries[0]!.flush()).rejects.toThrow(
      'The specified bucket does not exist',
    );
    firehose.server.store.createBucket('archive');
    await firehose.server.deliveries[0]!.flush();
    expect(objects(firehose.folder).map(({ lines }) => lines)).toEqual([['a']]);
  });

  test('describes and lists its streams', async () => {
    const { client } = await scene();
    const { DeliveryStreamDescription: found } = await client.send(
      new DescribeDeliveryStreamCommand({ DeliveryStreamName: 'raw' }),
    );
    expect(found!.Destinations![0]!.ExtendedS3DestinationDescription).toMatchObject({
      BucketARN: 'arn:aws:s3:::archive',
      BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
      CompressionFormat: 'GZIP',
    });
    expect((await client.send(new ListDeliveryStreamsCommand({}))).DeliveryStreamNames).toEqual(['raw']);
  });

  test('refuses in AWS words', async () => {
    const { client } = await scene();
    const batch = (count: number, bytes: number) =>
      client.send(
        new PutRecordBatchCommand({
          DeliveryStreamName: 'raw',
          Records: Array(count).fill({ Data: Buffer.alloc(bytes) }),
        }),
      );
    await expect(batch(501, 1)).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(batch(1, 1_024_001)).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(batch(5, 1_000_000)).rejects.toMatchObject({ message: 'Records size exceeds 4 MB limit' });
    const unknown = client.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: 'none' }));
    await expect(unknown).rejects.toBeInstanceOf(ResourceNotFoundException);
  });
});

describe('Firehose with a data stream as its source', () => {
  const fromStream: DeliveryStreamResource = {
    ...raw,
    delimiter: '\n',
    sourceStreamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/readings',
  };
  const putReadings = async ({ server }: Scene, texts: readonly string[]): Promise<void> => {
    const Records = texts.map((text) => ({ Data: Buffer.from(text), PartitionKey: text }));
    await server.callKinesis('PutRecords', { StreamName: 'readings', Records });
  };
  const linesOf = ({ folder }: Scene): string[] => objects(folder).flatMap(({ lines }) => lines);
  const texts = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, n) => `r${String(from + n).padStart(3, '0')}`);

  test('delivers every record of every shard once, as a line, in the order of its shard', async () => {
    const firehose = await scene({ resource: fromStream });
    await putReadings(firehose, texts(0, 100));
    await firehose.server.deliveries[0]!.flush();
    expect(linesOf(firehose).sort()).toEqual(texts(0, 100));
    expect(objects(firehose.folder)).toHaveLength(2);
    for (const { lines } of objects(firehose.folder)) expect(lines).toEqual([...lines].sort());
    expect(entryOf(firehose)).toMatchObject({ in: 100, out: 100, inFlight: 0 });
  });

  test('goes on after a restart where it was, and loses and doubles nothing', async () => {
    const first = await scene({ resource: fromStream });
    await putReadings(first, texts(0, 50));
    await first.server.deliveries[0]!.flush();
    await putReadings(first, texts(50, 80));
    await first.server.stop();
    cleanups.splice(1);
    const second = await scene({ resource: fromStream, folder: first.folder });
    await putReadings(second, texts(80, 100));
    await second.server.deliveries[0]!.flush();
    expect(linesOf(second).sort()).toEqual(texts(0, 100));
    expect(entryOf(second)).toMatchObject({ in: 100, out: 100 });
  });

  test('a crash between the objects and the checkpoints leads to the same objects again', async () => {
    const first = await scene({ resource: fromStream });
    await putReadings(first, texts(0, 50));
    await first.server.deliveries[0]!.flush();
    const before = Buffer.from(JSON.stringify({ sequenceNumber: '', delivered: 0 }));
    for (const shard of [0, 1])
      first.server.log.writeState(`firehose/raw/shardId-00000000000${shard}/checkpoint`, before);
    await first.server.stop();
    cleanups.splice(1);
    const second = await scene({ resource: fromStream, folder: first.folder });
    await second.server.deliveries[0]!.flush();
    expect(linesOf(second).sort()).toEqual(texts(0, 50));
  });

  test('takes nothing but the stream, and says so', async () => {
    const { client } = await scene({ resource: fromStream });
    const put = client.send(
      new PutRecordCommand({ DeliveryStreamName: 'raw', Record: { Data: Buffer.from('a') } }),
    );
    await expect(put).rejects.toMatchObject({ name: 'InvalidArgumentException' });
    const command = new DescribeDeliveryStreamCommand({ DeliveryStreamName: 'raw' });
    const { DeliveryStreamDescription: found } = await client.send(command);
    expect(found).toMatchObject({
      DeliveryStreamType: 'KinesisStreamAsSource',
      Source: { KinesisStreamSourceDescription: { KinesisStreamARN: fromStream.sourceStreamArn } },
    });
  });
});

describe('the prefix of a delivery stream', () => {
  const context = { timestampMillis: START_MILLIS, seed: '1' };
  test.each([
    ['', '2026/11/21/04/'],
    ['raw/', 'raw/2026/11/21/04/'],
    ['date=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/', 'date=2026-11-21/hour=04/'],
    ["!{timestamp:'year='yyyy'/minute='mm}/", 'year=2026/minute=05/'],
    ['!{timestamp:M-d-yy}/', '11-21-26/'],
  ])('%j becomes %j', (prefix, expected) => {
    expect(compilePrefix(prefix)(context)).toBe(expected);
  });

  test('a random string is the same for the same first record', () => {
    const prefix = compilePrefix('!{firehose:random-string}/!{timestamp:yyyy}/');
    expect(prefix(context)).toMatch(/^[\w-]{11}\/2026\/$/);
    expect(prefix(context)).toBe(prefix(context));
    expect(prefix(context)).not.toBe(prefix({ ...context, seed: '2' }));
  });

  test.each([
    [
      '!{partitionKeyFromQuery:station}/',
      "the expression '!{partitionKeyFromQuery:station}' is not emulated",
    ],
    ['!{timestamp:yyyy-EEE}/', "the timestamp field 'EEE' is not emulated"],
  ])('%j is refused', (prefix, message) => {
    expect(() => compilePrefix(prefix)).toThrow(message);
  });
});

describe('a data stream that is resharded', () => {
  test('is delivered whole, a closed shard at once and before what came out of it', async () => {
    const arn = 'arn:aws:kinesis:us-east-1:000000000000:stream/readings';
    const { server, folder } = await scene({ resource: { ...raw, sourceStreamArn: arn } });
    const delivery = server.deliveries[0]!;
    const { stream } = delivery;
    const put = async (round: number) => {
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) stream.append(key, `${key} ${round}\n`);
      await server.log.durable();
    };
    for (const [round, count] of [4, 3, 2, 1].entries()) {
      await put(round);
      stream.topology.scale(count);
    }
    await put(4);
    const lines = () => objects(folder).flatMap((object) => object.lines);
    // Before any buffer is old enough: what closed shards had.
    await expect.poll(() => lines().length, { timeout: 10_000 }).toBe(24);
    await delivery.flush();
    expect(lines().sort()).toEqual(
      ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((key) => [0, 1, 2, 3, 4].map((round) => `${key} ${round}`)),
    );
    expect(delivery.lag()).toMatchObject({ backlog: 0, arrived: 30 });
  });
});
