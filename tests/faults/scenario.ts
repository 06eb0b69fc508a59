/** What a scenario is given. */
export interface FaultContext {
  /** Empty, and removed afterwards. */
  readonly folder: string;
  /** More repetitions, and longer. */
  readonly isLong: boolean;
}

/** One fault: how it is caused, what must hold, and the proof. */
export interface FaultScenario {
  readonly name: string;
  /** The fault, and how it is caused. */
  readonly what: string;
  /** What must hold, printed beside the numbers. */
  readonly passMark: string;
  /** Why it cannot run on this machine; undefined where it can. */
  readonly cannotRun?: () => string | undefined;
  /**
   * @returns the numbers it measured, in a few words
   * @throws Error that says which part of the pass mark was not met
   */
  readonly run: (context: FaultContext) => Promise<string>;
}

/** @throws Error of what should hold, with what is instead */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
