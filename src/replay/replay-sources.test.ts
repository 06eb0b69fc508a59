import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { FoundMessage } from './found-message.ts';
import { REPLAY_SOURCES, type ReplaySourceName } from './replay-source.ts';
import { splitLines } from './split-lines.ts';

const NOW = Date.UTC(2026, 10, 21, 6);
const ARRIVAL = Date.UTC(2026, 10, 21, 4);
const READINGS = 'arn:aws:kinesis:us-east-1:000000000000:stream/readings';
const WINDOWS = 'arn:aws:kinesis:us-east-1:000000000000:stream/windows';

const reading = {
  sensor_id: 's1',
  station_id: 'st',
  sensor: 'temperature',
  state: 'WA',
  city: 'Seattle',
  sensor_timestamp: ARRIVAL,
  sensor_value: 1.5,
};
const { sensor_timestamp, sensor_value } = reading;
const payload = { sensor_timestamp, sensor_value };

/** What a source finds in an object: readings by sensor, refusals by reason. */
async function found(
  name: ReplaySourceName,
  key: string,
  body: string | Uint8Array,
): Promise<(FoundMessage & { is: string })[]> {
  const chunks = async function* () {
    const bytes = Buffer.from(body);
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  };
  const object = { key, bytes: body.length, modifiedMillis: ARRIVAL, lines: () => splitLines(chunks()) };
  const messages: (FoundMessage & { is: string })[] = [];
  for await (const message of REPLAY_SOURCES[name].read(object, { streamName: 'readings', nowMillis: NOW })) {
    const { decoded } = message;
    messages.push({ ...message, is: decoded.ok ? decoded.value.sensor_id : decoded.rejection.reason });
  }
  return messages;
}

