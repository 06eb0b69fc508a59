import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectWithMqtt } from '../../devices/client/connect-with-mqtt.ts';
import { DeviceClient } from '../../devices/client/device-client.ts';
import type { DeviceClientOptions } from '../../devices/client/device-client-options.ts';
import { DeviceFleet } from './device-fleet.test-support.ts';
import { RunningPipeline } from './running-pipeline.test-support.ts';

/** More than the quota of a connection has saved up, which is two seconds of it. */
const SPOOLED = 400;

let pipeline: RunningPipeline;
let fleet: DeviceFleet;
const folder = mkdtempSync(join(tmpdir(), 'mesonet-outage-'));
beforeAll(async () => {
  pipeline = await RunningPipeline.start({ withFunctions: false });
  fleet = new DeviceFleet(pipeline.mesonet);
}, 60_000);
afterAll(async () => {
  await fleet.end();
  await pipeline.end();
  rmSync(folder, { recursive: true, force: true });
});

async function spooledDevice(
  deviceId: string,
  options: Partial<DeviceClientOptions>,
): Promise<{ device: DeviceClient; reports: string[] }> {
  const { cert, key } = await fleet.provision(deviceId);
  const { caFile, mqtts } = pipeline.mesonet;
  const reports: string[] = [];
  const device = await DeviceClient.start({
    endpoint: {
      url: `mqtts://127.0.0.1:${mqtts.port}`,
      tls: { cert, key, ca: readFileSync(caFile, 'utf8') },
    },
    // Away until everything is in the spool.
    transport: (connection) =>
      device.stats.recorded < SPOOLED ? Promise.reject(new Error('no network')) : connectWithMqtt(connection),
    deviceId,
    station: { state: 'WA', city: 'Seattle', station_id: deviceId },
    spool: { folder: join(folder, deviceId) },
    durability: 'process',
    shadow: 'none',
    report: (text) => reports.push(text),
    ...options,
  });
  for (let value = 0; value < SPOOLED; value++)
    await device.record({ sensor: 'temperature', sensor_id: `${deviceId}-t`, sensor_value: value });
  return { device, reports };
}

it.each([4, 5] as const)(
  'a full spool is emptied without a publish over the quota, MQTT version %i',
  { timeout: 90_000 },
  async (mqttVersion) => {
    const { device, reports } = await spooledDevice(`outage-${mqttVersion}`, { mqttVersion });
    expect(await device.drained(45_000)).toBe(true);
    expect(await device.stop()).toMatchObject({ acknowledged: SPOOLED, reconnects: 0 });
    expect(reports.filter((text) => !text.endsWith('no network'))).toEqual([]);
  },
);

it('a device that does not keep to the quota is refused, and has everything taken in the end', {
  timeout: 90_000,
}, async () => {
  const { device, reports } = await spooledDevice('outage-hasty', {
    maxPublishesPerSecond: Number.POSITIVE_INFINITY,
  });
  expect(await device.drained(60_000)).toBe(true);
  expect(await device.stop()).toMatchObject({ acknowledged: SPOOLED });
  expect(reports.some((text) => /quota/i.test(text))).toBe(true);
});
