import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { Reading } from '../../src/telemetry/reading.ts';
import { ClockError, DeviceError, SpoolFullError } from '../device-error.ts';
import { ShadowService } from '../shadow-service.test-support.ts';
import { startBroker, type TestBroker, type TestBrokerOptions } from '../start-broker.test-support.ts';
import { connectWithMqtt } from './connect-with-mqtt.ts';
import { DeviceClient, type DeviceClientOptions, type Measurement } from './device-client.ts';
import { transportsHere } from './transports.test-support.ts';

const STATION = { state: 'WA', city: 'Seattle', station_id: 'roof' };
const TEMPERATURE: Measurement = { sensor: 'temperature', sensor_id: 'roof-t', sensor_value: 18.2 };
const PACKING = { readings: 5, millis: 60_000, gzip: false };

const open: { stop(): Promise<unknown> }[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function broker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const started = await startBroker(options);
  open.push(started);
  return started;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mesonet-device-'));
  folders.push(folder);
  return folder;
}

type Options = Partial<DeviceClientOptions> & { readonly url: string; readonly folder?: string };

async function start({ url, folder = newFolder(), ...options }: Options): Promise<DeviceClient> {
  const client = await DeviceClient.start({
    endpoint: { url },
    transport: connectWithMqtt,
    deviceId: 'roof',
    station: STATION,
    spool: { folder },
    durability: 'process',
    shadow: 'none',
    ...options,
  });
  open.push({ stop: () => client.stop() });
  return client;
}

type Arrived = Partial<Reading> & { readonly topic: string };

/** Every reading that reached the broker, packed or not, as often as it came. */
function readingsOf({ received }: TestBroker): Arrived[] {
  return received
    .filter(({ topic }) => !topic.startsWith('$aws/things/'))
    .flatMap(({ topic, payload }) => {
      const value = JSON.parse(String(payload[0] === 0x1f ? gunzipSync(payload) : payload));
      return topic.endsWith('/batch')
        ? value.readings.map((reading: object) => ({ topic, ...reading }))
        : [{ topic, ...value }];
    });
}

function identityOf({ device_id, boot_id, sequence }: Arrived): string {
  return `${device_id}/${boot_id}/${sequence}`;
}

async function recordMany(client: DeviceClient, from: number, to: number): Promise<void> {
  for (let value = from; value < to; value++) await client.record({ ...TEMPERATURE, sensor_value: value });
}