const kinds = async (...args: Parameters<typeof found>) => (await found(...args)).map(({ is }) => is);
const base64 = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
const lines = (...values: unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');

describe('what lies in a range', () => {
  const range = { fromMillis: ARRIVAL, toMillis: ARRIVAL + 3_600_000 };
  it.each<[ReplaySourceName, string, boolean]>([
    ['raw', 'raw/2026/11/21/03/mesonet-dev-raw-1-2026-11-21-03-44-59-4954.gz', false],
    ['raw', 'raw/2026/11/21/03/mesonet-dev-raw-1-2026-11-21-03-50-00-4954.gz', true],
    ['raw', 'raw/2026/11/21/04/mesonet-dev-raw-1-2026-11-21-04-59-59-1e2f-33.gz', true],
    ['raw', 'raw/2026/11/21/05/mesonet-dev-raw-1-2026-11-21-05-00-00-4954.gz', false],
    ['raw', 'raw/2026/11/21/04/notes.txt', false],
    ['curated', 'curated/date=2026-11-21/hour=04/shardId-000000000000-4954.json.gz', true],
    ['curated', 'curated/date=2026-11-21/hour=05/shardId-000000000000-4954.json.gz', false],
    ['rejected', 'rejected/date=2026-11-21/store-readings/x.json', true],
    ['rejected', 'rejected/date=2026-11-20/store-readings/x.json', false],
    ['failed', 'aws/lambda/id/shardId-0/2026/11/20/2026-11-20T23.00.00-ab', true],
    ['failed', 'aws/lambda/id/shardId-0/2026/11/22/2026-11-22T23.00.00-ab', false],
    ['failed', 'aws/lambda/async/mesonet-dev-ingestBatch/2026/11/21/x', true],
    ['failed', 'failed/rules/weather/WA/Seattle/st/temperature/s1/uuid.json', true],
  ])('%s: %s is %s', (name, key, expected) => {
    expect(REPLAY_SOURCES[name].mayHold({ key, bytes: 1, modifiedMillis: ARRIVAL }, range)).toBe(expected);
  });

  it('begins a listing before the first object of the range', () => {
    const start = (name: 'raw' | 'curated' | 'rejected') => REPLAY_SOURCES[name].startAfter!(range);
    expect([start('raw'), start('curated'), start('rejected')]).toEqual([
      'raw/2026/11/21/03/',
      'curated/date=2026-11-21/hour=04/',
      'rejected/date=2026-11-21/',
    ]);
  });
});

describe('raw objects', () => {
  it('hold records as they were, gzip members one behind the other, and lines that are refused', async () => {
    const record = JSON.stringify({ ...reading, more: 'kept' });
    const body = Buffer.concat([gzipSync(`${record}\n`), gzipSync(`{"sensor_id":\n${record}`)]);
    const messages = await found('raw', 'raw/x.gz', body);
    expect(messages.map(({ is }) => is)).toEqual(['s1', 'not-json', 's1']);
    expect(messages[0]!.text).toBe(record);
  });

  it('are told to be broken when their gzip data is', async () => {
    const body = gzipSync(`${JSON.stringify(reading)}\n`).subarray(0, 40);
    await expect(kinds('raw', 'raw/x.gz', body)).rejects.toThrow('its gzip data is broken');
  });
});

describe('curated objects', () => {
  it('hold readings, each with its own time', async () => {
    const [message] = await found('curated', 'curated/x', gzipSync(lines({ ...reading, event_id: 'x' })));
    expect(message).toMatchObject({ is: 's1', timeMillis: ARRIVAL });
    expect(message!.text).toBeUndefined();
  });
});

describe('rejected objects', () => {
  const line = (source: string, bytes: unknown) => ({
    reason: 'wrong-type',
    detail: '',
    receivedMillis: ARRIVAL,
    source,
    base64: base64(bytes),
  });

  it('hold records of the stream, elements and whole publishes of topics, and uploads', async () => {
    const packed = { readings: [{ sensor: 'temperature', sensor_id: 's2', ...payload }, 7] };
    const body = lines(
      line(`${READINGS} 4954`, reading),
      line(`${READINGS} 4955`, { ...reading, sensor_value: 'x' }),
      line('weather/WA/Seattle/st/batch readings[3]', { sensor: 'wind', sensor_id: 's3', ...payload }),
      line('$aws/rules/telemetry_batch/weather/WA/Seattle/st/batch', packed),
      line('arn:aws:sqs:us-east-1:000000000000:uploads m1 readings[0]', { ...reading, sensor_id: 's4' }),
      line('arn:aws:sqs:us-east-1:000000000000:uploads m2', [{ ...reading, sensor_id: 's5' }, {}]),
    );
    const messages = await found('rejected', 'rejected/x', body);
    expect(messages.map(({ is }) => is)).toEqual([
      's1',
      'wrong-type',
      's3',
      's2',
      'wrong-type',
      's4',
      's5',
      'missing-field',
    ]);
    expect(messages.every(({ timeMillis }) => timeMillis === ARRIVAL)).toBe(true);
    expect(messages[2]!.decoded).toMatchObject({ value: { station_id: 'st', state: 'WA', city: 'Seattle' } });
  });

  it('hold other things too, which are no readings', async () => {
    const body = lines(line(`${WINDOWS} 1`, reading), line('window 1 of shardId-0', reading), {
      base64: 7,
    });
    expect(await kinds('rejected', 'rejected/x', body)).toEqual([]);
    await expect(kinds('rejected', 'rejected/x', 'nonsense')).rejects.toThrow('it is not JSON');
  });
});

describe('late records', () => {
  it('are those of the rejected objects that say so', async () => {
    const line = (reason: string, value: unknown): string =>
      JSON.stringify({ reason, source: `${READINGS} 1`, receivedMillis: ARRIVAL, base64: base64(value) });
    const body = `${line('late', reading)}\n${line('not-json', '{bad')}\n`;
    expect(await kinds('late', 'rejected/x', body)).toEqual(['s1']);
    expect(await kinds('rejected', 'rejected/x', body)).toEqual(['s1', 'not-json']);
  });
});

describe('failed objects', () => {
  const event = (streamArn: string, ...data: unknown[]) => ({
    version: '1.0',
    KinesisBatchInfo: { streamArn },
    payload: JSON.stringify({
      Records: data.map((each, i) => ({
        eventSourceARN: streamArn,
        kinesis: {
          data: base64(each),
          sequenceNumber: String(i),
          approximateArrivalTimestamp: ARRIVAL / 1000,
        },
      })),
    }),
  });

  it('hold batches of the readings stream', async () => {
    const messages = await found(
      'failed',
      'aws/lambda/x',
      JSON.stringify(event(READINGS, reading, '{bad'), null, 1),
    );
    expect(messages.map(({ is }) => is)).toEqual(['s1', 'not-json']);
    expect(messages[0]).toMatchObject({ timeMillis: ARRIVAL, text: JSON.stringify(reading) });
    expect(await kinds('failed', 'aws/lambda/x', JSON.stringify(event(WINDOWS, reading)))).toEqual([]);
  });

  it('hold packed publishes that ingest-batch gave up on, and events of schedules', async () => {
    const packed = { readings: [{ sensor: 'temperature', sensor_id: 's2', ...payload }] };
    const requestPayload = { topic: 'weather/WA/Seattle/st/batch', payload: base64(packed) };
    expect(await kinds('failed', 'aws/lambda/async/x', JSON.stringify({ requestPayload }))).toEqual(['s2']);
    const scheduled = { requestPayload: { time: '2026-11-21T00:00:00Z' } };
    expect(await kinds('failed', 'aws/lambda/async/x', JSON.stringify(scheduled))).toEqual([]);
  });

  it('hold publishes whose rule action failed', async () => {
    const topic = 'weather/WA/Seattle/st/temperature/s9';
    const document = { ruleName: 'telemetry', topic, base64OriginalPayload: base64(payload), failures: [] };
    const [message] = await found('failed', 'failed/rules/x', JSON.stringify(document));
    expect(message!.decoded).toEqual({
      ok: true,
      value: { ...reading, sensor_id: 's9' },
    });
  });
});
