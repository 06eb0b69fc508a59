import { parseArgs } from 'node:util';
import { runSeed, type SeedOutcome } from './run-seed.ts';
import { monotonicMillis } from './world.ts';

/** `npm run test:simulation -- --seeds N [--seed S] [--trace]`: worlds from seed S on; the first that fails is printed. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
  },
});
const first = Number(values.seed);
const count = Number(values.seeds);
const started = monotonicMillis();
const sums = { seeds: 0, faults: 0, events: 0, steps: 0, virtualMillis: 0, failed: 0 };

for (let seed = first; seed < first + count; seed += 1) {
  const outcome = await runSeed(seed, { isTraced: values.trace });
  if (values.trace) console.log(outcome.trace.join('\n'));
  sums.seeds += 1;
  if (outcome.violation) {
    await printFailure(outcome);
    sums.failed += 1;
    if (!values['keep-going']) break;
  } else if (outcome.result) {
    sums.faults += outcome.result.faults;
    sums.events += outcome.result.events;
    sums.steps += outcome.result.steps;
    sums.virtualMillis += outcome.result.virtualMillis;
    if (count === 1) console.log(`seed ${seed}: ${JSON.stringify(outcome.result)}`);
  }
}
printSums();
process.exitCode = sums.failed > 0 ? 1 : 0;

/** The last steps before the failure; a failing run is repeated to have them. */
async function printFailure({ options, violation }: SeedOutcome): Promise<void> {
  console.log(`seed ${options.seed} violates ${violation!.message}`);
  console.log(`options: ${JSON.stringify(options)}`);
  const { trace } = await runSeed(options.seed, { isTraced: true });
  if (!values['keep-going'])
    console.log(`the last of ${trace.length} steps:\n${trace.slice(-40).join('\n')}`);
  console.log(`again: npm run test:simulation -- --seed ${options.seed} --trace`);
}

function printSums(): void {
  const seconds = (monotonicMillis() - started) / 1000;
  const hours = sums.virtualMillis / 3_600_000;
  console.log(
    `${sums.seeds} seeds, ${sums.failed} failed: ${sums.events} events, ${sums.faults} faults, ${sums.steps} steps, ${hours.toFixed(1)} virtual hours in ${seconds.toFixed(1)} s`,
  );
}
