import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { captureEmf, countsOf } from '../tests/aws/capture-stdout.ts';
import { failedNumbers, kinesisEvent, sequenceNumber, type TestData } from '../tests/aws/kinesis-event.ts';
import { startAws, type TestAws } from '../tests/aws/start-aws.ts';
import { handler } from './archive-readings.ts';

let aws: TestAws;
let first = 0;
const NOW = Date.UTC(2026, 10, 21, 12);
const HOUR = 3_600_000;

beforeAll(async () => {
  aws = await startAws();
});
afterAll(() => aws.stop());
beforeEach(() => {
  aws.faults.length = 0;
  first += 1000;
});

function reading(n: number, sensor_timestamp = NOW - 1000 + n) {
  const place = { station_id: 'st', sensor: 'wind', state: 'wa', city: 'seattle' };
  return { sensor_id: `s${first}`, ...place, sensor_timestamp, sensor_value: n };
}

async function archive(data: readonly TestData[], from = first) {
  const { result, emf } = await captureEmf(() =>
    handler(kinesisEvent(data, { first: from, arrivalMillis: NOW })),
  );
  return { failed: failedNumbers(result), counts: countsOf(emf, 'archive-readings')! };
}

/** Values of the test's own readings by object. */
async function archived(): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  for (const [key, bytes] of await aws.objects('curated/')) {
    const lines = gunzipSync(bytes)
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const own = lines.filter((line) => line.sensor_id === `s${first}`);
    if (own.length > 0) found[key] = own.map((line) => line.sensor_value);
  }
  return found;
}

function keyOf(hour: string, n: number): string {
  return `curated/date=2026-11-21/hour=${hour}/shardId-000000000000-${sequenceNumber(first + n)}.json.gz`;
}

describe('archive-readings', () => {
  it('puts one object per hour of event time, named by the first record it holds', async () => {
    const { failed, counts } = await archive([
      reading(0),
      reading(1, NOW - 2 * HOUR),
      reading(2),
      reading(3, NOW - 2 * HOUR),
    ]);
    expect(failed).toEqual([]);
    expect(counts).toMatchObject({ RecordsIn: 4, RecordsStored: 4 });
    expect(await archived()).toEqual({ [keyOf('11', 0)]: [0, 2], [keyOf('10', 1)]: [1, 3] });
  });

  it('leaves identical objects after a replay', async () => {
    const batch = [reading(0), Buffer.from('x'), reading(2), reading(0)];
    expect((await archive(batch)).counts).toMatchObject({
      RecordsStored: 2,
      RecordsDuplicate: 1,
      RecordsRejected: 1,
    });
    const before = await aws.objects();
    await archive(batch);
    expect(await aws.objects()).toEqual(before);
  });

  it('holds each reading once after a failure and a split batch', async () => {
    const batch = [
      reading(0),
      reading(1, NOW - 2 * HOUR),
      reading(2),
      reading(3, NOW - 2 * HOUR),
      reading(4),
    ];
    aws.faults.push({
      match: 'hour%3D11',
      times: Number.POSITIVE_INFINITY,
      status: 403,
      type: 'AccessDenied',
    });
    aws.faults.push({ match: 'hour=11', times: Number.POSITIVE_INFINITY, status: 403, type: 'AccessDenied' });
    const { failed, counts } = await archive(batch);
    expect(failed).toHaveLength(5);
    expect(counts).toMatchObject({ RecordsIn: 5, RecordsStored: 0, RecordsFailed: 5 });
    aws.faults.length = 0;
    await archive(batch.slice(0, 2), first);
    await archive(batch.slice(2), first + 2);
    expect(
      Object.values(await archived())
        .flat()
        .sort(),
    ).toEqual([0, 1, 2, 3, 4]);
  });

  it('holds each reading once when a refused one between them could not be kept', async () => {
    const batch = [reading(0), Buffer.from('x'), reading(2)];
    aws.faults.push({
      match: 'rejected',
      times: Number.POSITIVE_INFINITY,
      status: 403,
      type: 'AccessDenied',
    });
    const { failed } = await archive(batch);
    aws.faults.length = 0;
    const from = Math.min(...failed.map((number) => number - first));
    await archive(batch.slice(from), first + from);
    expect(
      Object.values(await archived())
        .flat()
        .sort(),
    ).toEqual([0, 2]);
  });

  it('writes lines that carry the identity', async () => {
    await archive([{ ...reading(0), device_id: 'd', boot_id: 'b', sequence: 4 }]);
    const bytes = (await aws.objects('curated/')).get(keyOf('11', 0))!;
    expect(JSON.parse(gunzipSync(bytes).toString())).toMatchObject({ event_id: 'd/b/4', sensor_value: 0 });
  });
});
