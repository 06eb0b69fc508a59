import { Trace } from './trace.ts';
import { Violation } from './violation.ts';
import { World, type WorldResult } from './world.ts';
import { type GivenOptions, optionsOfSeed, type WorldOptions } from './world-options.ts';

/** How the run of one seed ended. */
export interface SeedOutcome {
  readonly options: WorldOptions;
  readonly result: WorldResult | undefined;
  readonly violation: Violation | undefined;
  readonly trace: readonly string[];
}

/** Runs the world of a seed from beginning to end. Runs may not overlap: they share the platform's clock. */
export async function runSeed(
  seed: number,
  { isTraced = false, ...given }: GivenOptions & { readonly isTraced?: boolean } = {},
): Promise<SeedOutcome> {
  const options = optionsOfSeed(seed, given);
  let world: World | undefined;
  const trace = new Trace(isTraced, () => world?.scheduler.millis ?? 0);
  world = new World(options, trace);
  try {
    const result = await world.run();
    return { options, result, violation: undefined, trace: trace.lines };
  } catch (error) {
    const violation =
      error instanceof Violation ? error : new Violation('no error', String((error as Error).stack));
    return { options, result: undefined, violation, trace: trace.lines };
  }
}
