import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EventSourceMapping } from '../event-source-mapping/event-source-mapping.ts';
import type { FailureDocument } from '../event-source-mapping/event-source-mapping-event.ts';
import { DurableLog } from '../log/durable-log.ts';
import { KinesisStream } from '../log/kinesis-stream.ts';
import { LambdaRuntime } from './lambda-runtime.ts';

// Stream → mapping → worker thread → port → stream, with handlers that misbehave.

let folder: string;
let log: DurableLog;
let input: KinesisStream;
let output: KinesisStream;
let runtime: LambdaRuntime;
let mapping: EventSourceMapping;
let documents: FailureDocument[];

const source = `
  import type { KinesisStreamEvent } from 'aws-lambda';
  import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
  const kinesis = new KinesisClient({});
  export const handler = async (event: KinesisStreamEvent) => {
    const texts = event.Records.map(({ kinesis: { data } }) => Buffer.from(data, 'base64').toString());
    if (texts.includes('throw')) throw new Error('poison');
    if (texts.includes('exit')) process.exit(1);
    if (texts.includes('hang')) await new Promise((later) => setTimeout(later, 60_000));
    const Records = texts.map((text) => ({ PartitionKey: 'k', Data: Buffer.from(text.toUpperCase()) }));
    await kinesis.send(new PutRecordsCommand({ StreamName: 'output', Records }));
  };`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-pipeline-'));
  documents = [];
  writeFileSync(join(folder, 'upper.ts'), source);
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  log = DurableLog.open({ folder: join(folder, 'log'), durability: 'process' });
  input = KinesisStream.open(log, { name: 'input', shardCount: 1, retentionHours: 24 });
  output = KinesisStream.open(log, { name: 'output', shardCount: 1, retentionHours: 24 });
  runtime = await LambdaRuntime.start({
    functions: [
      {
        name: 'upper',
        arn: 'arn:upper',
        file: join(folder, 'upper.ts'),
        export: 'handler',
        environment: {},
        timeoutSeconds: 1,
        memoryMegabytes: 128,
      },
    ],
    dataFolder: folder,
    projectFolder: resolve(import.meta.dirname, '../..'),
    region: 'us-east-1',
    endpoints: { aws: 'http://127.0.0.1:9' },
    ports: { 'Kinesis.PutRecords': putRecords },
  });
  mapping = EventSourceMapping.start({
    mapping: {
      logicalId: 'Upper',
      functionName: 'upper',
      streamArn: input.arn,
      startingPosition: 'TRIM_HORIZON',
      batchSize: 8,
      batchWindowSeconds: 0,
      parallelizationFactor: 1,
      bisect: true,
      maximumRetryAttempts: 1,
      maximumRecordAgeSeconds: -1,
      reportBatchItemFailures: true,
      tumblingWindowSeconds: 0,
      onFailureArn: 'arn:aws:s3:::failures',
      filterPatterns: [],
    },
    functionArn: 'arn:upper',
    region: 'us-east-1',
    stream: input,
    log,
    stageName: 'function upper',
    stage: { begin: () => {}, in: () => {}, out: () => {}, drop: () => {} },
    invoke: (name, event) => runtime.invokeJson(name, event),
    onFailure: async (_, document) => {
      documents.push(document);
    },
    retryBaseMillis: 1,
  });
}

async function putRecords({ Records }: Record<string, unknown>): Promise<object> {
  const records = Records as { PartitionKey: string; Data: Uint8Array }[];
  const results = records.map(({ PartitionKey, Data }) => output.put(PartitionKey, Buffer.from(Data)));
  await log.durable();
  return {
    FailedRecordCount: 0,
    Records: results.map(({ shardId, sequenceNumber }) => ({
      ShardId: shardId,
      SequenceNumber: sequenceNumber,
    })),
  };
}

async function stop(): Promise<void> {
  await mapping.stop();
  await runtime.stop();
  await log.close();
}

const drained = (): Promise<void> =>
  expect.poll(() => mapping.lag().backlog, { timeout: 20_000, interval: 10 }).toBe(0);
const put = async (...texts: string[]): Promise<void> => {
  for (const text of texts) input.put('k', text);
  await log.durable();
};
const written = (): string[] =>
  output.read(output.shardIds[0]!, undefined, { maxRecords: 1000 }).map(({ data }) => data.toString());
const firstFailed = (): string[] =>
  documents.map(({ body }) => {
    const event = JSON.parse((JSON.parse(body) as { payload: string }).payload) as {
      Records: { kinesis: { data: string } }[];
    };
    return event.Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString()).join();
  });

describe('a function between two streams', () => {
  test.each(['throw', 'exit', 'hang'])('loses nothing to a record that makes it %s', async (poison) => {
    await start();
    await put('a', 'b', 'c', poison, 'd', 'e');
    await drained();
    expect(written()).toEqual(['A', 'B', 'C', 'D', 'E']);
    expect(firstFailed()).toEqual([poison]);
  });

  test('goes on after a restart where it was', async () => {
    await start();
    await put('a', 'b');
    await drained();
    await stop();
    await start();
    await put('c');
    await drained();
    expect(written()).toEqual(['A', 'B', 'C']);
  });
});
