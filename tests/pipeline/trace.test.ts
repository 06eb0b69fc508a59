import { gzipSync } from 'node:zlib';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMesonet } from '../../src/cli/rule/run-mesonet.test-support.ts';
import type { TraceReport } from '../../src/local/trace/message-tracer.ts';
import type { MessageTrace, TraceStep } from '../../src/local/trace/trace-step.ts';
import { eventually, payloadOf, RunningPipeline, topicOf } from './running-pipeline.test-support.ts';

const batchTopic = 'weather/NY/Albany/stB/batch';
const readingOf = (sensor_id: string, sensor_timestamp: number, sensor_value: unknown = 40): object => ({
  sensor: 'humidity',
  sensor_id,
  sensor_timestamp,
  sensor_value,
});

/** Names that objects have for their own. */
const names = ['__proto__', 'constructor', 'toString'];

/** Every place of a trace, in order. */
function placesOf(steps: readonly TraceStep[]): readonly TraceStep[] {
  return steps.flatMap((step) => [step, ...placesOf(step.steps ?? [])]);
}

function placeOf(message: MessageTrace, kind: TraceStep['kind'], pattern: RegExp): TraceStep {
  const places = placesOf(message.steps);
  const place = places.find((step) => step.kind === kind && pattern.test(step.text));
  if (!place) throw new Error(`No ${kind} like ${pattern} in:\n${places.map(({ text }) => text).join('\n')}`);
  return place;
}

