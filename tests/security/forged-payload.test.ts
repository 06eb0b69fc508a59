import { afterAll, beforeAll, expect, it } from 'vitest';
import { DeviceFleet } from '../pipeline/device-fleet.test-support.ts';
import { eventually, payloadOf, RunningPipeline } from '../pipeline/running-pipeline.test-support.ts';

let pipeline: RunningPipeline;
let fleet: DeviceFleet;
beforeAll(async () => {
  pipeline = await RunningPipeline.start();
  fleet = new DeviceFleet(pipeline.mesonet);
}, 60_000);
afterAll(async () => {
  await fleet.end();
  await pipeline.end();
});

interface LatestReading {
  readonly sensor_id: string;
  readonly station_id: string;
}

it('whose reading it is says the topic, whatever the payload says', { timeout: 60_000 }, async () => {
  const device = await fleet.connect(await fleet.provision('honest'));
  const claims = {
    sensor_id: 'victim-1',
    station_id: 'victim',
    state: 'XX',
    city: 'Elsewhere',
    sensor: 'gold',
    device_id: 'victim',
    tenant: 'victim',
    topic: 'weather/XX/Elsewhere/victim/gold/victim-1',
    'station_id ': 'victim',
    Station_Id: 'victim',
  };
  const own = 'weather/WA/Seattle/honest/temperature';
  const time = pipeline.nowMillis;
  await device.publishAsync(`${own}/forged-1`, payloadOf(1, time, claims), { qos: 1 });
  // Of a key that comes twice the last one counts; the rule's own columns come after both.
  const twice = payloadOf(2, time).replace('{', '{"station_id":"victim","station_id":"victim",');
  await device.publishAsync(`$aws/rules/telemetry/${own}/forged-2`, twice, { qos: 1 });
  const packed = {
    readings: [
      { ...claims, sensor: 'temperature', sensor_id: 'forged-3', sensor_timestamp: time, sensor_value: 3 },
    ],
  };
  await device.publishAsync(
    '$aws/rules/telemetry_batch/weather/WA/Seattle/honest/batch',
    JSON.stringify(packed),
    { qos: 1 },
  );
  const token = { headers: { authorization: `Bearer ${pipeline.mesonet.token}` } };
  for (const id of ['forged-1', 'forged-2', 'forged-3']) {
    const latest = await eventually(
      async () => {
        const response = await fetch(`${pipeline.mesonet.http}/v1/sensors/${id}/latest`, token);
        return response.ok ? ((await response.json()) as LatestReading) : undefined;
      },
      (found) => found !== undefined,
      30,
    );
    expect(latest).toMatchObject({ sensor_id: id, station_id: 'honest' });
  }
  const victim = await fetch(`${pipeline.mesonet.http}/v1/sensors/victim-1/latest`, token);
  expect(victim.status).toBe(404);
});
