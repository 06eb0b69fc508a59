/** What became of records: delivered, or the reason why not. */
export type Fate =
  | 'delivered'
  | 'filtered'
  | 'retries-exhausted'
  | 'record-age'
  | 'payload-too-large'
  | 'expired'
  | 'damaged';

/** One record, or a run of them that share a fate, on its way. */
export interface Tracked<F extends string = Fate> {
  readonly sequenceNumber: string;
  readonly count: number;
  fate: F | undefined;
  /** Called once, in the turn in which the checkpoint passes it: what it counts is kept with the checkpoint. */
  onPassed?: (() => void) | undefined;
}

export interface Advance<F extends string = Fate> {
  /** Everything up to here has met its fate. */
  readonly sequenceNumber: string;
  readonly fates: ReadonlyMap<F, number>;
}

/** How far one shard is done: batches may end in any order, the checkpoint only passes what has met its fate. */
export class ShardProgress<F extends string = Fate> {
  readonly #entries: Tracked<F>[] = [];

  track(sequenceNumber: string, fate?: F, count = 1): Tracked<F> {
    const tracked: Tracked<F> = { sequenceNumber, fate, count };
    this.#entries.push(tracked);
    return tracked;
  }

  /** Entries that the checkpoint has not passed. */
  get size(): number {
    return this.#entries.length;
  }

  /** Takes away what is done at the front. Undefined when the first one is still on its way. */
  advance(): Advance<F> | undefined {
    const fates = new Map<F, number>();
    let done = 0;
    for (const { fate, count, onPassed } of this.#entries) {
      if (fate === undefined) break;
      onPassed?.();
      fates.set(fate, (fates.get(fate) ?? 0) + count);
      done += 1;
    }
    const [last] = this.#entries.splice(0, done).slice(-1);
    return last && { sequenceNumber: last.sequenceNumber, fates };
  }
}
