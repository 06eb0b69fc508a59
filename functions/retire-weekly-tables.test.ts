import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeExportCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ListExportsCommand,
  ListTablesCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../src/local/aws-endpoint/aws-endpoint.test-server.ts';
import { closeClients } from '../src/stores/aws-clients.ts';
import { isoWeekRange, WEEK_MILLIS } from '../src/telemetry/iso-week.ts';
import { captureEmf } from '../tests/aws/capture-stdout.ts';

process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';
const { handler } = await import('./retire-weekly-tables.ts');

const PREFIX = 'mesonet-test-readings-';
const WEEK = '2026-W40';
const TableName = `${PREFIX}${WEEK}`;
const TableArn = `arn:aws:dynamodb:us-east-1:000000000000:table/${TableName}`;
const END = isoWeekRange(WEEK)!.toMillis;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The first instant at which the week is exported. */
const DUE = END + 4 * WEEK_MILLIS + DAY;

let now: number;
let server: TestServer;
let client: DynamoDBClient;

beforeEach(async () => {
  now = END + 3 * DAY;
  const buckets = [{ logicalId: 'A', name: 'archive', arn: 'arn:aws:s3:::archive', lifecycle: [] }];
  server = await startTestServer({ nowMillis: () => now, buckets });
  client = new DynamoDBClient(server.client);
  closeClients();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: server.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    READINGS_TABLE_PREFIX: PREFIX,
    ARCHIVE_BUCKET: 'archive',
    EXPORT_AFTER_WEEKS: '4',
  });
  await createTable();
  await put(1, 2, 3);
});
afterEach(async () => {
  closeClients();
  await server.stop();
});

async function createTable(): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'sensor_id', AttributeType: 'S' },
        { AttributeName: 'minute_millis', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'sensor_id', KeyType: 'HASH' },
        { AttributeName: 'minute_millis', KeyType: 'RANGE' },
      ],
    }),
  );
  await expect.poll(status).toBe('ACTIVE');
}

async function status(): Promise<string> {
  const described = client.send(new DescribeTableCommand({ TableName }));
  return described.then(({ Table }) => Table!.TableStatus!).catch(({ name }) => name);
}

async function put(...minutes: number[]): Promise<void> {
  for (const minute of minutes) {
    const Item = { sensor_id: { S: 's' }, minute_millis: { N: String(minute) }, '0.a': { N: '1' } };
    await client.send(new PutItemCommand({ TableName, Item }));
  }
}

/** One run at an instant: what it did with the week, and its metrics. */
async function run(atMillis: number) {
  now = atMillis;
  const event = { source: 'aws.events', time: new Date(atMillis).toISOString() };
  const { result, emf } = await captureEmf(() => handler(event));
  return { step: result.weeks[WEEK], metrics: emf[0] };
}

async function exports(): Promise<string[]> {
  const { ExportSummaries = [] } = await client.send(new ListExportsCommand({ TableArn }));
  return ExportSummaries.map(({ ExportStatus }) => ExportStatus!);
}

/** Waits for what the stand-in does in the background: exports, and the count of items. */
async function settle(items = 3): Promise<void> {
  await expect.poll(exports).not.toContain('IN_PROGRESS');
  await expect
    .poll(async () => (await client.send(new DescribeTableCommand({ TableName }))).Table?.ItemCount)
    .toBe(items);
}

/** Cools the table and has it exported. */
async function exported(): Promise<void> {
  await run(END + 3 * DAY);
  expect((await run(DUE)).step).toBe('export-started');
  await settle();
}

