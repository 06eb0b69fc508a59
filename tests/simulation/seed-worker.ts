import { runSeed } from './run-seed.ts';
import type { SeedRange, SeedsReport } from './run-seeds.ts';

/** Answers each range of seeds with what their worlds came to. */
process.on('message', async ({ firstSeed, seeds, parts }: SeedRange) => {
  const failures: { seed: number; violation: string }[] = [];
  const report = { seeds, events: 0, faults: 0, steps: 0, virtualMillis: 0, failures } satisfies SeedsReport;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const { result, violation } = await runSeed(seed, { parts });
    if (violation) failures.push({ seed, violation: violation.message });
    report.events += result?.events ?? 0;
    report.faults += result?.faults ?? 0;
    report.steps += result?.steps ?? 0;
    report.virtualMillis += result?.virtualMillis ?? 0;
  }
  process.send!(report);
});
