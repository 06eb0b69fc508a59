import { gzipSync } from 'node:zlib';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerReport } from '../../src/local/ledger.ts';
import type { MesonetOptions } from '../../src/local/start-mesonet.ts';
import {
  eventually,
  payloadOf,
  projectFolder,
  RunningPipeline,
  topicOf,
} from './running-pipeline.test-support.ts';

interface WindowRow {
  readonly sensor_id: string;
  readonly time: number;
  readonly window_end: number;
  readonly avg: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly count: number;
  readonly final: boolean;
}

const stageOf = (ledger: LedgerReport, name: string): LedgerReport['stages'][number] | undefined =>
  ledger.stages.find(({ stage }) => stage === name);

function expectBalanced(ledger: LedgerReport): void {
  for (const { stage, in: taken, out, dropped, inFlight } of ledger.stages) {
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    expect(taken, stage).toBe(out + lost + inFlight);
    expect(inFlight, `${stage} in flight`).toBeGreaterThanOrEqual(0);
  }
}

describe.each<[string, Partial<MesonetOptions>]>([
  ['with handlers reaching the streams in process', {}],
  ['with everything through the SDK serialisers and HTTP', { strict: true }],
  ['with the windows inside their function, as on AWS', { windows: 'lambda' }],
])('the pipeline %s', (_, options) => {
  let pipeline: RunningPipeline;
  let device: MqttClient;

  beforeAll(async () => {
    pipeline = await RunningPipeline.start(options);
    device = await pipeline.connect();
  }, 60_000);
  afterAll(() => pipeline.end());

  it('takes one reading from a device to the latest value, the samples and the live ledger', async () => {
    const time = pipeline.nowMillis;
    await device.publishAsync(topicOf('one'), payloadOf(12.5, time), { qos: 1 });
    const latest = await eventually(
      () => fetch(`${pipeline.mesonet.http}/v1/sensors/one/latest`),
      ({ status }) => status === 200,
    );
    expect(await latest.json()).toMatchObject({
      sensor_id: 'one',
      station_id: 'stA',
      state: 'WA',
      city: 'Seattle',
      time,
      value: 12.5,
    });
    const samples = await eventually(
      () => pipeline.get<object[]>(`/v1/sensors/one/samples?from=${time - 1000}&to=${time + 1000}`),
      (rows) => rows.length > 0,
    );
    expect(samples).toMatchObject([{ sensor_id: 'one', time, value: 12.5 }]);
    const ledger = await pipeline.get<LedgerReport>('/v1/ledger');
    expect(stageOf(ledger, 'rule telemetry')?.out).toBeGreaterThanOrEqual(1);
    expectBalanced(ledger);
  });

  it('unpacks packed and gzip publishes into the same stream', async () => {
    const time = pipeline.nowMillis;
    const readings = ['p1', 'p2', 'p3'].map((sensor_id, index) => ({
      sensor: 'humidity',
      sensor_id,
      sensor_timestamp: time + index,
      sensor_value: 40 + index,
    }));
    await device.publishAsync(
      'weather/NY/Albany/stB/batch',
      JSON.stringify({ readings: readings.slice(0, 2) }),
      { qos: 1 },
    );
    await device.publishAsync(
      'weather/NY/Albany/stB/batch',
      gzipSync(JSON.stringify({ readings: readings.slice(2) })),
      { qos: 1 },
    );
    const rows = await eventually(
      () => pipeline.get<{ sensor_id: string; latest_value: number }[]>('/v1/sensors?station_id=stB'),
      ({ length }) => length === 3,
    );
    expect(rows.map(({ sensor_id, latest_value }) => [sensor_id, latest_value])).toEqual([
      ['p1', 40],
      ['p2', 41],
      ['p3', 42],
    ]);
  });

  it('closes the 60-second window with the reference columns, once, and serves it', async () => {
    const start = Math.ceil((pipeline.nowMillis + 1) / 60_000) * 60_000;
    pipeline.putClockForward(start + 1000 - pipeline.nowMillis);
    for (const value of [1, 2, 6]) {
      await device.publishAsync(topicOf('win'), payloadOf(value, pipeline.nowMillis), { qos: 1 });
    }
    pipeline.putClockForward(61_000);
    const [row] = await eventually(
      () =>
        pipeline.get<WindowRow[]>(`/v1/windows?sensor_id=win&from=${start - 60_000}&to=${start + 120_000}`),
      (rows) => rows.length > 0,
    );
    expect(row).toMatchObject({
      time: start,
      window_end: start + 60_000,
      avg: 3,
      min: 1,
      max: 6,
      sum: 9,
      count: 3,
      final: true,
    });
  });

  it('raises one alert when a window crosses a threshold', async () => {
    const start = Math.ceil((pipeline.nowMillis + 1) / 60_000) * 60_000;
    pipeline.putClockForward(start + 1000 - pipeline.nowMillis);
    await device.publishAsync(topicOf('hot'), payloadOf(55, pipeline.nowMillis), { qos: 1 });
    pipeline.putClockForward(61_000);
    const alerts = await eventually(
      () => pipeline.get<{ sensor_id: string; kind: string }[]>('/v1/alerts'),
      (rows) => rows.some(({ sensor_id }) => sensor_id === 'hot'),
    );
    expect(alerts.filter(({ sensor_id }) => sensor_id === 'hot')).toMatchObject([{ kind: 'above' }]);
  });

  it('keeps a device configuration behind the token', async () => {
    const url = `${pipeline.mesonet.http}/v1/devices/d1/config`;
    const body = JSON.stringify({ sampling_interval_seconds: 5, enabled: true });
    const refused = await fetch(url, {
      method: 'PUT',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(refused.status).toBe(401);
    const accepted = await fetch(url, {
      method: 'PUT',
      body,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${pipeline.mesonet.token}` },
    });
    expect(accepted.status).toBe(200);
    expect(await pipeline.get('/v1/devices/d1/config')).toMatchObject({
      device_id: 'd1',
      sampling_interval_seconds: 5,
    });
  });
});

describe('bad input', () => {
  let pipeline: RunningPipeline;
  beforeAll(async () => {
    pipeline = await RunningPipeline.start();
  }, 60_000);
  afterAll(() => pipeline.end());

  const ledger = (): Promise<LedgerReport> => pipeline.get<LedgerReport>('/v1/ledger');
  const total = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((sum, count) => sum + count, 0);

  it.each([
    ['malformed JSON', topicOf('bad'), '{"sensor_value":'],
    ['a number that JSON has not', topicOf('bad'), '{"sensor_timestamp":1,"sensor_value":NaN}'],
    ['a wrong type', topicOf('bad'), '{"sensor_timestamp":1,"sensor_value":{"a":1}}'],
    ['bad UTF-8', topicOf('bad'), Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['120 KB of nesting', topicOf('bad'), '['.repeat(120_000)],
    ['a wrong topic depth', 'weather/WA/Seattle', payloadOf(1, 1)],
    ['a topic of nobody', 'elsewhere/1', payloadOf(1, 1)],
    [
      'a prototype key instead of a value',
      topicOf('bad'),
      '{"sensor_timestamp":1,"__proto__":{"sensor_value":1}}',
    ],
  ])('counts %s as filtered, with a reason', async (_, topic, payload) => {
    const before = await ledger();
    const device = await pipeline.connect();
    await device.publishAsync(topic, payload, { qos: 1 });
    const after = await ledger();
    expect(total(after.filtered)).toBe(total(before.filtered) + 1);
    expectBalanced(after);
    expect(({} as Record<string, unknown>).sensor_value).toBeUndefined();
  });

  it.each([
    ['a payload of 128 KiB and a byte', topicOf('big'), 'x'.repeat(128 * 1024 + 1)],
    ['more than 7 slashes', 'weather/a/b/c/d/e/f/g/h', payloadOf(1, 1)],
    ['a reserved topic', '$aws/things/x/shadow/update/accepted', '{}'],
  ])('refuses %s and says so', async (_, topic, payload) => {
    const before = await ledger();
    const device = await pipeline.connect();
    const closed = new Promise<void>((resolve) => device.once('close', () => resolve()));
    device.publish(topic, payload, { qos: 1 });
    await closed;
    const after = await eventually(ledger, ({ refused }) => total(refused) > total(before.refused));
    expect(total(after.filtered)).toBe(total(before.filtered));
    expectBalanced(after);
  });

  it.each([
    ['a negative timestamp', -5],
    ['a timestamp two days ahead', Date.now() + 2 * 86_400_000],
  ])('rejects %s with its bytes kept', async (_, time) => {
    const before = await ledger();
    const device = await pipeline.connect();
    await device.publishAsync(topicOf('odd'), payloadOf(1, time), { qos: 1 });
    const after = await eventually(ledger, ({ rejected }) => total(rejected) > total(before.rejected));
    expectBalanced(after);
  });

  it('goes on serving after all of it', async () => {
    const device = await pipeline.connect({ protocolVersion: 5 });
    await device.publishAsync(topicOf('fine'), payloadOf(3, pipeline.nowMillis), { qos: 1 });
    await eventually(
      () => fetch(`${pipeline.mesonet.http}/v1/sensors/fine/latest`),
      ({ status }) => status === 200,
    );
  });

  it('refuses a Host that is not this machine, and writes without the token', async () => {
    const { http } = pipeline.mesonet;
    const status = await statusWithHost(http, 'evil.example');
    expect(status).toBe(421);
    expect((await fetch(`${http}/v1/health`)).status).toBe(200);
    expect((await fetch(`${http}/v1/devices/x/config`, { method: 'PUT', body: '{}' })).status).toBe(401);
  });
});

describe('state', () => {
  it.each(['embedded', 'lambda'] as const)('survives a restart, windows %s', async (windows) => {
    const pipeline = await RunningPipeline.start({ windows });
    try {
      const device = await pipeline.connect();
      const start = Math.ceil((pipeline.nowMillis + 1) / 60_000) * 60_000;
      pipeline.putClockForward(start + 1000 - pipeline.nowMillis);
      for (let i = 0; i < 5; i += 1) {
        await device.publishAsync(topicOf('keep'), payloadOf(i, pipeline.nowMillis), { qos: 1 });
      }
      const { token } = pipeline.mesonet;
      const { accepted } = pipeline.mesonet.ledger();
      await pipeline.restart();
      expect(pipeline.mesonet.token).toBe(token);
      expect(pipeline.mesonet.ledger().accepted).toBe(accepted);
      const again = await pipeline.connect();
      await again.publishAsync(topicOf('keep'), payloadOf(5, pipeline.nowMillis), { qos: 1 });
      pipeline.putClockForward(61_000);
      const rows = await eventually(
        () =>
          pipeline.get<WindowRow[]>(
            `/v1/windows?sensor_id=keep&from=${start - 60_000}&to=${start + 120_000}`,
          ),
        ({ length }) => length > 0,
      );
      expect(rows).toMatchObject([{ time: start, count: 6, sum: 15, min: 0, max: 5 }]);
    } finally {
      await pipeline.end();
    }
  });

  it('is refused to a second runtime', async () => {
    const pipeline = await RunningPipeline.start();
    try {
      const { startMesonet } = await import('../../src/local/start-mesonet.ts');
      const second = startMesonet({
        projectFolder,
        dataFolder: pipeline.folder,
        version: 'test',
        mqttPort: 0,
        httpPort: 0,
        awsPort: 0,
      });
      await expect(second).rejects.toThrow('another runtime is using it');
    } finally {
      await pipeline.end();
    }
  });
});

/** fetch() does not let the Host header be chosen. */
async function statusWithHost(url: string, host: string): Promise<number | undefined> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/v1/health`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.once('error', reject);
    asked.end();
  });
}
