import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerReport } from '../../src/local/ledger.ts';
import { meterReading, post, stageOf } from './gateway.test-support.ts';
import { eventually } from './running-pipeline.test-support.ts';
import { type Ready, readStream, start } from './runtime-process.test-support.ts';

/** How often the process is killed; more with `KILLS=50 npx vitest run tests/pipeline/http-kill`. */
const KILLS = Number(process.env.KILLS ?? 3);
const GATEWAYS = 10;

/** Posts as fast as it is answered until the process is gone; remembers what was answered with 200. */
async function postUntilCut(ready: Ready, accepted: Set<number>, next: () => number): Promise<void> {
  const gateway = async (): Promise<void> => {
    for (;;) {
      const values = [next(), next()];
      const body = JSON.stringify(values.map((value) => meterReading(`h${value % 40}`, Date.now(), value)));
      const answer = await post(ready, body).catch(() => undefined);
      if (!answer) return;
      if (answer.status === 200) for (const value of values) accepted.add(value);
    }
  };
  await Promise.all(Array.from({ length: GATEWAYS }, gateway));
}

describe(`kill -9 of what takes readings over HTTP, ${KILLS} times under load`, () => {
  let folder: string;
  let child: ChildProcess;
  let ready: Ready;
  const accepted = new Set<number>();
  let counter = 0;

  beforeAll(
    async () => {
      folder = mkdtempSync(join(tmpdir(), 'mesonet-http-kill-'));
      ({ child, ready } = await start(folder));
      for (let kill = 0; kill < KILLS; kill += 1) {
        const cut = postUntilCut(ready, accepted, () => counter++);
        await new Promise((resolve) => setTimeout(resolve, 700 + ((kill * 397) % 900)));
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await Promise.all([cut, gone]);
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

  it('loses nothing that was answered with 200', { timeout: 120_000 }, async () => {
    const entry = await eventually(
      async () => {
        const ledger = (await (await fetch(`${ready.http}/v1/ledger`)).json()) as LedgerReport;
        return stageOf(ledger, 'function ingest-http')!;
      },
      ({ inFlight }) => inFlight === 0,
      90,
    );
    const readings = await readStream<{ sensor_value: number }>(ready.awsEndpoint, 'mesonet-dev-readings');
    const stored = new Set(readings.map(({ sensor_value }) => sensor_value));
    const missing = [...accepted].filter((value) => !stored.has(value));
    console.log(`${accepted.size} readings accepted over ${KILLS} kills, ${missing.length} missing`);
    expect(accepted.size).toBeGreaterThan(KILLS * 50);
    expect(missing).toEqual([]);
    // Two readings in each message; what was cut before its answer may be there too.
    expect(entry.out).toBeGreaterThanOrEqual(accepted.size / 2);
    expect(entry.dropped).toEqual({});
  });
});
