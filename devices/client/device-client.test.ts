import { existsSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DeviceError, SpoolFullError } from '../device-error.ts';
import { ShadowService } from '../shadow-service.test-support.ts';
import { startBroker, type TestBroker } from '../start-broker.test-support.ts';
import {
  broker,
  firstValues,
  identityOf,
  newFolder,
  numbers,
  PACKING,
  readingsOf,
  recordMany,
  start,
  TEMPERATURE,
} from './device.test-support.ts';
import { transportsHere } from './transports.test-support.ts';

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
});

describe('a device', () => {
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

  test('stops at once with publishes under way, and touches its spool no more', async () => {
    const mqtt = await broker({ accept: () => new Promise(() => {}) });
    const folder = newFolder();
    const client = await start({ url: mqtt.url, folder });
    await recordMany(client, 0, 5);
    await expect.poll(() => mqtt.received.length).toBe(5);
    expect(await client.stop()).toMatchObject({ inFlight: 5, pending: 5, acknowledged: 0 });
    rmSync(folder, { recursive: true });
    await new Promise((later) => setTimeout(later, 700));
    expect(existsSync(folder)).toBe(false);
  });

  test('does not start with a configuration it could not follow', async () => {
    const packing = { ...PACKING, readings: 0 };
    await expect(start({ url: 'mqtt://127.0.0.1', configuration: { packing } })).rejects.toThrow(
      new DeviceError('Cannot use packing.readings 0: expected a whole number from 1 to 1000'),
    );
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
