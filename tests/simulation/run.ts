import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runSeed } from './run-seed.ts';
import { runSeeds, type SeedsReport } from './run-seeds.ts';
import { ALL_PARTS, type Part } from './world-options.ts';

/**
 * `npm run test:simulation -- --seeds N [--seed S] [--trace] [--parts a,b]`: the worlds of N seeds from S on. The first one that fails
 * is run again for its trace; `--all` goes on behind it.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    parallel: { type: 'string', default: String(availableParallelism()) },
    trace: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    parts: { type: 'string' },
  },
});
const LAST_STEPS = 40;
const PROGRESS_SEEDS = 1000;
const startedMillis = performance.now();
/** Instead of those that the seed draws; an empty list is the core alone. */
const parts = values.parts?.split(',').filter((part) => part !== '') as Part[] | undefined;
const unknown = parts?.find((part) => !ALL_PARTS.includes(part));
if (unknown !== undefined) {
  console.error(`Expected --parts to be a list of ${ALL_PARTS.join(', ')}, not '${unknown}'`);
  process.exit(2);
}
const seeds = Number(values.seeds);
const firstSeed = Number(values.seed);

if (seeds === 1) await printSeed(firstSeed, values.trace);
else await printSeeds();

async function printSeeds(): Promise<void> {
  let printed = 0;
  const report = await runSeeds({
    firstSeed,
    seeds,
    parts,
    parallel: Number(values.parallel),
    stopsAtFailure: !values.all,
    onProgress: (sums) => {
      if (sums.seeds < printed + PROGRESS_SEEDS) return;
      printed = sums.seeds;
      printSums(sums);
    },
  });
  for (const { seed, violation } of report.failures) console.log(`seed ${seed} violates ${violation}`);
  const [first] = report.failures;
  if (first && !values.all) await printSeed(first.seed, false);
  printSums(report);
  if (first) process.exitCode = 1;
}

/** One world with its options; with the last steps when it fails, or all of them. */
async function printSeed(seed: number, isWhole: boolean): Promise<void> {
  const { options, result, violation, trace } = await runSeed(seed, { isTraced: true, parts });
  console.log((isWhole ? trace : violation ? trace.slice(-LAST_STEPS) : []).join('\n'));
  console.log(`seed ${seed}, options: ${JSON.stringify(options)}`);
  console.log(violation ? `violates ${violation.message}` : `holds: ${JSON.stringify(result)}`);
  if (violation) console.log(`Again, with every step: npm run test:simulation -- --seed ${seed} --trace`);
  if (violation) process.exitCode = 1;
}

function printSums({ seeds: done, events, faults, steps, virtualMillis, failures }: SeedsReport): void {
  const seconds = (performance.now() - startedMillis) / 1000;
  const hours = virtualMillis / 3_600_000;
  console.log(
    `${done} seeds, ${failures.length} failed: ${events} events, ${faults} faults, ${steps} steps, ` +
      `${hours.toFixed(1)} virtual hours in ${seconds.toFixed(0)} s`,
  );
}
