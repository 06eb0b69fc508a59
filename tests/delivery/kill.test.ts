import { afterAll, describe, expect, it } from 'vitest';
import { type KillLoopReport, printKillReport, runKillLoop } from './kill-loop.ts';

/** More with `npm run test:kill -- --kills 2000`; docs/reliability.md has the longest run. */
const KILLS = Number(process.env.KILLS ?? (process.env.CI ? 200 : 12));
const SEED = Number(process.env.SEED ?? 1);

describe(`kill -9, ${KILLS} times, at random and at every failpoint, under load`, () => {
  let report: KillLoopReport | undefined;
  afterAll(() => {
    if (report) console.log(printKillReport(report));
  });

  it('loses nothing that was acknowledged, and nothing has its effect twice', {
    timeout: 400_000 + KILLS * 10_000,
  }, async () => {
    report = await runKillLoop({ kills: KILLS, seed: SEED, parallel: 2, checkEvery: 0, print: console.log });
    expect(report.violations).toEqual([]);
    expect(report.kills).toBeGreaterThanOrEqual(KILLS);
    expect(report.accepted).toBeGreaterThan(KILLS * 10);
    expect(report.checks).toBe(2);
  });
});
