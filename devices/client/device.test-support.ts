import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach } from 'vitest';
import type { Reading } from '../../src/telemetry/reading.ts';
import { startBroker, type TestBroker, type TestBrokerOptions } from '../start-broker.test-support.ts';
import { connectWithMqtt } from './connect-with-mqtt.ts';
import { DeviceClient } from './device-client.ts';
import type { DeviceClientOptions, Measurement } from './device-client-options.ts';

const STATION = { state: 'WA', city: 'Seattle', station_id: 'roof' };
export const TEMPERATURE: Measurement = { sensor: 'temperature', sensor_id: 'roof-t', sensor_value: 18.2 };
export const PACKING = { readings: 5, millis: 60_000, gzip: false };

export const open: { stop(): Promise<unknown> }[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export async function broker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const started = await startBroker(options);
  open.push(started);
  return started;
}

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mesonet-device-'));
  folders.push(folder);
  return folder;
}

type Options = Partial<DeviceClientOptions> & { readonly url: string; readonly folder?: string };

export async function start({ url, folder = newFolder(), ...options }: Options): Promise<DeviceClient> {
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

export type Arrived = Partial<Reading> & { readonly topic: string };

/** Every reading that reached the broker, packed or not, as often as it came. */
export function readingsOf({ received }: TestBroker): Arrived[] {
  return received
    .filter(({ topic }) => !topic.startsWith('$aws/things/'))
    .flatMap(({ topic, payload }) => {
      const value = JSON.parse(String(payload[0] === 0x1f ? gunzipSync(payload) : payload));
      return topic.endsWith('/batch')
        ? value.readings.map((reading: object) => ({ topic, ...reading }))
        : [{ topic, ...value }];
    });
}

export function identityOf({ device_id, boot_id, sequence }: Arrived): string {
  return `${device_id}/${boot_id}/${sequence}`;
}

export async function recordMany(client: DeviceClient, from: number, to: number): Promise<void> {
  for (let value = from; value < to; value++) await client.record({ ...TEMPERATURE, sensor_value: value });
}

/** Values in the order in which each came for the first time. */
export function firstValues(brokers: readonly TestBroker[]): number[] {
  return [...new Set(brokers.flatMap(readingsOf).map(({ sensor_value }) => sensor_value as number))];
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
