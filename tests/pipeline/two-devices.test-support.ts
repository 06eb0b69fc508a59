import type { Socket } from 'node:net';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll } from 'vitest';
import type { LedgerReport } from '../../src/local/ledger.ts';
import type { MesonetOptions } from '../../src/local/start-mesonet.ts';
import { type DeviceCredentials, DeviceFleet } from './device-fleet.test-support.ts';
import { eventually, payloadOf, RunningPipeline } from './running-pipeline.test-support.ts';

export const ARN = 'arn:aws:iot:us-east-1:000000000000:';
export let pipeline: RunningPipeline;
export let fleet: DeviceFleet;
export let a: DeviceCredentials;
export let b: DeviceCredentials;

beforeAll(async () => {
  pipeline = await RunningPipeline.start({ withFunctions: false });
  fleet = new DeviceFleet(pipeline.mesonet);
  a = await fleet.provision('stA');
  b = await fleet.provision('stB');
}, 60_000);
afterAll(async () => {
  await fleet.end();
  await pipeline.end();
});

/** Stops the runtime and starts it again on the same folder; the devices keep their certificates. */
export async function restart(options: Partial<MesonetOptions> = {}): Promise<void> {
  await fleet.end();
  await pipeline.restart(options);
  fleet = new DeviceFleet(pipeline.mesonet);
}

export const ledger = (): LedgerReport => pipeline.mesonet.ledger();
export const refusedCount = (reason: string): number => ledger().refused[reason] ?? 0;

/** Runs something that is refused, and expects it to be counted once more under its reason. */
export async function expectRefused(reason: string, run: () => Promise<unknown>): Promise<void> {
  const before = refusedCount(reason);
  await run();
  await eventually(
    () => refusedCount(reason),
    (count) => count === before + 1,
    5,
  );
}

export const weather = (station: string): string => `weather/WA/Seattle/${station}/temperature/t1`;
export const reading = (): string => payloadOf(20, pipeline.nowMillis);

/** Resolves when the other side has closed the socket. */
export function ended(socket: Socket): Promise<void> {
  socket.on('error', () => {});
  socket.resume();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** The return or reason codes of the SUBACK as they came over the wire. */
export async function subscribeGrants(client: MqttClient, ...filters: string[]): Promise<number[]> {
  const suback = new Promise<number[]>((resolve) => {
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'suback') resolve(packet.granted as number[]);
    });
  });
  client.subscribe(filters, { qos: 1 }, () => {});
  return suback;
}
