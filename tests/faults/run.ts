import { parseArgs } from 'node:util';
import { readScenarios } from './read-scenarios.ts';
import { type FaultResult, runScenario } from './run-scenario.ts';
import type { FaultScenario } from './scenario.ts';

/*
 * Causes faults, one scenario after the other, and proves that each is survived:
 *
 *   npm run test:faults -- [--list] [--only NAME]... [--long] [--repeat N]
 *
 * Exit code 1 when one is not survived, 2 for a wrong command line.
 */
async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      list: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      long: { type: 'boolean', default: false },
      repeat: { type: 'string', default: '1' },
    },
  });
  const all = await readScenarios();
  const unknown = values.only.find((name) => !all.some((each) => each.name === name));
  if (unknown !== undefined)
    throw new TypeError(`there is no scenario '${unknown}', but ${all.map(({ name }) => name).join(', ')}`);
  const repeat = Number(values.repeat);
  if (!Number.isInteger(repeat) || repeat < 1)
    throw new TypeError(`--repeat must be a whole number from 1, not '${values.repeat}'`);
  const wanted = values.only.length === 0 ? all : all.filter(({ name }) => values.only.includes(name));
  if (values.list) for (const { name, what } of wanted) console.log(`${name.padEnd(24)} ${what}`);
  else await runAll(wanted, values.long, repeat);
}

async function runAll(scenarios: readonly FaultScenario[], isLong: boolean, repeat: number): Promise<void> {
  let failed = 0;
  for (let round = 0; round < repeat; round += 1)
    for (const scenario of scenarios) {
      console.log(`${scenario.name}: ${scenario.what}\n  must hold: ${scenario.passMark}`);
      const result = await runScenario(scenario, isLong);
      console.log(`  ${printResult(result)}`);
      if (result.end === 'failed') failed += 1;
    }
  console.log(`\n${scenarios.length * repeat} run, ${failed} not survived`);
  if (failed > 0) process.exitCode = 1;
}

export function printResult(result: FaultResult): string {
  if (result.end === 'skipped') return `skipped: ${result.reason}`;
  const time = `(${result.seconds.toFixed(1)} s)`;
  return result.end === 'passed' ? `passed: ${result.numbers} ${time}` : `FAILED: ${result.reason} ${time}`;
}

if (import.meta.main)
  await run().catch((error: Error) => {
    console.error(`Cannot run the faults: ${error.message}`);
    process.exitCode = error instanceof TypeError ? 2 : 1;
  });
