import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { Reading } from '../src/telemetry/reading.ts';
import { DeviceClient, type DeviceClientOptions } from './device-client.ts';
import {
  ConnectError,
  DeviceError,
  PayloadTooLargeError,
  PublishError,
  QueueFullError,
} from './device-error.ts';
import { startBroker, type TestBroker, type TestBrokerOptions } from './start-broker.test-support.ts';

const READING: Reading = {
  sensor_id: 'bQ7KcaMEas',
  station_id: 'vzqHb8vgh0',
  sensor: 'temperature',
  state: 'WA',
  city: 'Seattle',
  sensor_timestamp: 1472611226005,
  sensor_value: 0.61,
  sensor_value_smoothed: 0.98,
  direction: -1,
};
const PAYLOAD = {
  sensor_timestamp: 1472611226005,
  sensor_value: 0.61,
  sensor_value_smoothed: 0.98,
  direction: -1,
};

const open: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource.stop();
});

async function broker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const started = await startBroker(options);
  open.push(started);
  return started;
}

async function connect(url: string, options: Partial<DeviceClientOptions> = {}): Promise<DeviceClient> {
  const client = await DeviceClient.connect({ url, clientId: `test-${Math.random()}`, ...options });
  open.push({ stop: () => client.close() });
  return client;
}

describe('a device client', () => {
  test.each([4, 5] as const)(
    'publishes a reading on its topic and resolves at PUBACK, MQTT version %i',
    async (mqttVersion) => {
      const { url, received } = await broker();
      const client = await connect(url, { mqttVersion });
      await client.publishReading(READING);
      expect(received).toEqual([
        { topic: 'weather/WA/Seattle/vzqHb8vgh0/temperature/bQ7KcaMEas', payload: expect.any(Buffer) },
      ]);
      expect(JSON.parse(String(received[0]?.payload))).toEqual(PAYLOAD);
      expect(client.outstanding).toBe(0);
    },
  );

  test('sends the identity fields that the device keeps', async () => {
    const { url, received } = await broker();
    const client = await connect(url);
    await client.publishReading({ ...READING, device_id: 'd1', boot_id: 'b1', sequence: 7 });
    expect(JSON.parse(String(received[0]?.payload))).toEqual({
      ...PAYLOAD,
      device_id: 'd1',
      boot_id: 'b1',
      sequence: 7,
    });
  });

  test('packs readings of one station, gzipped when asked', async () => {
    const { url, received } = await broker();
    const client = await connect(url);
    const other = { ...READING, sensor: 'humidity', sensor_id: 'UMd8BbEaE5' };
    await client.publishBatch([READING, other]);
    await client.publishBatch([READING, other], { gzip: true });
    const plain = received[0]?.payload ?? Buffer.alloc(0);
    expect(received.map(({ topic }) => topic)).toEqual(Array(2).fill('weather/WA/Seattle/vzqHb8vgh0/batch'));
    expect(JSON.parse(String(plain))).toEqual({
      readings: [
        { sensor: 'temperature', sensor_id: 'bQ7KcaMEas', ...PAYLOAD },
        { sensor: 'humidity', sensor_id: 'UMd8BbEaE5', ...PAYLOAD },
      ],
    });
    expect(gunzipSync(received[1]?.payload ?? Buffer.alloc(0))).toEqual(plain);
  });

  test('refuses to pack readings of two stations, or more than 128 KB', async () => {
    const client = await connect((await broker()).url);
    await expect(client.publishBatch([READING, { ...READING, station_id: 'other' }])).rejects.toThrow(
      new DeviceError('Cannot pack readings of "vzqHb8vgh0" and "other": one batch is of one station'),
    );
    await expect(client.publishBatch(Array(2000).fill(READING))).rejects.toThrow(PayloadTooLargeError);
  });

  test('refuses an address that would change the shape of the topic', async () => {
    const client = await connect((await broker()).url);
    await expect(client.publishReading({ ...READING, city: 'Winston/Salem' })).rejects.toThrow(
      'Cannot use "Winston/Salem" as a topic level: it must not be empty nor contain + # /',
    );
  });

  test('says when nobody listens', async () => {
    const { url, stop } = await startBroker();
    await stop();
    await expect(connect(url)).rejects.toThrow(
      new ConnectError(`Cannot connect to ${url}: connection refused`),
    );
  });

  test('waits with at most maxInFlight unacknowledged and refuses beyond maxQueued', async () => {
    const { url, received } = await broker({ accept: () => new Promise(() => {}) });
    const client = await connect(url, { maxInFlight: 3, maxQueued: 4 });
    const outcomes = Array.from({ length: 8 }, () =>
      client.publishReading(READING).catch((error: unknown) => error),
    );
    expect(await outcomes[7]).toBeInstanceOf(QueueFullError);
    await expect.poll(() => received.length).toBe(3);
    expect(client.outstanding).toBe(7);
    expect(await client.close(50)).toBe(7);
    expect(await outcomes[0]).toBeInstanceOf(PublishError);
  });

  test('delivers everything over lost connections, in flight and queued', async () => {
    const { url, received, cutConnections } = await broker();
    const client = await connect(url, { maxInFlight: 10 });
    const published = Array.from({ length: 200 }, async (_, sequence) => {
      await client.publishReading({ ...READING, sequence });
      if (sequence === 20 || sequence === 90) cutConnections();
    });
    await Promise.all(published);
    const sequences = new Set(received.map(({ payload }) => JSON.parse(String(payload)).sequence));
    expect(sequences.size).toBe(200);
    expect(client.reconnects).toBe(2);
  });
});