/** Values in the order in which each came for the first time. */
function firstValues(brokers: readonly TestBroker[]): number[] {
  return [...new Set(brokers.flatMap(readingsOf).map(({ sensor_value }) => sensor_value as number))];
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe.each(await transportsHere())('a device over $name', ({ create }) => {
  test('delivers what it records, straight to the rule, with an identity that counts up', async () => {
    const mqtt = await broker();
    const client = await start({ url: mqtt.url, transport: await create() });
    const identity = await client.record(TEMPERATURE);
    await recordMany(client, 0, 3);
    expect(await client.drained(5_000)).toBe(true);
    const readings = readingsOf(mqtt);
    expect(readings.map(({ topic }) => topic)).toEqual(
      Array(4).fill('$aws/rules/telemetry/weather/WA/Seattle/roof/temperature/roof-t'),
    );
    expect(readings[0]).toMatchObject({ ...identity, sensor_value: 18.2, device_id: 'roof', sequence: 0 });
    expect(readings.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3]);
    expect(client.stats).toMatchObject({
      recorded: 4,
      acknowledged: 4,
      pending: 0,
      publishes: 4,
      dropped: 0,
    });
  });

  test('loses nothing and keeps the order when the broker goes away and comes back', async () => {
    const first = await startBroker();
    const client = await start({ url: first.url, transport: await create() });
    await recordMany(client, 0, 50);
    await expect.poll(() => client.stats.acknowledged).toBeGreaterThan(0);
    await first.stop();
    await recordMany(client, 50, 100);
    const second = await broker({ port: first.port });
    expect(await client.drained(10_000)).toBe(true);
    expect(firstValues([first, second])).toEqual(numbers(100));
    expect(client.stats).toMatchObject({ acknowledged: 100, dropped: 0, pending: 0 });
  });

  test('sends again, with the same identity, what was cut off before its PUBACK', async () => {
    let isCut = false;
    const mqtt: TestBroker = await broker({
      // The message is there, its acknowledgement never leaves: the socket is gone.
      accept: async () => {
        if (isCut || mqtt.received.length < 10) return;
        isCut = true;
        mqtt.cutConnections();
        await new Promise(() => {});
      },
    });
    const client = await start({ url: mqtt.url, transport: await create() });
    await recordMany(client, 0, 30);
    expect(await client.drained(10_000)).toBe(true);
    const identities = readingsOf(mqtt).map(identityOf);
    expect(new Set(identities).size).toBe(30);
    expect(identities.length).toBeGreaterThan(30);
    expect(firstValues([mqtt])).toEqual(numbers(30));
  });

  test('delivers with the next process what this one could not, under the same identities', async () => {
    const folder = newFolder();
    const { url, port, stop } = await startBroker();
    await stop();
    const offline = await start({ url, folder, transport: await create() });
    await recordMany(offline, 0, 20);
    const { boot_id } = await offline.record({ ...TEMPERATURE, sensor_value: 20 });
    expect(await offline.stop(50)).toMatchObject({ pending: 21, acknowledged: 0, connected: false });
    const mqtt = await broker({ port });
    const client = await start({ url, folder, transport: await create() });
    await recordMany(client, 21, 30);
    expect(await client.drained(10_000)).toBe(true);
    expect(firstValues([mqtt])).toEqual(numbers(30));
    const boots = readingsOf(mqtt).map((reading) => reading.boot_id === boot_id);
    expect(boots).toEqual([...Array(21).fill(true), ...Array(9).fill(false)]);
    expect((await client.stop()).pending).toBe(0);
  });

  test('packs so many readings, or what there is after so long, gzipped', async () => {
    const mqtt = await broker();
    const packing = { readings: 5, millis: 150, gzip: true };
    const client = await start({ url: mqtt.url, transport: await create(), configuration: { packing } });
    await recordMany(client, 0, 12);
    await expect.poll(() => client.stats.acknowledged).toBe(12);
    expect(mqtt.received.map(({ topic, payload }) => [topic, payload[0]])).toEqual(
      Array(3).fill(['$aws/rules/telemetry_batch/weather/WA/Seattle/roof/batch', 0x1f]),
    );
    expect(readingsOf(mqtt).map(({ sensor_value }) => sensor_value)).toEqual(numbers(12));
  });

  test('tries again, in order, what the broker refuses for now, and stays connected', async () => {
    let refusals = 0;
    const mqtt = await broker({
      accept: async () => {
        if (mqtt.received.length > 3 && refusals < 4) {
          refusals++;
          throw new Error('not now');
        }
      },
    });
    const reports: string[] = [];
    const client = await start({
      url: mqtt.url,
      transport: await create(),
      maxInFlight: 1,
      report: (text) => reports.push(text),
    });
    await recordMany(client, 0, 10);
    expect(await client.drained(20_000)).toBe(true);
    expect(firstValues([mqtt])).toEqual(numbers(10));
    expect(reports).toHaveLength(4);
    expect(client.stats).toMatchObject({ acknowledged: 10, refused: 0, reconnects: 0 });
  });

  test('is configured by its shadow, reports what it does, and ignores what is older', async () => {
    const mqtt = await broker();
    const shadow = new ShadowService(mqtt, '$aws/things/roof/shadow/name/configuration');
    shadow.desire({ sampling_interval_seconds: 0.1, packing: { readings: 7 }, colour: 'blue' });
    const reports: string[] = [];
    const client = await start({
      url: mqtt.url,
      transport: await create(),
      shadow: { name: 'configuration' },
      report: (text) => reports.push(text),
    });
    await expect.poll(() => shadow.reported).toHaveLength(1);
    expect(client.configuration).toEqual({
      samplingIntervalMillis: 100,
      enabled: true,
      packing: { readings: 7, millis: 10_000, gzip: false },
    });
    expect(shadow.reported[0]).toEqual({
      sampling_interval_seconds: 0.1,
      enabled: true,
      packing: { readings: 7, seconds: 10, gzip: false },
      version: 1,
      problems: null,
    });
    shadow.desire({ enabled: false, sampling_interval_seconds: -3 });
    await expect.poll(() => shadow.reported).toHaveLength(2);
    expect(client.configuration).toMatchObject({ enabled: false, samplingIntervalMillis: 100 });
    const problem = 'Cannot use sampling_interval_seconds -3: expected a number from 0.1 to 86400';
    expect(shadow.reported[1]).toMatchObject({ enabled: false, version: 3, problems: [problem] });
    expect(reports).toEqual([problem]);
    shadow.sayOldDelta(2, { enabled: true });
    shadow.desire({ packing: { readings: 1 } });
    await expect.poll(() => client.configuration.packing.readings).toBe(1);
    expect(client.configuration.enabled).toBe(false);
    // What it cannot do stays different for ever, and the service says so after each report; yet there is an end to it.
    await expect.poll(() => shadow.reported).toHaveLength(4);
    await new Promise((later) => setTimeout(later, 100));
    expect(shadow.reported).toHaveLength(4);
    expect(shadow.reported[3]).toMatchObject({ packing: { readings: 1 }, problems: [problem] });
    expect(reports).toEqual([problem, problem]);
  });

  test('goes on without a shadow where the endpoint refuses it, and says so once', async () => {
    const mqtt = await broker({ mayHear: () => false });
    const reports: string[] = [];
    const client = await start({
      url: mqtt.url,
      transport: await create(),
      shadow: 'classic',
      report: (text) => reports.push(text),
    });
    await recordMany(client, 0, 5);
    expect(await client.drained(5_000)).toBe(true);
    mqtt.cutConnections();
    await recordMany(client, 5, 10);
    expect(await client.drained(5_000)).toBe(true);
    const said = reports.filter((text) => text.includes('shadow'));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^Cannot follow the shadow "\$aws\/things\/roof\/shadow": Cannot subscribe/);
  });
});

