import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, payloadOf, topicOf } from './running-pipeline.test-support.ts';
import { type Ready, readStream, start } from './runtime-process.test-support.ts';

/** How often the process is killed; the published figure is made with more: `KILLS=50 npx vitest run tests/pipeline/kill`. */
const KILLS = Number(process.env.KILLS ?? 5);
const SENSORS = 40;

interface StoredReading {
  readonly sensor_id: string;
  readonly sensor_value: number;
}

interface StoredWindow {
  readonly sensor_id: string;
  readonly record_timestamp: string;
  readonly '60sec_number_of_msg': number;
}

/** Publishes as fast as acknowledged until the connection is lost; remembers what was acknowledged. */
async function publishUntilCut(port: number, acknowledged: Set<number>, next: () => number): Promise<void> {
  const client: MqttClient = await connectAsync({ host: '127.0.0.1', port, reconnectPeriod: 0 });
  client.on('error', () => {});
  let isOpen = true;
  const closed = new Promise<false>((resolve) => {
    client.once('close', () => {
      isOpen = false;
      resolve(false);
    });
  });
  const publisher = async (): Promise<void> => {
    while (isOpen) {
      const value = next();
      const sent = client
        .publishAsync(topicOf(`k${value % SENSORS}`), payloadOf(value, Date.now()), { qos: 1 })
        .then(
          () => true,
          () => false,
        );
      if (await Promise.race([sent, closed])) acknowledged.add(value);
    }
  };
  await Promise.all(Array.from({ length: 20 }, publisher));
}

describe(`kill -9, ${KILLS} times under load`, () => {
  let folder: string;
  let child: ChildProcess;
  let ready: Ready;
  const acknowledged = new Set<number>();
  let counter = 0;

  beforeAll(
    async () => {
      folder = mkdtempSync(join(tmpdir(), 'mesonet-kill-'));
      ({ child, ready } = await start(folder));
      for (let kill = 0; kill < KILLS; kill += 1) {
        const cut = publishUntilCut(ready.mqtt.port, acknowledged, () => counter++);
        await new Promise((resolve) => setTimeout(resolve, 300 + ((kill * 397) % 900)));
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await Promise.all([cut, gone]);
        ({ child, ready } = await start(folder));
      }
    },
    120_000 + KILLS * 10_000,
  );

  afterAll(async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });

  it('loses nothing that was acknowledged', async () => {
    const stored = new Set(
      (await readStream<StoredReading>(ready.awsEndpoint, 'mesonet-dev-readings')).map(
        ({ sensor_value }) => sensor_value,
      ),
    );
    const missing = [...acknowledged].filter((value) => !stored.has(value));
    console.log(`${acknowledged.size} acknowledged over ${KILLS} kills, ${missing.length} missing`);
    expect(acknowledged.size).toBeGreaterThan(KILLS * 50);
    expect(missing).toEqual([]);
  });

  it('counts every reading in exactly one window', { timeout: 180_000 }, async () => {
    const readings = await readStream<StoredReading>(ready.awsEndpoint, 'mesonet-dev-readings');
    const counted = (windows: readonly StoredWindow[]): number =>
      windows.reduce((sum, window) => sum + window['60sec_number_of_msg'], 0);
    const windows = await eventually(
      () => readStream<StoredWindow>(ready.awsEndpoint, 'mesonet-dev-windows'),
      (rows) => counted(rows) >= readings.length,
      130,
    );
    const keys = windows.map(({ sensor_id, record_timestamp }) => `${sensor_id}|${record_timestamp}`);
    expect(new Set(keys).size, 'windows doubled').toBe(keys.length);
    for (let sensor = 0; sensor < SENSORS; sensor += 1) {
      const own = <Row extends { readonly sensor_id: string }>(rows: readonly Row[]): Row[] =>
        rows.filter(({ sensor_id }) => sensor_id === `k${sensor}`);
      expect(counted(own(windows)), `k${sensor}`).toBe(own(readings).length);
    }
  });

  it('shows history on the API after the last restart', async () => {
    const rows = await eventually(
      async () => (await (await fetch(`${ready.http}/v1/windows?sensor_id=k1&from=0`)).json()) as object[],
      ({ length }) => length > 0,
    );
    expect(rows.length).toBeGreaterThan(0);
  });
});
