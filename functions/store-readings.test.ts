import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoDb } from '../src/stores/aws-clients.ts';
import { querySamples } from '../src/stores/readings-table.ts';
import { currentWeeks, weeklyTableName } from '../src/stores/weekly-tables.ts';
import { isoWeek, isoWeekRange, WEEK_MILLIS } from '../src/telemetry/iso-week.ts';
import { captureEmf, countsOf } from '../tests/aws/capture-stdout.ts';
import { failedNumbers, kinesisEvent, type TestData } from '../tests/aws/kinesis-event.ts';
import { startAws, type TestAws, WEEKLY_PREFIX } from '../tests/aws/start-aws.ts';
import { handler } from './store-readings.ts';

let aws: TestAws;
let sensors = 0;
let sensorId: string;
const NOW = Date.now();
const MINUTE = Math.floor(NOW / 60_000) * 60_000;
const THIS_WEEK = weeklyTableName(WEEKLY_PREFIX, currentWeeks(MINUTE - 60_000)[1]!);
const LATEST = 'mesonet-test-latest';

beforeAll(async () => {
  aws = await startAws();
});
afterAll(() => aws.stop());
beforeEach(() => {
  sensorId = `sensor-${++sensors}`;
  aws.faults.length = 0;
});

/** A reading `second` seconds into the minute before this one. */
function reading(second: number, change: Record<string, unknown> = {}) {
  return {
    sensor_id: sensorId,
    station_id: 'st-1',
    sensor: 'temperature',
    state: 'wa',
    city: 'seattle',
    sensor_timestamp: MINUTE - 60_000 + second * 1000,
    sensor_value: second + 0.5,
    ...change,
  };
}

async function store(data: readonly TestData[], first = 1) {
  const { result, emf } = await captureEmf(() => handler(kinesisEvent(data, { first, arrivalMillis: NOW })));
  return { failed: failedNumbers(result), counts: countsOf(emf, 'store-readings')!, emf };
}

async function itemsOfSensor(tableName: string) {
  return (await aws.items(tableName)).filter((item) => item.sensor_id === sensorId);
}

async function allStores() {
  const tables = await aws.tables();
  const contents = await Promise.all(tables.map(async (name) => [name, await aws.items(name)]));
  return { tables: contents, objects: await aws.objects() };
}

