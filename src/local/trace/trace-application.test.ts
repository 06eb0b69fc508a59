import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOCAL_PLACE } from '../../stack/local-place.ts';
import { readStack } from '../../stack/read-stack.ts';
import { compileApplication, type InputSchema } from '../../streaming-sql/index.ts';
import { Ledger } from '../ledger.ts';
import { DurableLog } from '../log/durable-log.ts';
import { KinesisStream } from '../log/kinesis-stream.ts';
import { S3BucketStore } from '../s3/s3-bucket-store.ts';
import { StreamingApplication } from '../streaming-application.ts';
import { findRecords } from './find-records.ts';
import { KeptMessages } from './kept-messages.ts';
import { ObjectFinder } from './object-finder.ts';
import { TimeSlice } from './time-slice.ts';
import { traceApplication } from './trace-application.ts';
import type { TraceContext } from './trace-sources.ts';
import type { TraceStep } from './trace-step.ts';

const input: InputSchema = {
  NamePrefix: 'S',
  InputSchema: {
    RecordFormat: { RecordFormatType: 'JSON' },
    RecordColumns: [
      { Name: 'k', SqlType: 'VARCHAR(4)', Mapping: '$.k' },
      { Name: 'v', SqlType: 'INTEGER', Mapping: '$.v' },
      { Name: 't', SqlType: 'BIGINT', Mapping: '$.t' },
    ],
  },
};
const windows = `CREATE STREAM "OUT" ("k" VARCHAR(4), "n" INT, "end" TIMESTAMP);
  CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k", SUM(100 / "v"), ROWTIME FROM S_001 AS s
  WHERE "k" <> 'none' GROUP BY "k", STEP(s.ROWTIME BY INTERVAL '10' SECOND);`;

const start = 1_800_000_000_000;
let now = start;
let folder: string;
let log: DurableLog;
let source: KinesisStream;
let target: KinesisStream;
let application: StreamingApplication;
let context: TraceContext;

function run(allowedLatenessMillis: number): void {
  const options = { shardCount: 1, retentionHours: 24, nowMillis: () => now };
  source = KinesisStream.open(log, { ...options, name: 'in' });
  target = KinesisStream.open(log, { ...options, name: 'out' });
  const streams = new Map([source, target].map((stream) => [stream.name, stream]));
  const buckets = S3BucketStore.open({ folder: join(folder, 's3'), durability: 'memory' });
  buckets.createBucket('archive');
  const time = { source: 'column', column: 't', allowedLatenessMillis } as const;
  application = new StreamingApplication({
    resource: {
      name: 'app',
      file: '',
      inputStream: 'in',
      outputs: [{ from: 'OUT', stream: 'out', partitionKey: 'k' }],
      references: [],
      rejectedBucket: 'archive',
    },
    plan: compileApplication(windows, { input, time }),
    references: {},
    log,
    ledger: new Ledger(),
    streams,
    nowMillis: () => now,
    report: () => {},
    putObject: async (...object) => void (await buckets.put(...object)),
  });
  context = {
    stack: readStack({ Resources: {} }, folder, LOCAL_PLACE),
    log,
    rules: [],
    kept: new KeptMessages(),
    refused: new KeptMessages(),
    streams,
    deliveryBuffers: new Map(),
    applications: [application],
    lag: () => [],
    buckets,
    dynamodbUrl: '',
    nowMillis: () => now,
    slice: new TimeSlice(),
    objects: new ObjectFinder(buckets),
    claimed: new Set(),
  };
}

async function put(record: { k: string; v: number; t: number } | string): Promise<Buffer> {
  now += 100;
  const data = Buffer.from(typeof record === 'string' ? record : JSON.stringify(record));
  source.append('x', data);
  await log.durable();
  return data;
}

