/** One thing that is wrong with a policy document. */
export interface PolicyProblem {
  /** Where, for example `Statement[1].Action[0]`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
}

/** A policy document that AWS IoT would not take, with everything that is wrong with it. */
export class PolicyError extends Error {
  override name = 'PolicyError';
  readonly problems: readonly PolicyProblem[];

  constructor(problems: readonly PolicyProblem[]) {
    const texts = problems.map(({ path, message }) => (path ? `${path}: ${message}` : message));
    super(`Cannot read the policy document: ${texts.join('; ')}`);
    this.problems = problems;
  }
}
