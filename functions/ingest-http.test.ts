import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { captureEmf, countsOf } from '../tests/aws/capture-stdout.ts';
import { messageId, sqsEvent } from '../tests/aws/sqs-event.ts';
import { startAws, type TestAws } from '../tests/aws/start-aws.ts';
import { handler } from './ingest-http.ts';

let aws: TestAws;
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

function reading(n: number, change: Record<string, unknown> = {}) {
  return {
    sensor_id: `s${n % 7}`,
    station_id: 'meter-1',
    sensor: 'power',
    state: 'wa',
    city: 'seattle',
    sensor_timestamp: NOW - n,
    sensor_value: n,
    ...change,
  };
}
const json = (value: unknown): string => JSON.stringify(value);
const lines = (...values: unknown[]): string => `${values.map(json).join('\n')}\n`;

async function ingest(bodies: readonly string[], options: Parameters<typeof sqsEvent>[1] = {}) {
  const { result, emf } = await captureEmf(() => handler(sqsEvent(bodies, { sentMillis: NOW, ...options })));
  const failed = result.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  return { failed, counts: countsOf(emf, 'ingest-http')! };
}

/** Values that the stream took or refused, each request's own list. */
function sent(): number[][] {
  return aws.captured.map(({ body }) =>
    body.Records.map(({ Data }) => JSON.parse(Buffer.from(Data, 'base64').toString()).sensor_value),
  );
}

async function rejectedLines(message: number): Promise<{ reason: string; source: string; text: string }[]> {
  const objects = await aws.objects('rejected/');
  const key = `rejected/date=${new Date(NOW).toISOString().slice(0, 10)}/ingest-http/sqs-${messageId(message)}.json`;
  const body = objects.get(key)?.toString().trim();
  if (!body) return [];
  return body.split('\n').map((line) => {
    const { reason, source, base64 } = JSON.parse(line);
    return { reason, source, text: Buffer.from(base64, 'base64').toString() };
  });
}

