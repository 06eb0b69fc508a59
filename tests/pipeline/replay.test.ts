import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DeleteItemCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReplayReport } from '../../src/replay/replay-tally.ts';
import { archiveKey, hourOf } from '../../src/stores/keys.ts';
import {
  eventually,
  payloadOf,
  projectFolder,
  RunningPipeline,
  topicOf,
} from './running-pipeline.test-support.ts';

const MINUTE = 60_000;
const SENSORS = ['r1', 'r2', 'r3'];
const READINGS_EACH = 4;

let pipeline: RunningPipeline;
let dynamodb: DynamoDBDocumentClient;
let s3: S3Client;
let startMillis: number;

beforeAll(async () => {
  pipeline = await RunningPipeline.start();
  const client = {
    endpoint: pipeline.mesonet.awsEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient(client));
  s3 = new S3Client({ ...client, forcePathStyle: true });
  startMillis = pipeline.nowMillis;
  await publish(0);
  await deliver(1);
  await publish(1);
  await deliver(2);
  await eventually(stored, (items) => items.length >= SENSORS.length);
}, 120_000);
afterAll(() => pipeline.end());

/** Four readings of each sensor, and one whose clock is days ahead. */
async function publish(round: number): Promise<void> {
  const device = await pipeline.connect();
  const base = Math.floor(startMillis / MINUTE) * MINUTE - 10 * MINUTE + round * 1000;
  for (const sensor of SENSORS)
    for (let i = 0; i < READINGS_EACH; i++)
      await device.publishAsync(topicOf(sensor), payloadOf(i, base + i), { qos: 1 });
  await device.publishAsync(topicOf('ahead'), payloadOf(1, base + 9 * 86_400_000), { qos: 1 });
}

/** Lets the delivery stream's buffer come of age. */
async function deliver(objects: number): Promise<void> {
  pipeline.putClockForward(6 * MINUTE);
  await eventually(
    () => keys('mesonet-dev-rawbucket', 'raw/'),
    ({ length }) => length === objects,
  );
}

async function keys(Bucket: string, Prefix: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
  return Contents.map(({ Key }) => Key!);
}

/** Every item of the readings tables and of the latest table, in a fixed order. */
async function stored(): Promise<string[]> {
  const { TableNames = [] } = await dynamodb.send(new ListTablesCommand({}));
  const tables = TableNames.filter((name) => /-readings-\d|-latest$/.test(name));
  const items = await Promise.all(
    tables.map(async (TableName) => {
      const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName }));
      return Items.map((item) => JSON.stringify([TableName, Object.entries(item).sort()]));
    }),
  );
  return items.flat().sort();
}

function startReplay(...args: string[]) {
  const range = [startMillis - MINUTE, pipeline.nowMillis].map((millis) => new Date(millis).toISOString());
  const main = join(projectFolder, 'src', 'cli', 'main.ts');
  const all = ['replay', '--from', range[0]!, '--to', range[1]!, '--url', pipeline.mesonet.awsEndpoint];
  const child = spawn(process.execPath, [main, ...all, ...args]);
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  const ended = once(child, 'close').then(async ([code]) => ({
    code: code as number,
    stdout: await stdout,
    stderr: await stderr,
  }));
  return { child, ended };
}

const replay = (...args: string[]) => startReplay(...args).ended;

async function report(...args: string[]): Promise<ReplayReport> {
  const { stdout, stderr } = await replay('--json', '--quiet', ...args);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as ReplayReport;
}

const GOOD = SENSORS.length * READINGS_EACH * 2;

