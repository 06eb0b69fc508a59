import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { captureEmf, countsOf } from '../tests/aws/capture-stdout.ts';
import { startAws, type TestAws } from '../tests/aws/start-aws.ts';
import { handler } from './ingest-batch.ts';

let aws: TestAws;
const TOPIC = 'weather/wa/seattle/st-1/batch';
const NOW = Date.now();

beforeAll(async () => {
  aws = await startAws();
});
afterAll(() => aws.stop());
beforeEach(() => {
  aws.faults.length = 0;
  aws.captured.length = 0;
  aws.refuse = () => false;
});

function element(n: number, change: Record<string, unknown> = {}) {
  return {
    sensor: 'temperature',
    sensor_id: `s${n % 7}`,
    sensor_timestamp: NOW - n,
    sensor_value: n,
    ...change,
  };
}
function packed(...readings: unknown[]): Buffer {
  return Buffer.from(JSON.stringify({ readings }));
}

async function ingest(bytes: Buffer, topic = TOPIC) {
  const event = { payload: bytes.toString('base64'), topic, client_id: 'station-1' };
  const { emf } = await captureEmf(() => handler(event));
  return countsOf(emf, 'ingest-batch')!;
}

/** Records that were sent to the stream, in order, each request's own list. */
function sent() {
  return aws.captured.map(({ body }) =>
    body.Records.map(({ Data, PartitionKey }) => ({
      text: Buffer.from(Data, 'base64').toString(),
      key: PartitionKey,
    })),
  );
}

describe('ingest-batch', () => {
  it('writes every reading to the stream, keyed by its sensor', async () => {
    const counts = await ingest(gzipSync(packed(element(1), element(2))));
    expect(counts).toMatchObject({ RecordsIn: 2, RecordsStored: 2, RecordsRejected: 0 });
    const place = { state: 'wa', city: 'seattle', station_id: 'st-1' };
    const [records] = sent();
    expect(records!.map(({ key, text }) => [key, JSON.parse(text)])).toEqual([
      ['s1', { ...element(1), ...place }],
      ['s2', { ...element(2), ...place }],
    ]);
  });

  it('splits a large publish into requests of 500', async () => {
    const counts = await ingest(gzipSync(packed(...Array.from({ length: 1201 }, (_, n) => element(n)))));
    expect(counts).toMatchObject({ RecordsStored: 1201 });
    expect(sent().map((records) => records.length)).toEqual([500, 500, 201]);
  });

  it('sends only the refused entries again', async () => {
    let refusals = 3;
    aws.refuse = (data) => JSON.parse(data).sensor_value === 2 && refusals-- > 0;
    await ingest(packed(element(1), element(2), element(3)));
    const values = sent().map((records) => records.map(({ text }) => JSON.parse(text).sensor_value));
    expect(values[0]).toEqual([1, 2, 3]);
    expect(values.slice(1).every((each) => each.length === 1 && each[0] === 2)).toBe(true);
    expect(values).toHaveLength(4);
  });

  it('throws when a stream keeps refusing, so that the invocation is run again', async () => {
    aws.refuse = () => true;
    await expect(ingest(packed(element(1)))).rejects.toThrow('Cannot write 1 of 1 records');
  });

  it('waits out a throttled request', async () => {
    aws.faults.push({
      match: 'PutRecords',
      times: 2,
      status: 400,
      type: 'ProvisionedThroughputExceededException',
    });
    expect(await ingest(packed(element(1)))).toMatchObject({ RecordsStored: 1 });
  });

  it('keeps bad readings with their reason and passes the good ones', async () => {
    const counts = await ingest(
      packed(element(1), element(2, { sensor_value: null }), element(3, { sensor_timestamp: -5 })),
    );
    const reason = { 'missing-field': 1, 'timestamp-negative': 1 };
    expect(counts).toMatchObject({ RecordsIn: 3, RecordsStored: 1, RecordsRejected: 2, reason });
    expect(sent()[0]).toHaveLength(1);
    const objects = await aws.objects('rejected/');
    const [[key, body]] = [...objects] as [[string, Buffer]];
    expect(key).toMatch(/^rejected\/date=\d{4}-\d\d-\d\d\/ingest-batch\/mqtt-[0-9a-f]{32}\.json$/);
    const lines = body
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => [line.reason, line.source])).toEqual([
      ['missing-field', `${TOPIC} readings[1]`],
      ['timestamp-negative', `${TOPIC} readings[2]`],
    ]);
    expect(JSON.parse(Buffer.from(lines[0].base64, 'base64').toString())).toEqual(
      element(2, { sensor_value: null }),
    );
    await ingest(
      packed(element(1), element(2, { sensor_value: null }), element(3, { sensor_timestamp: -5 })),
    );
    expect((await aws.objects('rejected/')).size).toBe(objects.size);
  });

  it('keeps a publish that is refused whole, with its bytes', async () => {
    const bytes = Buffer.from([0x1f, 0x8b, 0, 1]);
    expect(await ingest(bytes)).toMatchObject({
      RecordsIn: 1,
      RecordsRejected: 1,
      reason: { 'bad-gzip': 1 },
    });
    const bodies = [...(await aws.objects('rejected/')).values()].map(String);
    expect(bodies.some((body) => JSON.parse(body.split('\n')[0]!).base64 === bytes.toString('base64'))).toBe(
      true,
    );
    expect(sent()).toEqual([]);
  });
});