describe('store-readings', () => {
  it('packs the readings of a sensor and minute into one item, and keeps the newest', async () => {
    const { failed, counts } = await store([reading(1), reading(3, { direction: -1 }), reading(2)]);
    expect(failed).toEqual([]);
    const none = { RecordsRejected: 0, RecordsDuplicate: 0, RecordsFailed: 0, reason: {} };
    expect(counts).toEqual({ RecordsIn: 3, RecordsStored: 3, ...none });
    const [item, ...others] = await itemsOfSensor(THIS_WEEK);
    expect(others).toEqual([]);
    const samples = Object.entries(item!).filter(([name]) => name.includes('.'));
    expect(samples.map(([, value]) => JSON.stringify(value)).sort()).toEqual([
      '[1.5,null,null]',
      '[2.5,null,null]',
      '[3.5,null,-1]',
    ]);
    const [latest] = await itemsOfSensor(LATEST);
    expect(latest).toMatchObject({ time_millis: reading(3).sensor_timestamp, value: 3.5, direction: -1 });
  });

  it('packs minutes that lie in one item into one write, and counts a replay of them as duplicates', async () => {
    process.env.READINGS_ITEM_MINUTES = '5';
    try {
      const start = Math.floor(MINUTE / 300_000) * 300_000 - 300_000;
      const readings = [0, 60_001, 299_999, 300_000].map((millis) =>
        reading(0, { sensor_timestamp: start + millis, sensor_value: millis }),
      );
      expect((await store(readings)).counts).toMatchObject({ RecordsStored: 4 });
      const items = (await aws.tables()).filter((name) => name.startsWith(WEEKLY_PREFIX)).map(itemsOfSensor);
      const kept = (await Promise.all(items)).flat();
      expect(kept.map((item) => item.minute_millis).sort()).toEqual([start, start + 300_000]);
      const range = { fromMillis: start + 60_000, toMillis: start + 300_000, limit: 10, itemMinutes: 5 };
      const { rows } = await querySamples(WEEKLY_PREFIX, { sensorId, ...range });
      expect(rows.map(({ time, value }) => [time - start, value])).toEqual([
        [60_001, 60_001],
        [299_999, 299_999],
      ]);
      expect((await store(readings)).counts).toMatchObject({ RecordsStored: 0, RecordsDuplicate: 4 });
    } finally {
      process.env.READINGS_ITEM_MINUTES = '1';
    }
  });

  it('counts every reading as a duplicate in a replay and changes nothing', async () => {
    const batch = [reading(1), Buffer.from('{bad'), reading(2), reading(2), reading(70)];
    expect((await store(batch)).counts).toMatchObject({
      RecordsStored: 3,
      RecordsDuplicate: 1,
      RecordsRejected: 1,
    });
    const before = await allStores();
    expect((await store(batch)).counts).toMatchObject({
      RecordsStored: 0,
      RecordsDuplicate: 4,
      RecordsRejected: 1,
    });
    expect(await allStores()).toEqual(before);
  });

  it('ends the same in whatever order and batches the readings come', async () => {
    const all = [reading(1), reading(2), reading(3), reading(61), reading(2, { sensor_value: 9 })];
    await store(all);
    const once = await itemsOfSensor(THIS_WEEK);
    const latest = await itemsOfSensor(LATEST);
    sensorId = `sensor-${++sensors}`;
    const again = [reading(2, { sensor_value: 9 }), reading(61), reading(3), reading(2), reading(1)];
    const events = [again.slice(0, 3), again.slice(2)].map((part) =>
      kinesisEvent(part, { arrivalMillis: NOW }),
    );
    await captureEmf(() => Promise.all(events.map((event) => handler(event))));
    const values = (items: Record<string, unknown>[]) =>
      items.map((item) =>
        Object.values(item)
          .filter((value) => Array.isArray(value))
          .map((v) => JSON.stringify(v))
          .sort(),
      );
    expect(values(await itemsOfSensor(THIS_WEEK))).toEqual(values(once));
    expect((await itemsOfSensor(LATEST))[0]!.value).toEqual(latest[0]!.value);
  });

  it('does not let an older reading replace the latest, and breaks ties by the sequence', async () => {
    const device = { device_id: 'd', boot_id: 'b' };
    await store([reading(5, { ...device, sequence: 10 })]);
    await store([reading(4, { ...device, sequence: 99 })]);
    expect((await itemsOfSensor(LATEST))[0]!.value).toBe(5.5);
    await store([reading(5, { ...device, sequence: 9, sensor_value: 1 })]);
    expect((await itemsOfSensor(LATEST))[0]!.value).toBe(5.5);
    await store([reading(5, { ...device, sequence: 11, sensor_value: 2 })]);
    expect((await itemsOfSensor(LATEST))[0]!.value).toBe(2);
  });

  it.each([
    ['first', 0],
    ['in the middle', 1],
    ['last', 2],
  ])('stores the others when a poison record is %s, and keeps its bytes', async (_where, at) => {
    const batch: TestData[] = [reading(1), reading(2)];
    const poison = Buffer.from([0x7b, 0xff, 0x00]);
    batch.splice(at, 0, poison);
    const first = 1000 * sensors;
    const { failed, counts } = await store(batch, first);
    expect(failed).toEqual([]);
    expect(counts).toMatchObject({
      RecordsIn: 3,
      RecordsStored: 2,
      RecordsRejected: 1,
      reason: { 'bad-utf8': 1 },
    });
    const date = new Date(NOW).toISOString().slice(0, 10);
    const objects = await aws.objects(`rejected/date=${date}/store-readings/`);
    const name = [...objects.keys()].find((key) => key.endsWith(`${first + at}.json`))!;
    expect(name).toContain('/shardId-000000000000-4954');
    const line = JSON.parse(objects.get(name)!.toString());
    expect(line).toMatchObject({
      reason: 'bad-utf8',
      receivedMillis: NOW,
      base64: poison.toString('base64'),
    });
    expect(line.source).toContain('stream/mesonet-test-readings 4954');
  });

  it('rejects a reading of a week without a table, and stores its neighbours', async () => {
    const old = reading(0, { sensor_timestamp: Date.UTC(2001, 1, 3) });
    const { failed, counts } = await store([old, reading(1)]);
    expect(failed).toEqual([]);
    expect(counts).toMatchObject({ RecordsStored: 1, reason: { 'no-weekly-table': 1 } });
    expect((await itemsOfSensor(LATEST))[0]!.value).toBe(1.5);
  });

  it('rejects a reading of a week that is closed when it arrives, though its table is still there', async () => {
    const old = reading(0);
    await store([reading(1)]);
    const { fromMillis } = isoWeekRange(isoWeek(old.sensor_timestamp))!;
    const closesMillis = fromMillis + 5 * WEEK_MILLIS;
    const at = async (arrivalMillis: number) =>
      countsOf(
        (await captureEmf(() => handler(kinesisEvent([old], { arrivalMillis })))).emf,
        'store-readings',
      );
    expect(await at(closesMillis)).toMatchObject({ RecordsStored: 0, reason: { 'no-weekly-table': 1 } });
    expect(await at(closesMillis - 1)).toMatchObject({ RecordsStored: 1 });
    expect(await itemsOfSensor(THIS_WEEK)).toHaveLength(1);
  });

  it('stores values that a table number cannot hold', async () => {
    const values = [1e300, -1e-300, 2 ** 53 + 2, 0.1 + 0.2, -0, 5e-324];
    const { counts } = await store(values.map((sensor_value, i) => reading(i, { sensor_value })));
    expect(counts).toMatchObject({ RecordsStored: values.length });
  });

  it('reports exactly the records whose write failed, and stores them when they come again', async () => {
    const other = sensorId;
    const good = reading(1);
    sensorId = `sensor-${++sensors}`;
    const broken = [reading(1), reading(2)];
    aws.faults.push({
      match: 'UpdateItem',
      times: Number.POSITIVE_INFINITY,
      status: 400,
      type: 'AccessDeniedException',
    });
    const failedAll = await store([good, ...broken, Buffer.from('x')]);
    expect(failedAll.failed).toEqual([1, 2, 3, 4]);
    expect(failedAll.counts).toMatchObject({
      RecordsIn: 4,
      RecordsStored: 0,
      RecordsRejected: 0,
      RecordsFailed: 4,
    });
    aws.faults.length = 0;
    const retried = await store([good, ...broken, Buffer.from('x')]);
    expect(retried.failed).toEqual([]);
    expect(retried.counts).toMatchObject({ RecordsStored: 3, RecordsRejected: 1, RecordsFailed: 0 });
    expect((await aws.items(LATEST)).filter((item) => item.sensor_id === other)).toHaveLength(1);
  });

  it('waits out throttling', async () => {
    aws.faults.push({
      match: 'UpdateItem',
      times: 3,
      status: 400,
      type: 'ProvisionedThroughputExceededException',
    });
    const { failed, counts } = await store([reading(1), reading(2)]);
    expect(failed).toEqual([]);
    expect(counts).toMatchObject({ RecordsStored: 2 });
  });

  it('keeps every refused record when an event comes twice and one copy gets less far', async () => {
    const batch = [Buffer.from('x'), reading(1), Buffer.from('y')];
    const first = 1_000_000 + 1000 * sensors;
    await store(batch, first);
    aws.faults.push({
      match: 'UpdateItem',
      times: Number.POSITIVE_INFINITY,
      status: 400,
      type: 'AccessDeniedException',
    });
    expect((await store(batch, first)).failed).toEqual([first + 1, first + 2]);
    const objects = [...(await aws.objects('rejected/')).values()];
    const lines = objects.flatMap((object) => object.toString().trimEnd().split('\n'));
    const sources = new Set(lines.map((line) => (JSON.parse(line) as { source: string }).source.slice(-7)));
    expect(sources).toContain(String(first));
    expect(sources).toContain(String(first + 2));
  });

  it('gives a refused record back when its object cannot be put', async () => {
    aws.faults.push({ match: 'PUT /', times: Number.POSITIVE_INFINITY, status: 403, type: 'AccessDenied' });
    const { failed, counts } = await store([reading(1), Buffer.from('x'), reading(2), Buffer.from('y')]);
    expect(failed).toEqual([2, 4]);
    expect(counts).toMatchObject({ RecordsIn: 4, RecordsStored: 2, RecordsRejected: 0, RecordsFailed: 2 });
  });

  it('rejects what does not fit into the item of its minute any more', async () => {
    const Key = { sensor_id: sensorId, minute_millis: MINUTE - 60_000 };
    const Item = { ...Key, '0.filler__': ['x'.repeat(409_000)] };
    await dynamoDb().send(new PutCommand({ TableName: THIS_WEEK, Item }));
    const elsewhere = { ...reading(9), sensor_id: `${sensorId}-b` };
    const many = Array.from({ length: 100 }, (_, i) => reading(i / 10, { sensor_value: i / 7 }));
    const { failed, counts } = await store([...many, elsewhere]);
    expect(failed).toEqual([]);
    expect(counts).toMatchObject({ RecordsStored: 1, RecordsRejected: 100, reason: { 'too-large': 100 } });
  });

  it('prints fleet metrics by sensor type', async () => {
    const { emf } = await store([reading(1), reading(2, { sensor: 'wind' }), reading(3)]);
    const lines = emf.filter((line) => 'ReadingsStored' in line);
    expect(lines.map((line) => [line.sensor, line.ReadingsStored])).toEqual([
      ['temperature', 2],
      ['wind', 1],
    ]);
    expect(JSON.stringify(lines[0]!._aws.CloudWatchMetrics)).toContain('"Dimensions":[["sensor"]]');
  });

  it('handles a thousand readings of 250 sensors at once', async () => {
    const batch = Array.from({ length: 1000 }, (_, i) => ({
      ...reading(Math.floor(i / 250)),
      sensor_id: `${sensorId}-${i % 250}`,
    }));
    const { counts } = await store(batch);
    expect(counts).toMatchObject({ RecordsStored: 1000 });
  });
});
