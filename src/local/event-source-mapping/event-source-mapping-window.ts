import type { LambdaResult } from '../lambda/lambda-function.ts';

/** Of the state that a function hands from one invocation of a window to the next (Lambda quotas). */
export const MAX_STATE_BYTES = 1024 * 1024;

/** After a window's end, for records that arrived before it and are still on their way to the disk. */
const SETTLING_MILLIS = 300;

interface OpenWindow {
  readonly startMillis: number;
  /** JSON text. */
  readonly state: string;
  /** The state has outgrown its limit: the window ends before its time. */
  readonly isTerminated: boolean;
}

/**
 * The tumbling window of one shard: which one is open, and the state that the function keeps for it (Lambda developer
 * guide, "Implementing stateful Kinesis Data Streams processing"). Records belong to windows by their arrival.
 */
export class TumblingWindow {
  readonly #widthMillis: number;
  #open: OpenWindow | undefined;

  /** @param kept what `encode` gave before a restart */
  constructor(widthSeconds: number, kept: Uint8Array | undefined) {
    this.#widthMillis = widthSeconds * 1000;
    const open = kept && (JSON.parse(Buffer.from(kept).toString()) as OpenWindow | null);
    this.#open = open ?? undefined;
  }

  /** What is kept together with the checkpoint. */
  encode(): Buffer {
    return Buffer.from(JSON.stringify(this.#open ?? null));
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** When the open window is over if no record says so before, milliseconds since the epoch. */
  get dueMillis(): number {
    return this.endMillis + SETTLING_MILLIS;
  }

  /** The end of the open window, milliseconds since the epoch; Infinity when none is open. */
  get endMillis(): number {
    return this.#open ? this.#open.startMillis + this.#widthMillis : Infinity;
  }

  /** Does a record that arrived then belong to a window behind the open one? */
  isBehind(arrivalMillis: number): boolean {
    return this.#open !== undefined && this.#startOf(arrivalMillis) > this.#open.startMillis;
  }

  /** May records of these two arrivals be in one batch? */
  isSame(arrivalMillis: number, otherMillis: number): boolean {
    return this.#startOf(arrivalMillis) === this.#startOf(otherMillis);
  }

  get isTerminated(): boolean {
    return this.#open?.isTerminated ?? false;
  }

  /** Opens the window of a record, unless one is open. */
  open(arrivalMillis: number): void {
    this.#open ??= { startMillis: this.#startOf(arrivalMillis), state: '{}', isTerminated: false };
  }

  close(): void {
    this.#open = undefined;
  }

  /** The members that an event has besides its records. */
  eventMembers(shardId: string, streamArn: string, isFinal: boolean): string {
    const { startMillis, state, isTerminated } = this.#open!;
    const iso = (millis: number): string => `"${new Date(millis).toISOString().replace('.000Z', 'Z')}"`;
    return (
      `,"window":{"start":${iso(startMillis)},"end":${iso(startMillis + this.#widthMillis)}},"state":${state},` +
      `"shardId":"${shardId}","eventSourceARN":"${streamArn}","isFinalInvokeForWindow":${isFinal},` +
      `"isWindowTerminatedEarly":${isTerminated}`
    );
  }

  /** Takes the state from an answer. An answer without one is a failed invocation. */
  accept(result: LambdaResult): LambdaResult {
    if (!result.ok) return result;
    const state = (result.value as { state?: unknown } | null)?.state;
    if (typeof state !== 'object' || state === null) {
      const errorMessage = 'the answer has no state, which an invocation of a tumbling window must give';
      return {
        ok: false,
        requestId: result.requestId,
        error: { errorType: 'InvalidStateResponse', errorMessage, trace: [] },
      };
    }
    const text = JSON.stringify(state);
    const isTerminated = Buffer.byteLength(text) > MAX_STATE_BYTES;
    this.#open = { startMillis: this.#open!.startMillis, state: text, isTerminated };
    return result;
  }

  #startOf(arrivalMillis: number): number {
    return Math.floor(arrivalMillis / this.#widthMillis) * this.#widthMillis;
  }
}
