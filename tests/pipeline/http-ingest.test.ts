import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerReport, StageEntry } from '../../src/local/ledger.ts';
import type { MesonetOptions } from '../../src/local/start-mesonet.ts';
import { eventually, RunningPipeline } from './running-pipeline.test-support.ts';

const QUEUE = 'mesonet-dev-http-readings';

function reading(sensor_id: string, sensor_timestamp: number, sensor_value: number, change: object = {}) {
  return {
    sensor_id,
    station_id: 'meter-7',
    sensor: 'power',
    state: 'WA',
    city: 'Seattle',
    sensor_timestamp,
    sensor_value,
    ...change,
  };
}

function stageOf(ledger: LedgerReport, name: string): StageEntry | undefined {
  return ledger.stages.find(({ stage }) => stage === name);
}

function clientOptions({ awsEndpoint }: { awsEndpoint: string }) {
  return {
    endpoint: awsEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: new NodeHttpHandler(),
  };
}

/** What gateways and meters do. */
class Gateway {
  readonly pipeline: RunningPipeline;

  constructor(pipeline: RunningPipeline) {
    this.pipeline = pipeline;
  }

  async post(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
    const { http, token } = this.pipeline.mesonet;
    const response = await fetch(`${http}/v1/readings`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    });
    return { status: response.status, text: await response.text() };
  }

  samples(sensorId: string, from: number, to: number): Promise<{ time: number; value: number }[]> {
    return this.pipeline.get(`/v1/sensors/${sensorId}/samples?from=${from}&to=${to}&limit=10000`);
  }
}

describe.each<[string, Partial<MesonetOptions>]>([
  ['with handlers reaching the streams in process', {}],
  ['with everything through the SDK serialisers and HTTP', { strict: true }],
])('readings over HTTP, %s', (_, options) => {
  let pipeline: RunningPipeline;
  let gateway: Gateway;
  let sqs: SQSClient;

  beforeAll(async () => {
    pipeline = await RunningPipeline.start(options);
    gateway = new Gateway(pipeline);
    sqs = new SQSClient(clientOptions(pipeline.mesonet));
  }, 60_000);
  afterAll(async () => {
    sqs.destroy();
    await pipeline.end();
  });

  it('reach the samples from one object, a list and lines', async () => {
    const time = pipeline.nowMillis - 60_000;
    const bodies = [
      JSON.stringify(reading('forms', time, 1)),
      JSON.stringify([2, 3].map((value) => reading('forms', time + value, value))),
      [4, 5].map((value) => JSON.stringify(reading('forms', time + value, value))).join('\n'),
    ];
    for (const body of bodies) {
      const { status, text } = await gateway.post(body);
      expect(status).toBe(200);
      expect(text).toMatch(/<SendMessageResult><MessageId>[0-9a-f-]{36}<\/MessageId>/);
    }
    const rows = await eventually(
      () => gateway.samples('forms', time, time + 10),
      ({ length }) => length === 5,
    );
    expect(rows.map(({ value }) => value)).toEqual([1, 2, 3, 4, 5]);
    expect(await pipeline.get('/v1/sensors/forms/latest')).toMatchObject({
      station_id: 'meter-7',
      state: 'WA',
      city: 'Seattle',
      value: 5,
    });
  });

  it('are kept with the reason where they are bad, beside the good ones', async () => {
    const time = pipeline.nowMillis - 60_000;
    const before = pipeline.mesonet.ledger().rejected['ingest-http: wrong-type'] ?? 0;
    await gateway.post(
      JSON.stringify([reading('partly', time, 1), reading('partly', time, 2, { sensor_value: 'two' })]),
    );
    await eventually(
      () => gateway.samples('partly', time, time + 10),
      ({ length }) => length === 1,
    );
    await eventually(
      () => pipeline.mesonet.ledger().rejected['ingest-http: wrong-type'] ?? 0,
      (count) => count === before + 1,
    );
  });

  it('may come as 1 MiB in one body', async () => {
    const time = pipeline.nowMillis - 60_000;
    const rows: string[] = [];
    for (let bytes = 2; ; ) {
      const row = JSON.stringify(reading('large', time + rows.length, rows.length));
      bytes += row.length + 1;
      if (bytes > 1024 * 1024) break;
      rows.push(row);
    }
    expect((await gateway.post(`[${rows.join(',')}]`)).status).toBe(200);
    const stored = await eventually(
      () => gateway.samples('large', time, time + rows.length),
      ({ length }) => length === rows.length,
      60,
    );
    expect(stored.at(-1)).toMatchObject({ value: rows.length - 1 });
  });

  it('are stored once when they are posted twice, and when the message is delivered twice', async () => {
    const time = pipeline.nowMillis - 60_000;
    const body = JSON.stringify([reading('twice', time, 1), reading('twice', time + 1, 2)]);
    await gateway.post(body);
    await gateway.post(body);
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: QUEUE }));
    await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: QueueUrl!,
        Entries: ['a', 'b'].map((Id) => ({ Id, MessageBody: body })),
      }),
    );
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: QueueUrl!,
        MessageBody: JSON.stringify(reading('twice', time + 2, 3)),
      }),
    );
    const rows = await eventually(
      () => gateway.samples('twice', time, time + 10),
      ({ length }) => length >= 3,
    );
    expect(rows.map(({ value }) => value)).toEqual([1, 2, 3]);
  });

  it.each([
    ['no token', '{}', { authorization: '' }, 401],
    ['nothing', '', {}, 400],
    ['a byte above 1 MiB', 'x'.repeat(1024 * 1024 + 1), {}, 400],
    ['a character that no message may hold', '"\u0001"', {}, 400],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe]), {}, 400],
    ['more than API Gateway takes', 'x'.repeat(10 * 1024 * 1024 + 1), {}, 413],
  ])('are refused with %s', async (_, body, headers, status) => {
    const before = stageOf(pipeline.mesonet.ledger(), 'function ingest-http')?.in;
    const answer = await gateway.post(body, headers).catch(() => ({ status: 413, text: '' }));
    expect(answer.status).toBe(status);
    expect(stageOf(pipeline.mesonet.ledger(), 'function ingest-http')?.in).toBe(before);
  });

  it('stand in the ledger and in the attributes of the queue', async () => {
    const entry = await eventually(
      () => stageOf(pipeline.mesonet.ledger(), 'function ingest-http')!,
      ({ inFlight }) => inFlight === 0,
    );
    expect(entry).toMatchObject({ in: entry.out, dropped: {} });
    expect(entry.out).toBeGreaterThanOrEqual(10);
    const { QueueUrls } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'mesonet-dev-http' }));
    expect(QueueUrls!.map((url) => url.slice(url.lastIndexOf('/') + 1))).toEqual([
      QUEUE,
      `${QUEUE}-dead-letters`,
    ]);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: QueueUrls![0], AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({ ApproximateNumberOfMessages: '0', VisibilityTimeout: '190' });
  });
});

