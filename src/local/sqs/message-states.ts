/** What a queue knows of a message that was received and not deleted. */
export interface MessageState {
  /** Its place in the queue. */
  readonly index: number;
  receives: number;
  firstReceiveMillis: number;
  /** Hidden until then. */
  visibleMillis: number;
  /** A receiver of this process is working on it. */
  isUnderWay: boolean;
}

/** `[index, receives, firstReceiveMillis]` */
type KeptState = readonly [number, number, number];

interface Kept {
  readonly next: number;
  readonly states: readonly KeptState[];
}

/**
 * How far a queue is done: from `next` on no message was received yet, and of those before it the ones without a state
 * are done with. So it stays small however much passes a message that comes back again and again.
 */
export class MessageStates {
  /** In the order of the messages. */
  readonly #states = new Map<number, MessageState>();
  #next: number;

  /** @param kept what `encode` gave; what was hidden then is visible now, for nobody is working on it any more */
  constructor(kept?: Uint8Array) {
    const { next, states }: Kept = kept
      ? (JSON.parse(Buffer.from(kept).toString()) as Kept)
      : { next: 0, states: [] };
    this.#next = next;
    for (const [index, receives, firstReceiveMillis] of states)
      this.#states.set(index, {
        index,
        receives,
        firstReceiveMillis,
        visibleMillis: 0,
        isUnderWay: false,
      });
  }

  /** The first message that is not done with. */
  get start(): number {
    for (const index of this.#states.keys()) return index;
    return this.#next;
  }

  /** The first message that was never received. */
  get next(): number {
    return this.#next;
  }

  /** Received and not deleted. */
  get size(): number {
    return this.#states.size;
  }

  get(index: number): MessageState | undefined {
    return this.#states.get(index);
  }

  /** The state of a message that is received for the first time; those before it that are gone are passed. */
  take(index: number): MessageState {
    const state = { index, receives: 0, firstReceiveMillis: 0, visibleMillis: 0, isUnderWay: false };
    this.#states.set(index, state);
    this.#next = index + 1;
    return state;
  }

  /** From `index` on no message was received; what lies before it and has no state is done with. */
  passTo(index: number): void {
    this.#next = index;
  }

  finish({ index }: MessageState): void {
    this.#states.delete(index);
  }

  /** Received before, and visible again. */
  returned(nowMillis: number): MessageState[] {
    return [...this.#states.values()].filter(({ visibleMillis }) => visibleMillis <= nowMillis);
  }

  /** A receive that the end of this process would cut is not kept: it says nothing about the message. */
  encode(): Buffer {
    const states = [...this.#states.values()].map(
      ({ index, receives, firstReceiveMillis, isUnderWay }): KeptState => [
        index,
        isUnderWay ? receives - 1 : receives,
        firstReceiveMillis,
      ],
    );
    return Buffer.from(JSON.stringify({ next: this.#next, states } satisfies Kept));
  }
}
