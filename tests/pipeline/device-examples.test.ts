import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, projectFolder, RunningPipeline } from './running-pipeline.test-support.ts';

describe('the examples of devices/', () => {
  let pipeline: RunningPipeline;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mesonet-examples-'));
    pipeline = await RunningPipeline.start();
  }, 60_000);
  afterAll(async () => {
    await pipeline.end();
    rmSync(folder, { recursive: true, force: true });
  });

  function run(example: string, env: Readonly<Record<string, string>>) {
    const file = join(projectFolder, 'devices', 'examples', example);
    const child = spawn(process.execPath, [file], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve)).then(
      async (code) => ({
        code,
        stdout: await stdout,
        stderr: await stderr,
      }),
    );
    return { child, ended };
  }

  it('send the temperature of a Raspberry Pi, and drain when they are stopped', async () => {
    const sensorFile = join(folder, 'temp');
    writeFileSync(sensorFile, '48312\n');
    const { child, ended } = run('raspberry-pi-sensor.ts', {
      MQTT_URL: `mqtt://127.0.0.1:${pipeline.mesonet.mqtt.port}`,
      DEVICE_ID: 'pi-1',
      SPOOL: join(folder, 'spool'),
      SENSOR_FILE: sensorFile,
    });
    await eventually(() => existsSync(join(folder, 'spool')), Boolean);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    child.kill('SIGTERM');
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ recorded: 1, acknowledged: 1, pending: 0 });
    const latest = await eventually(
      () => fetch(`${pipeline.mesonet.http}/v1/sensors/pi-1-cpu/latest`),
      ({ status }) => status === 200,
    );
    expect(await latest.json()).toMatchObject({ value: 48.312, station_id: 'pi-1' });
  });

  it('post the power of a meter as lines', async () => {
    const { http, token } = pipeline.mesonet;
    const { ended } = run('http-meter.ts', { API: http, TOKEN: token, COUNT: '3', POST_SECONDS: '2' });
    expect(await ended).toEqual({ code: 0, stdout: '', stderr: '' });
    const fromMillis = Date.now() - 60_000;
    const path = `/v1/sensors/meter-7-p/samples?from=${fromMillis}&to=${fromMillis + 120_000}`;
    const rows = await eventually(
      () => pipeline.get<{ value: number }[]>(path).catch(() => []),
      ({ length }) => length === 3,
    );
    expect(rows.map(({ value }) => value)).toEqual([230, 230, 231]);
  });
});