describe('ingest-http', () => {
  it('passes on one reading, a list and lines, all of a batch in one request', async () => {
    const { failed, counts } = await ingest([
      json(reading(1)),
      json([reading(2), reading(3)]),
      lines(reading(4), reading(5)),
    ]);
    expect(failed).toEqual([]);
    expect(counts).toMatchObject({ RecordsIn: 5, RecordsStored: 5, RecordsRejected: 0, RecordsFailed: 0 });
    expect(sent()).toEqual([[1, 2, 3, 4, 5]]);
    const [first] = aws.captured[0]!.body.Records;
    expect(first!.PartitionKey).toBe('s1');
    expect(JSON.parse(Buffer.from(first!.Data, 'base64').toString())).toEqual(reading(1));
  });

  it('keeps what is bad in a message with its bytes, and passes what is good', async () => {
    const bad = reading(2, { sensor_value: null });
    const { failed, counts } = await ingest([json([reading(1), bad, reading(3)])], { first: 20 });
    expect(failed).toEqual([]);
    expect(counts).toMatchObject({
      RecordsIn: 3,
      RecordsStored: 2,
      RecordsRejected: 1,
      reason: { 'missing-field': 1 },
    });
    expect(sent()).toEqual([[1, 3]]);
    expect(await rejectedLines(20)).toEqual([
      {
        reason: 'missing-field',
        source: `arn:aws:sqs:us-east-1:123456789012:mesonet-test-http-readings ${messageId(20)} readings[1]`,
        text: json(bad),
      },
    ]);
  });

  it.each([
    ['first', 0],
    ['in the middle', 1],
    ['last', 2],
  ])('keeps a message whole that is no reading, %s in the batch', async (_, at) => {
    const bodies = [json(reading(1)), json(reading(2))];
    bodies.splice(at, 0, 'volts=230');
    const { failed, counts } = await ingest(bodies, { first: 30 + 3 * at });
    expect(failed).toEqual([]);
    expect(counts).toMatchObject({ RecordsIn: 3, RecordsStored: 2, RecordsRejected: 1 });
    expect(sent()).toEqual([[1, 2]]);
    expect(await rejectedLines(30 + 4 * at)).toMatchObject([{ reason: 'not-json', text: 'volts=230' }]);
  });

  it.each([
    ['first', 1],
    ['in the middle', 3],
    ['last', 5],
  ])(
    'gives back only the message of which the stream refuses a reading, %s in the batch',
    async (_, value) => {
      aws.refuse = (data) => JSON.parse(data).sensor_value === value;
      const bodies = [[1, 2], [3, 4], [5]].map((values) => json(values.map((n) => reading(n))));
      const { failed, counts } = await ingest(bodies);
      const message = Math.ceil(value / 2);
      expect(failed).toEqual([messageId(message)]);
      const size = message === 3 ? 1 : 2;
      expect(counts).toMatchObject({ RecordsIn: 5, RecordsStored: 5 - size, RecordsFailed: size });
    },
  );

  it('sends a refused reading again before it gives its message back', async () => {
    let refusals = 2;
    aws.refuse = (data) => JSON.parse(data).sensor_value === 2 && refusals-- > 0;
    expect((await ingest([json(reading(1)), json(reading(2))])).failed).toEqual([]);
    expect(sent()).toEqual([[1, 2], [2], [2]]);
  });

  it('gives back what was not sent any more after a refusal', async () => {
    aws.refuse = (data) => JSON.parse(data).sensor_value === 10;
    const many = (from: number): string => json(Array.from({ length: 400 }, (_, n) => reading(from + n)));
    const { failed } = await ingest([many(1000), many(0), many(2000), many(3000)]);
    // Requests hold 500 readings: the refusal is in the first, which reaches into the second message.
    expect(failed).toEqual([2, 3, 4].map(messageId));
  });

  it('gives back all messages with readings when the stream is throttled whole, and keeps the bad ones', async () => {
    aws.faults.push({
      match: 'PutRecords',
      times: 100,
      status: 400,
      type: 'ProvisionedThroughputExceededException',
    });
    const { failed, counts } = await ingest([json(reading(1)), 'bad', json(reading(2))], { first: 50 });
    expect(failed).toEqual([50, 52].map(messageId));
    expect(counts).toMatchObject({ RecordsIn: 3, RecordsFailed: 2, RecordsRejected: 1 });
    expect(await rejectedLines(51)).toHaveLength(1);
  });

  it('waits out a throttled request', async () => {
    const type = 'ProvisionedThroughputExceededException';
    aws.faults.push({ match: 'PutRecords', times: 2, status: 400, type });
    expect((await ingest([json(reading(1))])).failed).toEqual([]);
  });

  it('gives a message back when its bad readings cannot be kept', async () => {
    aws.faults.push({ match: 'rejected/', times: 100, status: 503, type: 'SlowDown' });
    const { failed, counts } = await ingest(['bad', json(reading(1))]);
    expect(failed).toEqual([messageId(1)]);
    expect(counts).toMatchObject({ RecordsStored: 1, RecordsFailed: 1, RecordsRejected: 0 });
  });

  it('makes the same records and the same object of a message that is delivered twice', async () => {
    const body = lines(reading(1), { not: 'a reading' }, reading(2));
    await ingest([body], { first: 70 });
    const objects = (await aws.objects('rejected/')).size;
    const before = structuredClone(aws.captured);
    aws.captured.length = 0;
    await ingest([body], { first: 70, receives: 2 });
    expect(aws.captured).toEqual(before);
    expect((await aws.objects('rejected/')).size).toBe(objects);
  });

  it('reads a body of 1 MiB', async () => {
    const count = Math.floor((1024 * 1024 - 2) / (json(reading(100_000)).length + 1));
    const { counts } = await ingest([json(Array.from({ length: count }, (_, n) => reading(100_000 + n)))]);
    expect(counts).toMatchObject({ RecordsStored: count, RecordsRejected: 0 });
    expect(sent().map(({ length }) => length)).toEqual([
      ...Array.from({ length: Math.floor(count / 500) }, () => 500),
      count % 500,
    ]);
  });
});
