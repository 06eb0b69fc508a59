import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mesonet } from '../../src/local/start-mesonet.ts';
import { type DeviceCredentials, DeviceFleet } from './device-fleet.test-support.ts';
import { payloadOf, topicOf } from './running-pipeline.test-support.ts';
import { type Ready, readStream, start } from './runtime-process.test-support.ts';

const KILLS = Number(process.env.KILLS ?? 2);
const SENDERS = 10;

describe(`kill -9 of what devices publish to over HTTPS, ${KILLS} times under load`, () => {
  let folder: string;
  let child: ChildProcess;
  let ready: Ready;
  let device: DeviceCredentials;
  const accepted = new Set<number>();
  let counter = 0;

  beforeAll(
    async () => {
      folder = mkdtempSync(join(tmpdir(), 'mesonet-https-kill-'));
      ({ child, ready } = await start(folder));
      device = await provision(ready);
      for (let kill = 0; kill < KILLS; kill += 1) {
        const startedMillis = Date.now();
        const before = accepted.size;
        const cut = publishUntilCut();
        await new Promise((resolve) => setTimeout(resolve, 1500 + ((kill * 397) % 900)));
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await Promise.all([cut, gone]);
        const rate = Math.round(((accepted.size - before) * 1000) / (Date.now() - startedMillis));
        console.log(`${rate} publishes/s over HTTPS until the kill`);
        ({ child, ready } = await start(folder));
      }
    },
    60_000 + KILLS * 15_000,
  );
  afterAll(async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });

  it('loses nothing that was answered with 200', { timeout: 60_000 }, async () => {
    const readings = await readStream<{ sensor_value: number }>(ready.awsEndpoint, 'mesonet-dev-readings');
    const stored = new Set(readings.map(({ sensor_value }) => sensor_value));
    const missing = [...accepted].filter((value) => !stored.has(value));
    console.log(`${accepted.size} publishes accepted over ${KILLS} kills, ${missing.length} missing`);
    expect(accepted.size).toBeGreaterThan(KILLS * 5);
    expect(missing).toEqual([]);
  });

  /** Publishes as fast as it is answered until the process is gone; remembers what was answered with 200. */
  async function publishUntilCut(): Promise<void> {
    const { cert, key } = device;
    const agent = new Agent({ keepAlive: true, cert, key, ca: readFileSync(ready.caFile) });
    const sender = async (): Promise<void> => {
      for (;;) {
        const value = counter++;
        const status = await publish(agent, value).catch(() => undefined);
        if (status === undefined) return;
        if (status === 200) accepted.add(value);
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, sender));
    agent.destroy();
  }

  function publish(agent: Agent, value: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const path = `/topics/${topicOf('k', { station: 'stK' })}?qos=1`;
      const sent = request({ ...ready.deviceHttps, agent, method: 'POST', path }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode!));
        response.once('error', reject);
      });
      sent.once('error', reject);
      sent.end(payloadOf(value, Date.now()));
    });
  }
});

async function provision(ready: Ready): Promise<DeviceCredentials> {
  const fleet = new DeviceFleet(ready as unknown as Mesonet);
  await fleet.createPolicy('https', { Effect: 'Allow', Action: 'iot:Publish', Resource: '*' });
  const device = await fleet.provision('stK', ['https']);
  await fleet.end();
  return device;
}
