import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetThingShadowCommand,
  IoTDataPlaneClient,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DeviceClient } from '../../devices/client/device-client.ts';
import type { DeviceClientOptions } from '../../devices/client/device-client-options.ts';
import { transportsHere } from '../../devices/client/transports.test-support.ts';
import { DeviceFleet } from './device-fleet.test-support.ts';
import { eventually, RunningPipeline } from './running-pipeline.test-support.ts';
import { type Ready, readStream, start as startProcess } from './runtime-process.test-support.ts';

interface Sample {
  readonly time: number;
  readonly value: number;
}

// A runtime that has just started may take its time when the machine is busy.
vi.setConfig({ testTimeout: 90_000 });

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mesonet-devices-'));
  folders.push(folder);
  return folder;
}

type DeviceOptions = Pick<DeviceClientOptions, 'transport' | 'deviceId'> &
  Partial<DeviceClientOptions> & { readonly port?: number; readonly folder: string };

function startDevice({ port, folder, ...options }: DeviceOptions): Promise<DeviceClient> {
  return DeviceClient.start({
    endpoint: { url: `mqtt://127.0.0.1:${port}` },
    station: { state: 'WA', city: 'Seattle', station_id: options.deviceId },
    spool: { folder },
    durability: 'process',
    shadow: 'none',
    ...options,
  });
}