describe('a device', () => {
  test('goes on without a shadow where the broker closes the connection when it is asked for one', async () => {
    const mqtt = await broker({
      accept: async ({ topic }) => {
        if (topic.startsWith('$aws/things/')) throw new Error('reserved');
      },
    });
    const reports: string[] = [];
    // MQTT 3.1.1 has no other way to say no.
    const client = await start({
      url: mqtt.url,
      mqttVersion: 4,
      shadow: 'classic',
      report: (text) => reports.push(text),
    });
    await expect
      .poll(() => reports.filter((text) => text.includes('shadow')), { timeout: 5_000 })
      .toHaveLength(1);
    await recordMany(client, 0, 5);
    expect(await client.drained(5_000)).toBe(true);
    expect(client.stats.reconnects).toBe(2);
    expect(reports.filter((text) => text.includes('shadow'))).toHaveLength(1);
  });

  test('does without a connection as its shadow said last', async () => {
    const folder = newFolder();
    const mqtt = await startBroker();
    const shadow = new ShadowService(mqtt, '$aws/things/roof/shadow');
    shadow.desire({ sampling_interval_seconds: 42 });
    const client = await start({ url: mqtt.url, folder, shadow: 'classic' });
    await expect.poll(() => client.configuration.samplingIntervalMillis).toBe(42_000);
    await client.stop();
    await mqtt.stop();
    expect((await start({ url: mqtt.url, folder })).configuration.samplingIntervalMillis).toBe(42_000);
  });

  test('measures at its interval while it is enabled, and reports a measurement that fails', async () => {
    const mqtt = await broker();
    const reports: string[] = [];
    const shadow = new ShadowService(mqtt, '$aws/things/roof/shadow');
    const client = await start({
      url: mqtt.url,
      shadow: 'classic',
      configuration: { samplingIntervalMillis: 3_600_000 },
      report: (text) => reports.push(text),
    });
    let turn = 0;
    client.sample(() => {
      turn++;
      if (turn === 3) throw new Error('Cannot read the sensor: no answer on the bus');
      return [TEMPERATURE, { ...TEMPERATURE, sensor: 'humidity', sensor_id: 'roof-h' }];
    });
    await expect.poll(() => shadow.reported).toHaveLength(1);
    shadow.desire({ sampling_interval_seconds: 0.1 });
    await expect.poll(() => turn).toBeGreaterThan(5);
    shadow.desire({ enabled: false });
    await expect.poll(() => client.configuration.enabled).toBe(false);
    await new Promise((later) => setTimeout(later, 50));
    const before = turn;
    await new Promise((later) => setTimeout(later, 300));
    expect(turn).toBe(before);
    shadow.desire({ enabled: true });
    await expect.poll(() => turn).toBeGreaterThan(before + 1);
    const { recorded } = await client.stop(5_000);
    expect(recorded).toBe(2 * (turn - 1));
    expect(reports).toContain('Cannot read the sensor: no answer on the bus');
    expect(readingsOf(mqtt)).toHaveLength(recorded);
  });

  test('packs each station of a gateway by itself, and drains what waits for company when it stops', async () => {
    const mqtt = await broker();
    const client = await start({ url: mqtt.url, configuration: { packing: PACKING } });
    for (const station_id of ['a', 'b', 'a', 'b', 'a', 'a'])
      await client.record({ ...TEMPERATURE, station_id, sensor_id: `${station_id}-t` });
    expect(await client.stop(5_000)).toMatchObject({ acknowledged: 6, pending: 0, publishes: 3 });
    expect(mqtt.received.map(({ topic }) => topic.split('/').slice(-2).join('/'))).toEqual([
      'a/batch',
      'b/batch',
      'a/batch',
    ]);
  });

  test('tells the caller that the spool is full, or counts what gave way', async () => {
    const { url, stop } = await startBroker();
    await stop();
    const refusing = await start({
      url,
      spool: { folder: newFolder(), maxBytes: 4096, whenFull: 'refuse-newest' },
    });
    await expect(recordMany(refusing, 0, 100)).rejects.toThrow(SpoolFullError);
    const { recorded, pending, dropped } = refusing.stats;
    expect({ pending, dropped }).toEqual({ pending: recorded, dropped: 0 });
    const dropping = await start({ url, spool: { folder: newFolder(), maxBytes: 4096 } });
    await recordMany(dropping, 0, 100);
    expect(dropping.stats.pending + dropping.stats.dropped).toBe(100);
    expect(dropping.stats.dropped).toBeGreaterThan(0);
  });

  test.each([
    [
      'mqtt://192.0.2.1:1883',
      'Cannot connect to "mqtt://192.0.2.1:1883": expected mqtts://HOST:PORT, or mqtt:// on this machine',
    ],
    [
      'http://127.0.0.1',
      'Cannot connect to "http://127.0.0.1": expected mqtts://HOST:PORT, or mqtt:// on this machine',
    ],
  ])('does not send over %s', async (url, sentence) => {
    await expect(start({ url })).rejects.toThrow(new DeviceError(sentence));
  });

  test('records nothing that has no topic, and nothing after it stopped', async () => {
    const client = await start({ url: (await broker()).url });
    await expect(client.record({ ...TEMPERATURE, sensor_id: 'a/b' })).rejects.toThrow(DeviceError);
    await client.stop();
    await expect(client.record(TEMPERATURE)).rejects.toThrow(
      'Cannot record a reading: the client is stopped',
    );
    expect(client.stats.recorded).toBe(0);
  });
});