describe('retire-weekly-tables', () => {
  it('leaves a week alone until a day after its end, cools it once, and waits', async () => {
    expect((await run(END + DAY - 1)).step).toBe('open');
    const cooled = await run(END + DAY);
    expect(cooled).toMatchObject({ step: 'cooled', metrics: { TablesCooled: 1, WeeklyTables: 1 } });
    expect((await run(END + DAY)).step).toBe('cool');
    expect((await run(END + 4 * WEEK_MILLIS)).step).toBe('closed');
    expect((await run(DUE - 1)).step).toBe('closed');
    expect(await exports()).toEqual([]);
  });

  it('exports, verifies and drops, a step a day', async () => {
    await exported();
    const dropped = await run(DUE + DAY);
    expect(dropped).toMatchObject({ step: 'dropped', metrics: { TablesDropped: 1, WeeklyTables: 0 } });
    await expect.poll(status).toBe('ResourceNotFoundException');
    expect((await run(DUE + 2 * DAY)).step).toBeUndefined();
  });

  it('catches up when nobody ran it for a long time', async () => {
    expect((await run(DUE + 40 * DAY)).step).toBe('cooled');
    expect((await run(DUE + 41 * DAY)).step).toBe('export-started');
    await settle();
    expect((await run(DUE + 42 * DAY)).step).toBe('dropped');
  });

  it('starts one export when it runs twice at once', async () => {
    await run(END + 3 * DAY);
    now = DUE;
    const event = { time: new Date(DUE).toISOString() };
    const { result } = await captureEmf(() => Promise.all([handler(event), handler(event)]));
    expect(result.map(({ weeks }) => weeks[WEEK])).toContain('export-started');
    expect(await exports()).toHaveLength(1);
  });

  it('starts a failed export anew, says so in its metrics, and keeps the table', async () => {
    await run(END + 3 * DAY);
    process.env.ARCHIVE_BUCKET = 'nowhere';
    await run(DUE);
    await settle();
    const again = await run(DUE + DAY);
    expect(again).toMatchObject({ step: 'export-failed', metrics: { ExportsFailed: 1, TablesDropped: 0 } });
    await settle();
    expect(await exports()).toEqual(['FAILED', 'FAILED']);
    process.env.ARCHIVE_BUCKET = 'archive';
    expect((await run(DUE + 2 * DAY)).step).toBe('export-started');
    await settle();
    expect((await run(DUE + 3 * DAY)).step).toBe('dropped');
  });

  it('exports again when something was written after the export', async () => {
    await exported();
    await put(4);
    now = DUE + 7 * HOUR;
    await settle(4);
    expect(await run(DUE + 7 * HOUR)).toMatchObject({
      step: 'export-differs',
      metrics: { ExportsFailed: 1 },
    });
    expect(await exports()).toHaveLength(1);
    await run(DUE + DAY);
    expect(await exports()).toHaveLength(2);
    await settle(4);
    expect((await run(DUE + 2 * DAY)).step).toBe('dropped');
    const { ExportSummaries } = await client.send(new ListExportsCommand({ TableArn }));
    const newest = { ExportArn: ExportSummaries![0]!.ExportArn };
    const { ExportDescription } = await client.send(new DescribeExportCommand(newest));
    expect(ExportDescription?.ItemCount).toBe(4);
  });

  it.each([
    ['a data object is gone', '/data/', undefined],
    ['a data object was replaced', '/data/', 'other bytes'],
    ['the summary is gone', 'manifest-summary.json', undefined],
    ['the summary is not JSON', 'manifest-summary.json', '{'],
    ['the summary has another count', 'manifest-summary.json', /"itemCount":3/],
    ['the list of data objects is empty', 'manifest-files.json', ''],
  ])('keeps the table when %s, and exports three times at most', async (_, name, body) => {
    await exported();
    for (const day of [1, 2, 3, 4]) {
      await spoil(name, body);
      expect((await run(DUE + day * DAY)).step).toBe('export-differs');
      await settle();
    }
    expect(await exports()).toHaveLength(3);
    expect(await status()).toBe('ACTIVE');
  });

  it('does not take the export of an earlier table of the same name for this one', async () => {
    await exported();
    await client.send(new DeleteTableCommand({ TableName }));
    await expect.poll(status).toBe('ResourceNotFoundException');
    await createTable();
    await put(1, 2, 3);
    expect((await run(DUE + DAY)).step).toBe('cooled');
    expect((await run(DUE + 2 * DAY)).step).toBe('export-started');
  });

  it('goes on with the other weeks when one fails, and fails at the end', async () => {
    await run(END + 3 * DAY);
    process.env.ARCHIVE_BUCKET = 'x'.repeat(300);
    await expect(run(DUE)).rejects.toThrow(/^Cannot retire the tables of weeks 2026-W40: see the log$/);
    const { TableNames } = await client.send(new ListTablesCommand({}));
    expect(TableNames).toEqual([TableName]);
  });

  it('says what is wrong with its parameter', async () => {
    process.env.EXPORT_AFTER_WEEKS = '0';
    await expect(run(DUE)).rejects.toThrow('"EXPORT_AFTER_WEEKS" is "0", not a whole number of at least 1');
  });
});

/** Replaces the objects of every export whose key holds `name`; undefined removes them, a pattern changes what it finds. */
async function spoil(name: string, body: string | RegExp | undefined): Promise<void> {
  for (const key of await server.store.keys('archive', { prefix: 'exports/' })) {
    if (!key.includes(name)) continue;
    if (body === undefined) await server.store.delete('archive', key);
    else await server.store.put('archive', key, await spoiledBytes(key, body));
  }
}

async function spoiledBytes(key: string, body: string | RegExp): Promise<Buffer> {
  if (typeof body === 'string') return Buffer.from(body);
  const { bytes } = await server.store.read('archive', key);
  return Buffer.from(bytes.toString().replace(body, '"itemCount":4'));
}
