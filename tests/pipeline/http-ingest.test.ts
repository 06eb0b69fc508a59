import { request } from 'node:http';
import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { DeleteBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MesonetOptions } from '../../src/local/start-mesonet.ts';
import { clientOptions, meterReading, post, stageOf, valuesOf } from './gateway.test-support.ts';
import { eventually, RunningPipeline } from './running-pipeline.test-support.ts';

const QUEUE = 'mesonet-dev-http-readings';
const DEAD_LETTERS = `${QUEUE}-dead-letters`;
const MEBIBYTE = 1024 * 1024;

/** As many readings as one message holds. */
function mebibyteOf(sensorId: string, time: number): string[] {
  const rows: string[] = [];
  for (let bytes = 2; ; ) {
    const row = JSON.stringify(meterReading(sensorId, time + rows.length, rows.length));
    bytes += row.length + 1;
    if (bytes > MEBIBYTE) return rows;
    rows.push(row);
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe.each<[string, Partial<MesonetOptions>]>([
  ['with handlers reaching the streams in process', {}],
  ['with everything through the SDK serialisers and HTTP', { strict: true }],
])('readings over HTTP, %s', (_, options) => {
  let pipeline: RunningPipeline;
  let sqs: SQSClient;
  let time: number;
  let large: string[];

  // All is posted before the first test waits: readings are stored in batches of some seconds.
  beforeAll(async () => {
    pipeline = await RunningPipeline.start(options);
    sqs = new SQSClient(clientOptions(pipeline.mesonet));
    time = pipeline.nowMillis - 60_000;
    large = mebibyteOf('large', time);
    const of = (sensor: string, value: number) => meterReading(sensor, time + value, value);
    const twice = JSON.stringify([of('twice', 1), of('twice', 2)]);
    const bodies = [
      JSON.stringify(of('forms', 1)),
      JSON.stringify([of('forms', 2), of('forms', 3)]),
      `${JSON.stringify(of('forms', 4))}\n${JSON.stringify(of('forms', 5))}\n`,
      JSON.stringify([of('partly', 1), { ...of('partly', 2), sensor_value: 'two' }, of('partly', 3)]),
      twice,
      twice,
      `[${large.join(',')}]`,
    ];
    for (const body of bodies) {
      const { status, text } = await post(pipeline.mesonet, body);
      expect(status).toBe(200);
      expect(text).toMatch(/<SendMessageResult><MessageId>[0-9a-f-]{36}<\/MessageId>/);
    }
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: QUEUE }));
    const Entries = ['a', 'b'].map((Id) => ({ Id, MessageBody: twice }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    const MessageBody = JSON.stringify(of('twice', 3));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  }, 60_000);
  afterAll(async () => {
    sqs.destroy();
    await pipeline.end();
  });

  const values = (sensorId: string, count: number) =>
    eventually(
      () => valuesOf(pipeline, sensorId, time, time + 10_000),
      ({ length }) => length >= count,
    );

  it('reach the samples from one object, a list and lines', async () => {
    expect(await values('forms', 5)).toEqual([1, 2, 3, 4, 5]);
    expect(await pipeline.get('/v1/sensors/forms/latest')).toMatchObject({
      station_id: 'meter-7',
      state: 'WA',
      city: 'Seattle',
      value: 5,
    });
  });

  it('are kept with the reason where they are bad, beside the good ones', async () => {
    expect(await values('partly', 2)).toEqual([1, 3]);
    expect(pipeline.mesonet.ledger().rejected).toMatchObject({ 'ingest-http: wrong-type': 1 });
  });

  it('may come as 1 MiB in one body', async () => {
    expect(await values('large', large.length)).toEqual(range(large.length));
  });

  it('are stored once when they are posted twice, and when their message comes twice', async () => {
    expect(await values('twice', 3)).toEqual([1, 2, 3]);
  });

  it.each([
    ['no token', '{}', { authorization: '' }, 401],
    ['nothing', '', {}, 400],
    ['a byte above 1 MiB', 'x'.repeat(MEBIBYTE + 1), {}, 400],
    ['a character that no message may hold', '"\u0001"', {}, 400],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe]), {}, 400],
  ])('are refused with %s', async (_, body, headers, status) => {
    const before = stageOf(pipeline.mesonet.ledger(), 'function ingest-http')?.in;
    expect((await post(pipeline.mesonet, body, headers)).status).toBe(status);
    expect(stageOf(pipeline.mesonet.ledger(), 'function ingest-http')?.in).toBe(before);
  });

  it('are refused with more than API Gateway takes before they are sent', async () => {
    const { http, token } = pipeline.mesonet;
    const headers = { authorization: `Bearer ${token}`, 'content-length': 10 * MEBIBYTE + 1 };
    const status = await new Promise((resolve, reject) => {
      const asked = request(`${http}/v1/readings`, { method: 'POST', headers }, (response) => {
        resolve(response.statusCode);
        asked.destroy();
      });
      asked.once('error', reject);
      asked.flushHeaders();
    });
    expect(status).toBe(413);
  });

  it('stand in the ledger and in the attributes of the queue', async () => {
    const entry = stageOf(pipeline.mesonet.ledger(), 'function ingest-http');
    expect(entry).toMatchObject({ in: 10, out: 10, dropped: {}, inFlight: 0 });
    const { QueueUrls } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'mesonet-dev-http' }));
    expect(QueueUrls!.map((url) => url.slice(url.lastIndexOf('/') + 1))).toEqual([QUEUE, DEAD_LETTERS]);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: QueueUrls![0], AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({ ApproximateNumberOfMessages: '0', VisibilityTimeout: '190' });
  });
});

