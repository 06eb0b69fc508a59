import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultScenario } from './scenario.ts';

/** How a scenario ended. */
export type FaultResult =
  | { readonly end: 'passed'; readonly numbers: string; readonly seconds: number }
  | { readonly end: 'skipped'; readonly reason: string }
  | { readonly end: 'failed'; readonly reason: string; readonly seconds: number };

/** Runs one scenario in a folder of its own. Never rejects. */
export async function runScenario(scenario: FaultScenario, isLong: boolean): Promise<FaultResult> {
  const reason = scenario.cannotRun?.();
  if (reason !== undefined) return { end: 'skipped', reason };
  const folder = mkdtempSync(join(tmpdir(), `mesonet-fault-${scenario.name}-`));
  const start = performance.now();
  const secondsSince = (): number => (performance.now() - start) / 1000;
  try {
    const numbers = await scenario.run({ folder, isLong });
    return { end: 'passed', numbers, seconds: secondsSince() };
  } catch (error) {
    return { end: 'failed', reason: (error as Error).message, seconds: secondsSince() };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