/** One reading a millisecond from a moment on, whose value is its number. */
async function recordMany(
  device: DeviceClient,
  sensor_id: string,
  fromMillis: number,
  count: number,
  first = 0,
) {
  for (let value = first; value < first + count; value++)
    await device.record({
      sensor: 'temperature',
      sensor_id,
      sensor_timestamp: fromMillis + value,
      sensor_value: value,
    });
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe.each(await transportsHere())('devices of the client library over $name', ({ name, create }) => {
  const deviceId = `station-${name.startsWith('aws') ? 'sdk' : 'mqttjs'}`;
  let pipeline: RunningPipeline;
  beforeAll(async () => {
    pipeline = await RunningPipeline.start();
  }, 60_000);
  afterAll(() => pipeline.end());

  async function samplesOf(sensorId: string, fromMillis: number, count: number): Promise<Sample[]> {
    const path = `/v1/sensors/${sensorId}/samples?from=${fromMillis}&to=${fromMillis + 100_000}&limit=10000`;
    return eventually(
      () => pipeline.get<Sample[]>(path).catch(() => []),
      (rows) => rows.length >= count,
    );
  }

  it('reach the stores through Basic Ingest, and again under the same identity change nothing', async () => {
    const folder = newFolder();
    const fromMillis = Date.now() - 60_000;
    const { port } = pipeline.mesonet.mqtt;
    const sensorId = `${deviceId}-again`;
    const offline = await startDevice({ port: 1, folder, deviceId, transport: await create() });
    await recordMany(offline, sensorId, fromMillis, 60);
    await offline.stop();
    const copy = newFolder();
    cpSync(folder, copy, { recursive: true });

    const first = await startDevice({ port, folder, deviceId, transport: await create() });
    expect(await first.drained(30_000)).toBe(true);
    expect(await first.stop()).toMatchObject({ acknowledged: 60, publishes: 60 });
    const samples = await samplesOf(sensorId, fromMillis, 60);
    expect(samples.map(({ value }) => value)).toEqual(numbers(60));

    // As if the power had gone before the first of them was written down as acknowledged; and packed this time.
    const packing = { readings: 25, millis: 100, gzip: true };
    const configuration = { packing };
    const second = await startDevice({
      port,
      folder: copy,
      deviceId,
      transport: await create(),
      configuration,
    });
    await recordMany(second, sensorId, fromMillis, 1, 60);
    expect(await second.drained(30_000)).toBe(true);
    expect(await second.stop()).toMatchObject({ acknowledged: 61, publishes: 3 });
    expect(await samplesOf(sensorId, fromMillis, 61)).toEqual([
      ...samples,
      expect.objectContaining({ value: 60 }),
    ]);
  });

  it('connect with their certificate, and only say what their policy allows', async () => {
    const { caFile, mqtts } = pipeline.mesonet;
    const fleet = new DeviceFleet(pipeline.mesonet);
    const { cert, key } = await fleet.provision(deviceId);
    const tls = { cert, key, ca: readFileSync(caFile, 'utf8') };
    const reports: string[] = [];
    const device = await startDevice({
      endpoint: { url: `mqtts://127.0.0.1:${mqtts.port}`, tls },
      folder: newFolder(),
      deviceId,
      transport: await create(),
      shadow: 'classic',
      report: (text) => reports.push(text),
    });
    const fromMillis = Date.now() - 60_000;
    await recordMany(device, `${deviceId}-tls`, fromMillis, 20);
    expect(await device.drained(30_000)).toBe(true);
    expect(await samplesOf(`${deviceId}-tls`, fromMillis, 20)).toHaveLength(20);
    expect(reports).toEqual([]);

    const shadows = new IoTDataPlaneClient({
      endpoint: pipeline.mesonet.awsEndpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      requestHandler: new NodeHttpHandler(),
    });
    const payload = JSON.stringify({ state: { desired: { sampling_interval_seconds: 7 } } });
    await shadows.send(new UpdateThingShadowCommand({ thingName: deviceId, payload: Buffer.from(payload) }));
    await eventually(
      () => device.configuration.samplingIntervalMillis,
      (millis) => millis === 7000,
    );
    const reported = await eventually(
      async () => {
        const shadow = await shadows.send(new GetThingShadowCommand({ thingName: deviceId }));
        return JSON.parse(Buffer.from(shadow.payload!).toString()).state.reported;
      },
      (state) => state?.sampling_interval_seconds === 7,
    );
    expect(reported).toMatchObject({ enabled: true, packing: { readings: 1 } });
    expect(reported).not.toHaveProperty('problems');

    // Another station's topic: the policy of the stack says no, for now and for as long as it says so.
    const measurement = { sensor: 'temperature', sensor_id: 't', sensor_value: 1 };
    await device.record({ ...measurement, station_id: 'somebody-else' });
    await eventually(
      () => reports,
      (texts) => texts.length > 0,
    );
    expect(reports[0]).toMatch(
      /^Cannot publish to "\$aws\/rules\/telemetry\/weather\/WA\/Seattle\/somebody-else\//,
    );
    expect(await device.stop()).toMatchObject({ acknowledged: 20, pending: 1, refused: 0, reconnects: 0 });
    shadows.destroy();
    await fleet.end();
  });

  it('take the time from the API, and are right', async () => {
    const device = await startDevice({
      port: pipeline.mesonet.mqtt.port,
      folder: newFolder(),
      deviceId,
      transport: await create(),
      clock: { url: `${pipeline.mesonet.http}/v1/health` },
    });
    await eventually(
      () => device.stats.clockOffsetMillis,
      (offset) => offset !== undefined,
    );
    expect(Math.abs(device.stats.clockOffsetMillis!)).toBeLessThan(3_000);
    await device.stop();
  });
});

/** The same address for every runtime that comes and goes behind it; cuts what passes through it. */
class Cable {
  readonly #server: Server;
  target = 0;

  private constructor() {
    this.#server = createServer((socket) => {
      const onward = connect(this.target, '127.0.0.1');
      socket.pipe(onward).pipe(socket);
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const)
        one.on('error', () => {}).once('close', () => other.destroy());
    });
  }

  static async lay(): Promise<Cable> {
    const cable = new Cable();
    await new Promise<void>((listening) => cable.#server.listen(0, '127.0.0.1', listening));
    return cable;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  remove(): Promise<void> {
    return new Promise((removed) => this.#server.close(() => removed()));
  }
}

describe.each(await transportsHere())('kill -9 of the runtime under a device over $name', ({ create }) => {
  const KILLS = 3;
  let child: ChildProcess;
  let ready: Ready;
  let cable: Cable;

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  beforeAll(async () => {
    cable = await Cable.lay();
  });
  afterAll(async () => {
    await end('SIGTERM');
    await cable.remove();
  });

  it('loses nothing that was recorded, and sends in order', async () => {
    const runtimeFolder = newFolder();
    const device = await startDevice({
      port: cable.port,
      folder: newFolder(),
      deviceId: 'survivor',
      transport: await create(),
    });
    const fromMillis = Date.now() - 60_000;
    let count = 0;
    for (let kill = 0; kill <= KILLS; kill++) {
      ({ child, ready } = await startProcess(runtimeFolder));
      cable.target = ready.mqtt.port;
      await recordMany(device, 'survivor-t', fromMillis, 400, count);
      count += 400;
      await eventually(
        () => device.stats.acknowledged,
        (acknowledged) => acknowledged > count - 300,
      );
      if (kill < KILLS) await end('SIGKILL');
    }
    expect(await device.drained(30_000)).toBe(true);
    expect(await device.stop()).toMatchObject({ acknowledged: count, dropped: 0, reconnects: KILLS });
    const readings = await readStream<{ sensor_value: number; sequence: number }>(
      ready.awsEndpoint,
      'mesonet-dev-readings',
    );
    const firsts = [...new Set(readings.map(({ sequence }) => sequence))];
    expect(firsts).toEqual(numbers(count));
    expect(readings.every(({ sensor_value, sequence }) => sensor_value === sequence)).toBe(true);
  }, 120_000);
});