describe('a message that a store refuses again and again', () => {
  it('is a dead letter after five receives, over a restart, and may be sent again', async () => {
    const pipeline = await RunningPipeline.start();
    let sqs = new SQSClient(clientOptions(pipeline.mesonet));
    let s3 = new S3Client({ ...clientOptions(pipeline.mesonet), forcePathStyle: true });
    try {
      const time = pipeline.nowMillis - 60_000;
      const Bucket = pipeline.mesonet.stack.buckets.find(
        ({ logicalId }) => logicalId === 'ArchiveBucket',
      )!.name;
      // Without the bucket, what is bad cannot be kept, and must not be lost.
      await s3.send(new DeleteBucketCommand({ Bucket }));
      await post(pipeline.mesonet, 'poison');
      await post(pipeline.mesonet, JSON.stringify(meterReading('beside', time, 1)));
      const stage = () => stageOf(pipeline.mesonet.ledger(), 'function ingest-http')!;
      await eventually(stage, ({ out, inFlight }) => out === 1 && inFlight === 1);
      await eventually(stage, ({ dropped }) => {
        pipeline.putClockForward(190_000);
        return dropped['dead-letter'] === 1;
      });
      await pipeline.restart();
      sqs.destroy();
      s3.destroy();
      sqs = new SQSClient(clientOptions(pipeline.mesonet));
      s3 = new S3Client({ ...clientOptions(pipeline.mesonet), forcePathStyle: true });
      expect(stageOf(pipeline.mesonet.ledger(), `queue ${DEAD_LETTERS}`)).toMatchObject({ inFlight: 1 });
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: DEAD_LETTERS }));
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      expect(Messages).toMatchObject([{ Body: 'poison' }]);

      // The start made the bucket again.
      expect((await post(pipeline.mesonet, Messages![0]!.Body!)).status).toBe(200);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages![0]!.ReceiptHandle }));
      await eventually(stage, ({ out }) => out === 2);
      const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'rejected/' }));
      expect(Contents).toMatchObject([{ Key: expect.stringContaining('/ingest-http/sqs-') }]);
    } finally {
      sqs.destroy();
      s3.destroy();
      await pipeline.end();
    }
  }, 60_000);
});

describe('a producer with the SDK', () => {
  it('puts records straight on the stream, to the latest value and the windows', async () => {
    const pipeline = await RunningPipeline.start();
    const kinesis = new KinesisClient({
      ...clientOptions(pipeline.mesonet),
      requestHandler: new NodeHttpHandler(),
    });
    try {
      const start = Math.ceil((pipeline.nowMillis + 1) / 60_000) * 60_000;
      pipeline.putClockForward(start + 1000 - pipeline.nowMillis);
      const time = pipeline.nowMillis;
      const Records = [1, 2, 6].map((value) => ({
        PartitionKey: 'producer',
        Data: Buffer.from(JSON.stringify(meterReading('producer', time + value, value))),
      }));
      const answer = await kinesis.send(
        new PutRecordsCommand({ StreamName: 'mesonet-dev-readings', Records }),
      );
      expect(answer.FailedRecordCount).toBe(0);
      const latest = await eventually(
        () => fetch(`${pipeline.mesonet.http}/v1/sensors/producer/latest`),
        ({ status }) => status === 200,
      );
      expect(await latest.json()).toMatchObject({ value: 6, time: time + 6, station_id: 'meter-7' });
      pipeline.putClockForward(61_000);
      const [row] = await eventually(
        () =>
          pipeline.get<object[]>(`/v1/windows?sensor_id=producer&from=${start - 1}&to=${start + 120_000}`),
        ({ length }) => length > 0,
      );
      expect(row).toMatchObject({ time: start, count: 3, sum: 9, min: 1, max: 6, final: true });
    } finally {
      kinesis.destroy();
      await pipeline.end();
    }
  }, 60_000);
});

describe('a restart', () => {
  it('goes on with what was posted and not yet passed on', async () => {
    const pipeline = await RunningPipeline.start({ withFunctions: false });
    try {
      const time = pipeline.nowMillis - 60_000;
      for (const value of range(20)) {
        const body = JSON.stringify(meterReading('kept', time + value, value));
        expect((await post(pipeline.mesonet, body)).status).toBe(200);
      }
      expect(stageOf(pipeline.mesonet.ledger(), 'function ingest-http')?.inFlight).toBe(20);
      await pipeline.restart({ withFunctions: true });
      const values = await eventually(
        () => valuesOf(pipeline, 'kept', time, time + 20),
        ({ length }) => length === 20,
      );
      expect(values).toEqual(range(20));
      const entry = stageOf(pipeline.mesonet.ledger(), 'function ingest-http');
      expect(entry).toMatchObject({ in: 20, out: 20, inFlight: 0 });
    } finally {
      await pipeline.end();
    }
  }, 60_000);
});
