import type { SeededRandom } from '../simulation/seeded-random.ts';

/** One kind of input, and what must hold for each. Inputs are bytes, so that any of them can be kept as a file. */
export interface FuzzClass {
  readonly name: string;
  /** Inputs in CI, and in a long run. */
  readonly counts: { readonly ci: number; readonly long: number };
  /** Without it a failing input is kept as it is: made smaller it would be no input of this class. */
  readonly isWhole?: boolean;
  /** Inputs that are tried before the world is looked at; 1 where nothing is said. */
  readonly groupSize?: number;
  /** Without it the time of an input is its computing; with it, waiting is a part of it. */
  readonly isRemote?: boolean;
  open(): Promise<OpenFuzz> | OpenFuzz;
}

export interface OpenFuzz {
  /** The same random numbers give the same input. */
  generate(random: SeededRandom): Buffer;
  /** @throws Error that says what does not hold */
  check(input: Buffer): void | Promise<void>;
  /** After each group. @throws Error when the world has been harmed */
  look?(): Promise<void>;
  close?(): Promise<void>;
}

/** @throws Error with the sentence when it does not hold */
export function holds(condition: boolean, otherwise: () => string): asserts condition {
  if (!condition) throw new Error(otherwise());
}
