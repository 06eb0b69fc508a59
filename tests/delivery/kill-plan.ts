/** When one life of the process ends. */
export type KillPlan =
  /** So long after it serves. */
  | { readonly kind: 'serving'; readonly afterMillis: number }
  /** So long after it was started, serving or not. */
  | { readonly kind: 'starting'; readonly afterMillis: number }
  /** At the nth pass of a failpoint; if it does not pass there, so long after it serves. */
  | {
      readonly kind: 'failpoint';
      readonly name: string;
      readonly pass: number;
      readonly afterMillis: number;
    };

/** The failpoints with the pass up to which they are reached within a life, and how long that may take. */
const FAILPOINTS: readonly (readonly [name: string, passes: number, afterMillis: number])[] = [
  ['accept.beforeAppend', 40, 2000],
  ['accept.afterAppendBeforeAck', 40, 2000],
  ['accept.afterAck', 40, 2000],
  ['upload.beforeAppend', 5, 2000],
  ['upload.afterAppendBeforeAnswer', 5, 2000],
  ['log.beforeCommit', 20, 2000],
  ['log.midRecord', 10, 3000],
  ['log.beforeFsync', 20, 2000],
  ['log.afterFsync', 20, 2000],
  ['rule.eval', 40, 2000],
  ['rule.beforeAction', 40, 2000],
  ['stream.beforePut', 3, 4000],
  ['stream.partialPut', 2, 4000],
  ['consumer.beforeInvoke', 2, 7000],
  ['consumer.afterInvokeBeforeCheckpoint', 1, 7000],
  ['queue.afterHandleBeforeSettle', 2, 4000],
  ['window.beforeFlush', 1, 8000],
  ['window.afterStoreBeforeCheckpoint', 1, 8000],
  ['store.beforeCommit', 4, 7000],
  ['store.afterCommitBeforeAnswer', 4, 7000],
  ['archive.midObject', 1, 8000],
  ['archive.beforeRename', 1, 8000],
  ['delivery.afterObjectBeforeCheckpoint', 1, 8000],
];

/** Two of five kills come while it serves, one of twenty while it starts, the others at each failpoint in turn. */
export class KillPlanner {
  readonly #random: () => number;
  #failpoints = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  next(): KillPlan {
    const kind = this.#random();
    if (kind < 0.4) return { kind: 'serving', afterMillis: 50 + this.#random() * 500 };
    if (kind < 0.45) return { kind: 'starting', afterMillis: 50 + this.#random() * 700 };
    const [name, passes, afterMillis] = FAILPOINTS[this.#failpoints++ % FAILPOINTS.length]!;
    const pass = 1 + Math.floor(this.#random() * passes);
    return { kind: 'failpoint', name, pass, afterMillis };
  }
}

/** Mulberry32: the same seed gives the same numbers. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