describe("a device's clock", () => {
  /** A server whose Date header says what time it is. */
  async function timeServer(): Promise<string> {
    const server = createServer((_request, response) => response.end());
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    open.push({ stop: () => new Promise((closed) => server.close(closed)) });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  test('that is right marks nothing', async () => {
    const mqtt = await broker();
    const client = await start({ url: mqtt.url, clock: { url: await timeServer() } });
    await expect.poll(() => client.stats.clockOffsetMillis).toBeDefined();
    expect(Math.abs(client.stats.clockOffsetMillis!)).toBeLessThan(2_000);
    await client.record(TEMPERATURE);
    await client.drained(5_000);
    expect(readingsOf(mqtt)[0]).not.toHaveProperty('clock_offset_millis');
  });

  test('that is off marks the readings, or refuses them', async () => {
    const mqtt = await broker();
    const url = await timeServer();
    const nowMillis = () => Date.now() - 3_600_000;
    const reports: string[] = [];
    const marking = await start({
      url: mqtt.url,
      clock: { url },
      nowMillis,
      report: (text) => reports.push(text),
    });
    const refusing = await start({
      url: mqtt.url,
      deviceId: 'other',
      clock: { url, whenOff: 'refuse' },
      nowMillis,
    });
    for (const client of [marking, refusing])
      await expect.poll(() => client.stats.clockOffsetMillis).toBeDefined();
    await marking.record(TEMPERATURE);
    await marking.drained(5_000);
    const [reading] = readingsOf(mqtt) as [Arrived & { clock_offset_millis: number }];
    expect(reading.clock_offset_millis).toBeGreaterThan(-3_602_000);
    expect(reading.clock_offset_millis).toBeLessThan(-3_598_000);
    expect(reports).toEqual([
      expect.stringMatching(/^The clock is off: it is -3\d{3}(\.\d+)? s ahead of the server's$/),
    ]);
    await expect(refusing.record(TEMPERATURE)).rejects.toThrow(ClockError);
    expect(refusing.stats).toMatchObject({ recorded: 0, clockRefused: 1 });
  });

  test('is checked by the answers of the shadow as well', async () => {
    const mqtt = await broker();
    new ShadowService(mqtt, '$aws/things/roof/shadow', () => Date.now() + 7_200_000);
    const client = await start({ url: mqtt.url, shadow: 'classic' });
    await expect.poll(() => client.stats.clockOffsetMillis).toBeLessThan(-7_190_000);
  });
});
