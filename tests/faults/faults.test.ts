import { describe, expect, it } from 'vitest';
import { readScenarios } from './read-scenarios.ts';
import { printResult } from './run.ts';
import { runScenario } from './run-scenario.ts';

const scenarios = await readScenarios();

describe('faults', () => {
  for (const scenario of scenarios)
    it(`${scenario.name}: ${scenario.passMark}`, { timeout: 300_000 }, async (context) => {
      const result = await runScenario(scenario, false);
      console.log(`${scenario.name}: ${printResult(result)}`);
      if (result.end === 'skipped') context.skip(result.reason);
      expect(printResult(result)).toMatch(/^passed/);
    });
});
