import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { Reading } from '../../src/telemetry/reading.ts';
import { ConnectError, SimulatorOptionError } from '../device-error.ts';
import { startBroker, type TestBroker, type TestBrokerOptions } from '../start-broker.test-support.ts';
import { NO_FAULTS } from './faults.ts';
import { type Simulator, startSimulator } from './start-simulator.ts';

const open: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource.stop();
});

async function broker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const started = await startBroker(options);
  open.push(started);
  return started;
}

function simulate(options: Parameters<typeof startSimulator>[0]): Simulator {
  const simulator = startSimulator(options);
  open.push({ stop: () => simulator.stop().catch(() => {}) });
  return simulator;
}

/** Holds acknowledgements back until it is opened. */
function closedGate() {
  const waiting: (() => void)[] = [];
  let isOpen = false;
  return {
    pass: () => new Promise<void>((go) => (isOpen ? go() : waiting.push(go))),
    open: () => {
      isOpen = true;
      for (const go of waiting) go();
    },
  };
}

type Arrived = Partial<Reading> & { readonly topic: string };

/** Every reading that reached the broker, packed or not. */
function readingsOf({ received }: TestBroker): Arrived[] {
  return received.flatMap(({ topic, payload }) => {
    const text = payload[0] === 0x1f ? gunzipSync(payload) : payload;
    const value = JSON.parse(String(text));
    return topic.endsWith('/batch')
      ? value.readings.map((reading: object) => ({ topic, ...reading }))
      : [{ topic, ...value }];
  });
}