describe('mesonet replay', () => {
  it('says in a dry run that everything is stored, but what is still refused', async () => {
    expect(await report('--dry-run')).toMatchObject({
      objects: 2,
      messages: GOOD + 2,
      stored: GOOD,
      new: 0,
      refused: { 'timestamp-ahead': 2 },
      sent: 0,
      sensors: { r1: { messages: 8, stored: 8, new: 0, refused: 0 } },
    });
  });

  it('changes nothing in the stores, also when everything is put on the stream again', async () => {
    const before = await stored();
    const ledger = () => pipeline.mesonet.ledger();
    const stage = () => ledger().stages.find(({ stage: name }) => name === 'function store-readings')!;
    const { out } = stage();
    expect(await report('--all', '--rate', '1000')).toMatchObject({ stored: GOOD, sent: GOOD });
    await eventually(stage, (now) => now.out >= out + GOOD);
    expect(await stored()).toEqual(before);
    expect(await report()).toMatchObject({ stored: GOOD, new: 0, sent: 0 });
  });

  it('brings back exactly what was lost', async () => {
    const before = await stored();
    const item = JSON.parse(before.find((each) => each.includes('-readings-') && each.includes('"r2"'))!);
    const [TableName, entries] = item as [string, [string, unknown][]];
    const minute = String(entries.find(([name]) => name === 'minute_millis')![1]);
    const Key = { sensor_id: { S: 'r2' }, minute_millis: { N: minute } };
    await dynamodb.send(new DeleteItemCommand({ TableName, Key }));
    expect(await report('--dry-run', '--sensor', 'r2')).toMatchObject({ messages: 8, stored: 0, new: 8 });
    expect(await report('--sensor', 'r1')).toMatchObject({ stored: 8, sent: 0 });
    expect(await report()).toMatchObject({ stored: GOOD - 8, new: 8, sent: 8 });
    await eventually(stored, (now) => now.length === before.length);
    expect(await stored()).toEqual(before);
  });

  it('prints the diff and the last object, and goes on behind one', async () => {
    const [first, second] = await keys('mesonet-dev-rawbucket', 'raw/');
    const whole = await replay('--dry-run');
    expect(whole.code).toBe(0);
    expect(whole.stdout).toMatch(/^last object +raw\//m);
    expect(whole.stdout).toContain(`${second}\n`);
    expect(whole.stdout).toMatch(/already stored\s+24\n.*new\s+0\n/);
    expect(whole.stdout).toContain('2  (timestamp-ahead 2)');
    expect(whole.stderr).toContain(
      'From s3://mesonet-dev-rawbucket/raw/ to stream mesonet-dev-readings at http',
    );
    expect(await report('--dry-run', '--after', first!)).toMatchObject({ objects: 1, lastKey: second });
    expect(await report('--dry-run', '--after', second!)).toMatchObject({ objects: 0, messages: 0 });
  });

  it('ends after the object under way when it is interrupted, and says where to go on', async () => {
    const [first, second] = await keys('mesonet-dev-rawbucket', 'raw/');
    const { child, ended } = startReplay('--all', '--rate', '5', '--json');
    await once(child.stderr, 'data');
    setTimeout(() => child.kill('SIGINT'), 500);
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ objects: 1, objectsLeft: 1, sent: GOOD / 2, lastKey: first });
    expect(stderr).toContain(`Stopped with 1 objects left: go on with --after ${first}\n`);
    const rest = await report('--after', first!);
    expect(rest).toMatchObject({ objects: 1, objectsLeft: 0, stored: GOOD / 2, lastKey: second });
  });

  it('reads the curated objects and the rejected messages too', async () => {
    const [raw] = await keys('mesonet-dev-rawbucket', 'raw/');
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'mesonet-dev-rawbucket', Key: raw }));
    const lines = gunzipSync(await Body!.transformToByteArray())
      .toString()
      .split('\n')
      .filter((line) => line.includes('"r1"'));
    const Key = archiveKey(hourOf(startMillis - 10 * MINUTE), 'shardId-000000000000', '1');
    const archived = { Bucket: 'mesonet-dev-archivebucket', Key, Body: gzipSync(lines.join('\n')) };
    await s3.send(new PutObjectCommand(archived));
    const from = new Date(startMillis - 60 * MINUTE).toISOString();
    const curated = await report('--dry-run', '--source', 'curated', '--from', from, '--sensor', 'r1');
    // Those of this object, and maybe those that the function has archived meanwhile.
    expect(curated.stored).toBeGreaterThanOrEqual(READINGS_EACH);
    expect(curated.new).toBe(0);
    const rejected = await report('--dry-run', '--source', 'rejected');
    expect(rejected).toMatchObject({ stored: 0, new: 0, refused: { 'timestamp-ahead': 2 } });
  });

  it('mends what a rule action gave up on, and names what it cannot read', async () => {
    const time = startMillis - 5 * MINUTE;
    const document = {
      ruleName: 'telemetry',
      topic: topicOf('lost'),
      base64OriginalPayload: Buffer.from(payloadOf(7, time)).toString('base64'),
    };
    const put = (Key: string, Body: string) =>
      s3.send(new PutObjectCommand({ Bucket: 'mesonet-dev-archivebucket', Key, Body }));
    await put('failed/rules/a.json', JSON.stringify(document));
    await put('failed/rules/b.json', 'nonsense');
    const { code, stdout } = await replay('--source', 'failed', '--json', '--quiet');
    expect(JSON.parse(stdout)).toMatchObject({
      new: 1,
      sent: 1,
      unreadable: [{ key: 'failed/rules/b.json' }],
    });
    expect(code).toBe(1);
    const latest = await eventually(
      () => fetch(`${pipeline.mesonet.http}/v1/sensors/lost/latest`),
      ({ status }) => status === 200,
    );
    expect(await latest.json()).toMatchObject({ time, value: 7 });
  });

  it.each([
    [['--to', '2020-01-01'], 'error: --from must lie before --to'],
    [['--from', 'yesterday'], 'expected a time such as 2026-11-21T04:00Z'],
    [['--rate', '0'], 'expected a number of messages a second above 0'],
    [['--source', 'glacier'], 'Allowed choices are raw, curated, rejected, late, failed'],
    [
      ['--url', 'http://127.0.0.1:9'],
      'Cannot reach http://127.0.0.1:9: nothing listens there; start the pipeline',
    ],
    [['--bucket', 'nowhere'], 'The specified bucket does not exist'],
  ])('says what is wrong with %s', async (args, sentence) => {
    const { code, stderr } = await replay(...args);
    expect(code).not.toBe(0);
    expect(stderr).toContain(sentence);
  });
});