describe('a producer with the SDK', () => {
  it('puts records straight on the stream, to the latest value and the windows', async () => {
    const pipeline = await RunningPipeline.start();
    const kinesis = new KinesisClient(clientOptions(pipeline.mesonet));
    try {
      const start = Math.ceil((pipeline.nowMillis + 1) / 60_000) * 60_000;
      pipeline.putClockForward(start + 1000 - pipeline.nowMillis);
      const time = pipeline.nowMillis;
      const { FailedRecordCount } = await kinesis.send(
        new PutRecordsCommand({
          StreamName: 'mesonet-dev-readings',
          Records: [1, 2, 6].map((value) => ({
            PartitionKey: 'producer',
            Data: Buffer.from(JSON.stringify(reading('producer', time + value, value))),
          })),
        }),
      );
      expect(FailedRecordCount).toBe(0);
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
      const gateway = new Gateway(pipeline);
      const time = pipeline.nowMillis - 60_000;
      for (let value = 0; value < 20; value += 1)
        expect((await gateway.post(JSON.stringify(reading('kept', time + value, value)))).status).toBe(200);
      expect(stageOf(pipeline.mesonet.ledger(), 'function ingest-http')?.inFlight).toBe(20);
      await pipeline.restart({ withFunctions: true });
      const rows = await eventually(
        () => gateway.samples('kept', time, time + 20),
        ({ length }) => length === 20,
      );
      expect(rows.map(({ value }) => value)).toEqual(Array.from({ length: 20 }, (_, value) => value));
      await eventually(
        () => stageOf(pipeline.mesonet.ledger(), 'function ingest-http')!,
        ({ out, inFlight }) => out === 20 && inFlight === 0,
      );
    } finally {
      await pipeline.end();
    }
  }, 60_000);
});