describe('a simulator', () => {
  test.each([
    ['one by one', {}],
    ['over MQTT 5', { mqttVersion: 5 as const }],
    ['packed', { packed: true, rate: 20 }],
    ['packed and gzipped', { packed: true, gzip: true, rate: 20 }],
    ['partly late', { faults: { ...NO_FAULTS, late: { fraction: 0.3, maxSeconds: 2 } } }],
  ])('publishes exactly the readings asked for, %s, and each is acknowledged', async (_, options) => {
    const mqtt = await broker();
    const simulator = simulate({
      url: mqtt.url,
      stations: 8,
      rate: 10,
      count: 333,
      identity: true,
      ...options,
    });
    const summary = await simulator.finished;
    const readings = readingsOf(mqtt);
    expect(readings).toHaveLength(333);
    expect(new Set(readings.map(({ device_id, sequence }) => `${device_id} ${sequence}`)).size).toBe(333);
    expect(new Set(readings.map(({ boot_id }) => boot_id)).size).toBe(1);
    expect(summary).toMatchObject({
      sent: 333,
      acknowledged: 333,
      unacknowledged: 0,
      failed: 0,
      missed: 0,
      held: 0,
    });
    expect(summary.publishes).toBe(mqtt.received.length);
    expect(summary.connections).toBe(8);
    expect(summary.ackMillisP50).toBeGreaterThan(0);
    expect(summary.late > 0).toBe('faults' in options);
  });

  test('gives every sensor its readings at its rate, on its own topic', async () => {
    const mqtt = await broker();
    await simulate({ url: mqtt.url, stations: 3, rate: 10, durationSeconds: 1 }).finished;
    const times = new Map<string, number[]>();
    for (const { topic, sensor_timestamp = Number.NaN } of readingsOf(mqtt))
      times.set(topic, [...(times.get(topic) ?? []), sensor_timestamp]);
    expect(times.size).toBe(15);
    for (const [topic, timestamps] of times) {
      expect(topic).toMatch(
        /^weather\/[A-Z]{2}\/[^/]+\/\w{10}\/(temperature|humidity|pressure|wind_speed|rainfall)\/\w{10}$/,
      );
      expect(timestamps).toHaveLength(10);
      for (const [index, timestamp] of timestamps.slice(1).entries())
        expect(Math.abs(timestamp - (timestamps[index] ?? 0) - 100)).toBeLessThanOrEqual(1);
    }
  });

  test.each([
    ['one by one', false, /^\$aws\/rules\/telemetry\/weather\/[^/]+\/[^/]+\/\w{10}\/\w+\/\w{10}$/],
    ['packed', true, /^\$aws\/rules\/telemetry_batch\/weather\/[^/]+\/[^/]+\/\w{10}\/batch$/],
  ])('publishes on the topics of Basic Ingest when asked, %s', async (_, packed, topics) => {
    const mqtt = await broker();
    await simulate({ url: mqtt.url, stations: 2, count: 20, basicIngest: true, packed }).finished;
    expect(readingsOf(mqtt)).toHaveLength(20);
    for (const { topic } of mqtt.received) expect(topic).toMatch(topics);
  });

  test('counts what a skewed clock stamped', async () => {
    const mqtt = await broker();
    const startMillis = Date.now();
    const faults = { ...NO_FAULTS, skew: { fraction: 0.5, maxSeconds: 600 } };
    const { skewed } = await simulate({ url: mqtt.url, stations: 20, rate: 2, count: 200, faults }).finished;
    const off = readingsOf(mqtt).filter(
      ({ sensor_timestamp = 0 }) =>
        sensor_timestamp < startMillis - 900 || sensor_timestamp > Date.now() + 900,
    );
    expect(off).toHaveLength(skewed);
    expect(skewed).toBeGreaterThan(0);
    expect(skewed).toBeLessThan(200);
  });

  test('never has more unacknowledged than allowed', async () => {
    const gate = closedGate();
    const mqtt = await broker({ accept: gate.pass });
    const simulator = simulate({ url: mqtt.url, stations: 10, rate: 100, maxUnacknowledged: 40 });
    await expect.poll(() => mqtt.received.length).toBe(40);
    await new Promise((later) => setTimeout(later, 300));
    expect(simulator.summary()).toMatchObject({ sent: 40, acknowledged: 0, unacknowledged: 40 });
    expect(mqtt.received).toHaveLength(40);
    gate.open();
    await expect.poll(() => simulator.summary().acknowledged).toBeGreaterThan(40);
  });

  test('misses what is too old when a slow broker takes readings again', async () => {
    const gate = closedGate();
    const mqtt = await broker({ accept: gate.pass });
    const simulator = simulate({
      url: mqtt.url,
      stations: 1,
      rate: 20,
      maxUnacknowledged: 10,
      maxLagSeconds: 1,
    });
    await expect.poll(() => simulator.summary().unacknowledged).toBe(10);
    await new Promise((later) => setTimeout(later, 1500));
    gate.open();
    await expect.poll(() => simulator.summary().missed).toBeGreaterThan(0);
    const summary = await simulator.stop();
    expect(summary).toMatchObject({ unacknowledged: 0, failed: 0 });
    expect(summary.sent).toBe(mqtt.received.length);
  });

  test('stops when told, with everything sent acknowledged', async () => {
    const mqtt = await broker();
    const simulator = simulate({
      url: mqtt.url,
      stations: 5,
      rate: 50,
      faults: { ...NO_FAULTS, late: { fraction: 0.5, maxSeconds: 600 } },
    });
    await expect.poll(() => simulator.summary().held).toBeGreaterThan(50);
    const summary = await simulator.stop();
    expect(summary).toMatchObject({ unacknowledged: 0, failed: 0, held: 0, missed: 0 });
    expect(readingsOf(mqtt)).toHaveLength(summary.sent);
    expect(simulator.summary()).toEqual({ ...summary, lastSecond: expect.any(Number) });
  });

  test('lives through a broker that restarts on the same port, and loses nothing acknowledged', async () => {
    const first = await startBroker();
    const simulator = simulate({ url: first.url, stations: 4, rate: 20 });
    await expect.poll(() => simulator.summary().acknowledged).toBeGreaterThan(50);
    await first.stop();
    const second = await broker({ port: first.port });
    await expect.poll(() => second.received.length, { timeout: 10_000 }).toBeGreaterThan(100);
    const summary = await simulator.stop();
    expect(summary).toMatchObject({ unacknowledged: 0, failed: 0, missed: 0 });
    expect(summary.reconnects).toBeGreaterThanOrEqual(4);
    const arrived = new Set(
      [first, second].flatMap(({ received }) => received.map(({ payload, topic }) => topic + payload)),
    );
    expect(arrived.size).toBe(summary.sent);
  });

  test('claims no acknowledgements with QoS 0', async () => {
    const mqtt = await broker();
    const summary = await simulate({ url: mqtt.url, stations: 2, rate: 50, count: 100, qos: 0 }).finished;
    expect(summary).toMatchObject({
      sent: 100,
      acknowledged: null,
      unacknowledged: null,
      ackMillisP50: null,
    });
    await expect.poll(() => mqtt.received.length).toBe(100);
  });

  test('says that it cannot connect, and refuses wrong options at once', async () => {
    const { url, stop } = await startBroker();
    await stop();
    await expect(startSimulator({ url }).finished).rejects.toThrow(ConnectError);
    expect(() => startSimulator({ stations: -1 })).toThrow(SimulatorOptionError);
  });
});