async function trace(data: Buffer): Promise<TraceStep> {
  const isWanted = (found: Buffer): boolean => found.equals(data);
  const search = { partitionKey: 'x', fromMillis: 0, toMillis: Infinity, isWanted };
  const [record] = await findRecords(source, search, new TimeSlice());
  return traceApplication(application, record!, { ...context, objects: new ObjectFinder(context.buckets) });
}

async function until(data: Buffer, isSo: (step: TraceStep) => boolean): Promise<TraceStep> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    now += 50;
    const step = await trace(data);
    if (isSo(step)) return step;
    if (Date.now() > deadline) throw new Error(`waited in vain: ${JSON.stringify(step, null, 1)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const textOf = ({ steps = [] }: TraceStep): string => steps[0]?.text ?? '';

describe('the trace through a streaming application', () => {
  beforeEach(() => {
    now = start;
    folder = mkdtempSync(join(tmpdir(), 'mesonet-trace-'));
    log = DurableLog.open({ folder: join(folder, 'log'), durability: 'process' });
  });
  afterEach(async () => {
    await application.stop();
    await log.close();
    rmSync(folder, { recursive: true });
  });

  it('shows a window open, then closed with its row', async () => {
    run(0);
    const record = await put({ k: 'a', v: 5, t: start + 1000 });
    const open = await until(record, (step) => /is open/.test(textOf(step)));
    expect(open.steps![0]).toMatchObject({
      state: 'waiting',
      data: { windowEndMillis: start + 10_000, open: true },
    });
    await put({ k: 'b', v: 5, t: start + 11_000 });
    const closed = await until(record, (step) => /closed$/.test(textOf(step)));
    expect(closed.steps![0]).toMatchObject({ state: 'passed', data: { open: false, revision: 1 } });
    expect(closed.steps![0]!.steps![0]).toMatchObject({
      kind: 'record',
      data: { stream: 'out', partitionKey: 'a' },
    });
  });

  it('says that a row came too late for its window, and where it is kept', async () => {
    run(0);
    await put({ k: 'a', v: 5, t: start + 1000 });
    await put({ k: 'b', v: 5, t: start + 25_000 });
    const late = await put({ k: 'a', v: 7, t: start + 2000 });
    const step = await until(
      late,
      ({ state, steps }) => state === 'stopped' && steps?.[0]?.kind === 'object',
    );
    expect(step.text).toMatch(
      /^application app refused it, late: The window that ended at .* could no longer be/,
    );
    expect(step.steps![0]!.text).toMatch(/^kept as s3:\/\/archive\/rejected\/date=.*\/windows\/app\//);
  });

  it('counts the corrections that late rows made where they are allowed', async () => {
    run(60_000);
    const first = await put({ k: 'a', v: 5, t: start + 1000 });
    await put({ k: 'b', v: 5, t: start + 25_000 });
    await until(first, (step) => /closed$/.test(textOf(step)));
    const late = await put({ k: 'a', v: 10, t: start + 2000 });
    const corrected = await until(late, (step) => /revision 2/.test(textOf(step)));
    expect(corrected.steps![0]).toMatchObject({ state: 'passed', data: { revision: 2 } });
    expect(textOf(corrected)).toContain('closed, in its revision 2');
  });

  it.each([
    ['not JSON', /RECORD_FORMAT|not JSON/],
    [{ k: 'a', v: 0, t: start }, /DIVISION_BY_ZERO, Division of 100 by zero/],
    [{ k: 'a', v: 1, t: start + 86_400_000 }, /TIME_AHEAD/],
  ])('names what is wrong with %j', async (record, reason) => {
    run(0);
    const data = await put(record);
    expect(await until(data, ({ state }) => state === 'stopped')).toMatchObject({
      text: expect.stringMatching(reason) as string,
    });
  });

  it('says of a row that WHERE leaves out that it is not selected', async () => {
    run(0);
    const data = await put({ k: 'none', v: 1, t: start });
    const step = await until(data, ({ state }) => state !== 'waiting');
    expect(step).toMatchObject({ state: 'skipped', text: 'application app does not select it' });
  });
});
