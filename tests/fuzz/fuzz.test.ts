import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fuzzClasses } from './classes.ts';
import { REGRESSIONS, runFuzz } from './run-fuzz.ts';

/** The long run is `npm run test:fuzz`; docs/reliability.md has its figures. */
const SEED = Number(process.env.SEED ?? 1);

describe(`malformed input, seed ${SEED}`, () => {
  it.each(fuzzClasses.map((each) => [each.counts.ci, each.name, each] as const))(
    '%i of %s crash nothing, hang nothing, and are told from the good',
    async (count, _, fuzzClass) => {
      const { failure } = await runFuzz(fuzzClass, { count, seed: SEED });
      expect(failure && { ...failure, input: failure.input.toString('latin1') }).toBeUndefined();
    },
    600_000,
  );

  it('that failed once is tried by the class it belongs to', () => {
    const names = fuzzClasses.map(({ name }) => name);
    for (const folder of readdirSync(REGRESSIONS, { withFileTypes: true }))
      if (folder.isDirectory()) expect(names).toContain(folder.name);
  });
});
