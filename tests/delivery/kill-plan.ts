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
  ['accept.beforeAppend', 150, 1000],
  ['accept.afterAppendBeforeAck', 150, 1000],
  ['accept.afterAck', 150, 1000],
  ['upload.beforeAppend', 15, 1000],
  ['upload.afterAppendBeforeAnswer', 15, 1000],
  ['log.beforeCommit', 60, 1000],
  ['log.midRecord', 60, 1000],
  ['log.beforeFsync', 60, 1000],
  ['log.afterFsync', 60, 1000],
  ['rule.eval', 150, 1000],
  ['rule.beforeAction', 150, 1000],
  ['stream.beforePut', 20, 1500],
  ['stream.partialPut', 20, 1500],
  ['consumer.beforeInvoke', 2, 1500],
  ['consumer.afterInvokeBeforeCheckpoint', 2, 1500],
  ['queue.afterHandleBeforeSettle', 10, 1500],
  ['window.beforeFlush', 1, 6000],
  ['window.afterStoreBeforeCheckpoint', 1, 6000],
  ['store.beforeCommit', 15, 1500],
  ['store.afterCommitBeforeAnswer', 15, 1500],
  ['archive.midObject', 2, 1500],
  ['archive.beforeRename', 2, 1500],
  ['delivery.afterObjectBeforeCheckpoint', 1, 1500],
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
