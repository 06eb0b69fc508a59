import type { BranchTaken, RuleBranch } from '../iot-sql/index.ts';

/** A way out of a branch that no case takes. */
export interface BranchNotReached {
  readonly clause: RuleBranch['clause'];
  readonly source: string;
  readonly outcome: string;
}

/** How much of a rule its cases reach. */
export interface RuleCoverage {
  /** Ways out of the branches in all. */
  readonly outcomes: number;
  readonly notReached: readonly BranchNotReached[];
}

/** Counts the ways through a rule that some message took. */
export function coverageOf(
  branches: readonly RuleBranch[],
  taken: Iterable<readonly BranchTaken[]>,
): RuleCoverage {
  const reached = new Set<string>();
  for (const ways of taken) for (const { branch, outcome } of ways) reached.add(`${branch}/${outcome}`);
  const all = branches.flatMap(({ clause, source, outcomes }, branch) =>
    outcomes.map((outcome, at) => ({ clause, source, outcome, key: `${branch}/${at}` })),
  );
  return {
    outcomes: all.length,
    notReached: all
      .filter(({ key }) => !reached.has(key))
      .map(({ clause, source, outcome }) => ({ clause, source, outcome })),
  };
}