describe('the trace of a message', () => {
  let pipeline: RunningPipeline;
  let device: MqttClient;
  let time: number;

  /** At once, because the function that stores them gathers readings for some seconds. */
  async function publishAll(): Promise<void> {
    const readings = [readingOf('p1', time), readingOf('p2', time + 1), readingOf('p3', time, 'wet')];
    await publish(batchTopic, gzipSync(JSON.stringify({ readings })));
    await publish(topicOf('slow'), payloadOf(1, time));
    await publish(topicOf('slow'), payloadOf(2, time - 7_200_000));
    await publish(topicOf('ahead'), payloadOf(1, time + 3 * 86_400_000));
    for (const name of names) await publish(topicOf(name), payloadOf(1, time));
  }

  beforeAll(async () => {
    pipeline = await RunningPipeline.start();
    device = await pipeline.connect({ clientId: 'device-1' });
    time = pipeline.nowMillis;
    await publishAll();
  }, 60_000);
  afterAll(() => pipeline.end());

  const trace = (query: Record<string, string>): Promise<TraceReport> =>
    pipeline.get<TraceReport>(`/v1/trace?${new URLSearchParams(query)}`);
  const publish = (topic: string, payload: string | Buffer): Promise<unknown> =>
    device.publishAsync(topic, payload, { qos: 1 });
  const settled = (query: Record<string, string>): Promise<MessageTrace> =>
    eventually(
      async () => (await trace(query)).messages[0]!,
      (message) => message !== undefined && message.state !== 'waiting',
    );

  it('follows a good reading to its shard, its stores and its window', async () => {
    const start = Math.ceil((pipeline.nowMillis + 1) / 60_000) * 60_000;
    pipeline.putClockForward(start + 1000 - pipeline.nowMillis);
    const sent = payloadOf(12.5, pipeline.nowMillis);
    await publish(topicOf('good'), sent);
    const stored = await settled({ sensor: 'good' });
    expect(stored).toMatchObject({ topic: topicOf('good'), clientId: 'device-1', state: 'passed' });
    expect(stored.payload).toBe(sent);
    expect(placeOf(stored, 'where', /sensor_value/)).toMatchObject({ state: 'passed' });
    const record = placeOf(stored, 'record', /readings/);
    expect(record.data).toMatchObject({ shardId: 'shardId-000000000000', partitionKey: 'good' });
    expect(record.data!.sequenceNumber).toMatch(/^\d{56}$/);
    const item = placeOf(stored, 'item', /readings-\d{4}-W\d\d/);
    expect(item).toMatchObject({ state: 'passed', data: { sensor_id: 'good' } });
    expect(placeOf(stored, 'item', /latest/)).toMatchObject({ state: 'passed', data: { isNewest: true } });
    const open = placeOf(stored, 'window', /is open, closes in/);
    expect(open).toMatchObject({ state: 'waiting', data: { windowEndMillis: start + 60_000, open: true } });

    pipeline.putClockForward(61_000);
    const closed = await eventually(
      async () => (await trace({ sensor: 'good' })).messages[0]!,
      (message) =>
        placesOf(message.steps).some(
          ({ kind, state, text }) => kind === 'item' && state === 'passed' && /windows/.test(text),
        ),
    );
    expect(placeOf(closed, 'window', /closed/).data).toMatchObject({
      windowEndMillis: start + 60_000,
      open: false,
    });
    expect(placeOf(closed, 'item', /windows/).data).toMatchObject({ window_end_millis: start + 60_000 });
  });

  it('names the part of WHERE that was not true', async () => {
    await publish(
      topicOf('filtered'),
      JSON.stringify({ sensor_timestamp: pipeline.nowMillis, sensor_value: 'much' }),
    );
    const { messages } = await trace({ sensor: 'filtered' });
    expect(messages[0]).toMatchObject({
      state: 'stopped',
      summary: 'rule telemetry: WHERE NOT isUndefined(cast(sensor_value AS float)) is false',
    });
    expect(placeOf(messages[0]!, 'where', /sensor_timestamp/).state).toBe('passed');
    expect(placeOf(messages[0]!, 'where', /sensor_value/).state).toBe('stopped');
  });

  it('names the filters when no rule matches the topic', async () => {
    await publish('weather/WA/Seattle', '{}');
    const { messages } = await trace({ topic: 'weather/WA/Seattle' });
    expect(messages[0]).toMatchObject({ state: 'stopped', summary: 'no rule matches the topic' });
    placeOf(messages[0]!, 'filter', /rule telemetry: FROM 'weather\/\+\/\+\/\+\/\+\/\+' does not match/);
    await publish('$aws/rules/nowhere/a', '{}');
    expect((await trace({ topic: '$aws/rules/nowhere/a' })).messages[0]!.summary).toBe(
      "Basic Ingest names the rule 'nowhere', which there is not",
    );
  });

  it('says of a malformed payload that it is none, and shows its bytes', async () => {
    await publish(topicOf('broken'), '{"sensor_value":');
    await publish(topicOf('broken'), Buffer.from([0xff, 0xfe, 0x00]));
    const [bytes, text] = (await trace({ sensor: 'broken' })).messages;
    expect(text).toMatchObject({ state: 'stopped', payload: '{"sensor_value":', payloadEncoding: 'text' });
    expect(text!.summary).toContain('the payload is not JSON');
    placeOf(text!, 'payload', /line|position|end/i);
    expect(bytes).toMatchObject({ payload: '//4A', payloadEncoding: 'base64', state: 'stopped' });
  });

  it('follows the readings of a packed gzip publish, and the one that is rejected', async () => {
    const stored = await settled({ sensor: 'p2' });
    expect(stored).toMatchObject({ topic: batchTopic, state: 'passed' });
    expect(placeOf(stored, 'record', /readings/).data).toMatchObject({ partitionKey: 'p2' });
    expect(placeOf(stored, 'item', /readings-/).data).toMatchObject({ sensor_id: 'p2' });
    expect(placesOf(stored.steps).some(({ text }) => /p1|p3/.test(text))).toBe(false);

    const rejected = await settled({ sensor: 'p3' });
    expect(rejected.state).toBe('stopped');
    expect(rejected.summary).toMatch(/^readings\[2\] rejected, wrong-type: "sensor_value" is a string/);
    placeOf(rejected, 'object', /^kept as s3:\/\/.*\/rejected\/.*\/ingest-batch\/mqtt-/);
    const whole = (await trace({ topic: batchTopic })).messages.at(-1)!;
    expect(placesOf(whole.steps).filter(({ kind }) => kind === 'reading')).toHaveLength(3);
  });

  it('says of a packed publish that cannot be unpacked why, and which object keeps it', async () => {
    const bytes = gzipSync('{"readings":[]}').subarray(0, 20);
    await publish('weather/NY/Albany/stC/batch', bytes);
    const stopped = await eventually(
      async () => (await trace({ topic: 'weather/NY/Albany/stC/batch' })).messages[0]!,
      ({ steps }) => placesOf(steps).some(({ kind }) => kind === 'object'),
    );
    expect(stopped.summary).toBe(
      'action Lambda, function ingest-batch rejected it, bad-gzip: the gzip data is broken',
    );
  });

  it('shows that a reading of long ago is stored, but is not the latest', async () => {
    const late = await settled({ sensor: 'slow', limit: '1' });
    expect(late).toMatchObject({ state: 'passed', payload: payloadOf(2, time - 7_200_000) });
    expect(placeOf(late, 'item', /latest/)).toMatchObject({
      state: 'passed',
      data: { isNewest: false, newestMillis: time },
    });
  });

  it('names the function that rejected a reading, the reason and the object that keeps it', async () => {
    const rejected = await settled({ sensor: 'ahead' });
    expect(rejected.state).toBe('stopped');
    expect(rejected.summary).toMatch(
      /^function store-readings rejected it, timestamp-ahead: .* 7[12] hours after/,
    );
    placeOf(
      rejected,
      'object',
      /rejected\/date=.*\/store-readings\/shardId-000000000000-\d{56}-\d{56}\.json/,
    );
  });

  it('finds a reading by its event id, derived or given by the device, packed too', async () => {
    await publish(topicOf('event'), payloadOf(7, time));
    await publish(topicOf('event'), payloadOf(8, time, { device_id: 'd/1', boot_id: 'b2', sequence: 3 }));
    await publish(
      batchTopic,
      JSON.stringify({
        readings: [{ ...readingOf('p9', time), device_id: 'd9', boot_id: 'b', sequence: 1 }],
      }),
    );
    const given = await trace({ event: 'd%2F1/b2/3' });
    expect(given.messages.map(({ payload }) => JSON.parse(payload).sensor_value)).toEqual([8]);
    const packed = await trace({ event: 'd9/b/1' });
    expect(packed.messages.map(({ topic }) => topic)).toEqual([batchTopic]);
    const all = (await trace({ sensor: 'event' })).messages;
    const { eventId } = placeOf(all[1]!, 'record', /readings/).data!;
    const derived = await trace({ event: String(eventId) });
    expect(derived.messages.map(({ payload }) => JSON.parse(payload).sensor_value)).toEqual([7]);
  });

  it('gives equal messages a record each', async () => {
    const payload = payloadOf(5, pipeline.nowMillis);
    await Promise.all([1, 2, 3].map(() => publish(topicOf('twin'), payload)));
    const { messages } = await trace({ sensor: 'twin' });
    const numbers = messages.map((message) => placeOf(message, 'record', /readings/).data!.sequenceNumber);
    expect(new Set(numbers).size).toBe(3);
    expect(numbers).toEqual([...numbers].sort().reverse());
  });

  it('keeps what the broker refused, with the reason', async () => {
    const other = await pipeline.connect({ clientId: 'device-2' });
    const topic = 'a/b/c/d/e/f/g/h/i/j';
    await other.publishAsync(topic, 'x', { qos: 0 });
    const refused = await eventually(
      async () => (await trace({ topic: 'a/#' })).messages,
      (messages) => messages.length > 0,
    );
    expect(refused[0]).toMatchObject({ topic, clientId: 'device-2', state: 'stopped', payloadBytes: 1 });
    expect(refused[0]!.summary).toContain('refused by the broker: topic with more than 7 slashes');
  });

  it('takes sensors whose names objects have for their own as any other', async () => {
    for (const name of names) {
      const stored = await settled({ sensor: name });
      expect(stored).toMatchObject({ topic: topicOf(name), state: 'passed' });
      expect(placeOf(stored, 'item', /readings-/).data).toMatchObject({ sensor_id: name });
    }
    expect(({} as Record<string, unknown>).sensor_id).toBeUndefined();
  });

  it('says what it does not know, and refuses what it cannot read', async () => {
    expect(await trace({ sensor: 'godo' })).toMatchObject({
      messages: [],
      message: 'No message of sensor \'godo\' is known, did you mean "good"?',
    });
    const response = await fetch(`${pipeline.mesonet.http}/v1/trace?sensor=a&topic=b`);
    expect([response.status, await response.json()]).toEqual([
      400,
      { message: 'Cannot trace: give exactly one of sensor, topic and event' },
    ]);
  });

  it('is printed by mesonet trace, for people and for programs', async () => {
    const ask = (...args: string[]) => runMesonet(['trace', ...args, '--url', pipeline.mesonet.http]);
    const { code, stdout } = await ask('--sensor', 'filtered');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^weather\/WA\/Seattle\/stA\/temperature\/filtered\n {2}\d{4}-.* UTC, \d+ bytes\n/,
    );
    expect(stdout).toContain(
      '\n    ✗ WHERE NOT isUndefined(cast(sensor_value AS float)) is false (sensor_value is "much")\n',
    );
    expect(stdout).toMatch(/\n {2}✗ STOPPED: rule telemetry: WHERE NOT .* is false\n$/);
    const asData = await ask('--topic', 'weather/#', '--last', '2', '--json');
    expect((JSON.parse(asData.stdout) as TraceReport).messages).toHaveLength(2);
    expect(await ask('--sensor', 'godo')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'No message of sensor \'godo\' is known, did you mean "good"?\n',
    });
  });

  it('answers many who ask at once, or asks them to come again', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => fetch(`${pipeline.mesonet.http}/v1/trace?topic=%23&limit=50`)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
  });

  it('keeps messages until the runtime stops, and then says since when it does', async () => {
    await pipeline.restart();
    const { messages, message } = await trace({ sensor: 'good' });
    expect(messages).toEqual([]);
    expect(message).toMatch(
      /^No message of sensor 'good' is kept any more: its newest stored reading is of .* UTC; messages are kept since /,
    );
    device = await pipeline.connect({ clientId: 'device-1' });
    await publish(topicOf('good'), payloadOf(3, pipeline.nowMillis));
    expect(await settled({ sensor: 'good' })).toMatchObject({ state: 'passed' });
  });
});
