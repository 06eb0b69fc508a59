import { parseArgs } from 'node:util';
import { fuzzClasses } from './classes.ts';
import { type FuzzFailure, keepInput, runFuzz } from './run-fuzz.ts';

/*
 * npm run test:fuzz -- [--only CLASS] [--count N] [--seed S]
 * Without a count each class takes its long run. A failing input is made as small as it goes, and kept for every later run.
 */
const SHOWN_BYTES = 400;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, count: { type: 'string' }, seed: { type: 'string', default: '1' } },
  });
  const chosen = fuzzClasses.filter(({ name }) => values.only === undefined || name === values.only);
  const count = values.count === undefined ? undefined : Number(values.count);
  const seed = Number(values.seed);
  if (chosen.length === 0 || !Number.isSafeInteger(seed) || (count !== undefined && !(count >= 0))) {
    console.error(
      `Expected --count and --seed to be whole numbers, --only one of ${fuzzClasses.map(({ name }) => name).join(', ')}`,
    );
    process.exitCode = 2;
    return;
  }
  for (const each of chosen) {
    const { inputs, bytes, seconds, failure } = await runFuzz(each, {
      count: count ?? each.counts.long,
      seed,
    });
    console.log(
      `${failure ? 'FAILED' : 'ok    '}  ${each.name.padEnd(16)} ${String(inputs).padStart(8)} inputs, ${(bytes / 1024 / 1024).toFixed(1).padStart(7)} MiB in ${seconds.toFixed(0).padStart(4)} s, seed ${seed}`,
    );
    if (failure) fail(failure);
  }
  // What a broker under test holds open is no reason to go on.
  process.exit();
}

function fail(failure: FuzzFailure): void {
  const { input, message, index, seed } = failure;
  console.log(`  input ${index ?? 'kept before'} of seed ${seed}: ${message}`);
  console.log(`  ${JSON.stringify(input.toString('latin1', 0, SHOWN_BYTES))}`);
  if (index !== undefined) console.log(`  kept as ${keepInput(failure)}`);
  process.exitCode = 1;
}

await main();
