/** AWS IoT Core endpoints and quotas, message broker and protocol limits: publishes of one connection in a second. */
export const MAX_PUBLISHES_PER_SECOND = 100;
/** The same, throughput of one connection: payloads and topics, in bytes a second. */
export const MAX_BYTES_PER_SECOND = 512 * 1024;

/** This share of a second's publishes may go at one instant; what refills is the rest, so that together they keep to the limit. */
const BURST_SHARE = 0.1;

export interface PublishPaceOptions {
  /** No more than so many in any second; `Infinity` for no limit. */
  readonly maxPublishesPerSecond?: number | undefined;
  /** No more than so many in the long run; `Infinity` for no limit. */
  readonly maxBytesPerSecond?: number | undefined;
}

/** A rate as a store that fills by itself. What takes more than there is leaves a debt that the next one waits for. */
class Allowance {
  readonly #perMilli: number;
  readonly #most: number;
  /** There is room as long as so much is left. */
  readonly #least: number;
  #left: number;
  #atMillis = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number, most: number, least: number) {
    this.#perMilli = perSecond / 1000;
    this.#most = most;
    this.#least = least;
    this.#left = most;
  }

  waitMillis(nowMillis: number): number {
    if (nowMillis > this.#atMillis) {
      this.#left = Math.min(this.#most, this.#left + (nowMillis - this.#atMillis) * this.#perMilli);
      this.#atMillis = nowMillis;
    }
    return Math.max(0, Math.ceil((this.#least - this.#left) / this.#perMilli));
  }

  take(amount: number): void {
    this.#left -= amount;
  }
}

/**
 * How fast a connection may publish. The service refuses publishes over its quota, or, with MQTT 3.1.1, drops them without a
 * word; whoever empties a full spool waits here instead. Up to a tenth of a second's publishes go at once, so that ordinary use
 * never waits.
 */
export class PublishPace {
  readonly #publishes: Allowance | undefined;
  readonly #bytes: Allowance | undefined;

  constructor({
    maxPublishesPerSecond = Number.POSITIVE_INFINITY,
    maxBytesPerSecond = Number.POSITIVE_INFINITY,
  }: PublishPaceOptions) {
    const burst = Math.max(1, maxPublishesPerSecond * BURST_SHARE);
    const refill = Math.max(maxPublishesPerSecond - burst, maxPublishesPerSecond / 2);
    if (maxPublishesPerSecond < Number.POSITIVE_INFINITY) this.#publishes = new Allowance(refill, burst, 1);
    if (maxBytesPerSecond < Number.POSITIVE_INFINITY)
      this.#bytes = new Allowance(maxBytesPerSecond, maxBytesPerSecond * BURST_SHARE, 0);
  }

  /**
   * Takes a publish of so many bytes, when it may go.
   * @param nowMillis by a clock that nobody sets
   * @returns 0 when it may go; else how many whole milliseconds to wait before asking again, and nothing was taken
   */
  takeOrWaitMillis(bytes: number, nowMillis: number): number {
    const waitMillis = Math.max(
      this.#publishes?.waitMillis(nowMillis) ?? 0,
      this.#bytes?.waitMillis(nowMillis) ?? 0,
    );
    if (waitMillis > 0) return waitMillis;
    this.#publishes?.take(1);
    this.#bytes?.take(bytes);
    return 0;
  }
}
