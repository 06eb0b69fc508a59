/** AWS IoT Core endpoints and quotas, message broker and protocol limits: of one connection, each second. */
export const MAX_PUBLISHES_PER_SECOND = 100;
export const MAX_BYTES_PER_SECOND = 512 * 1024;
/** What was not used is saved up so long: the service measures over a time that it does not tell. */
const SAVED_SECONDS = 2;

/** A rate, as a store that fills by itself. */
class Allowance {
  readonly #perMilli: number;
  readonly #most: number;
  #left: number;
  #atMillis: number;

  constructor(perSecond: number, nowMillis: number) {
    this.#perMilli = perSecond / 1000;
    this.#most = perSecond * SAVED_SECONDS;
    this.#left = this.#most;
    this.#atMillis = nowMillis;
  }

  /** What is there now; less than nothing when too much was taken. */
  left(nowMillis: number): number {
    const filled = this.#left + Math.max(0, nowMillis - this.#atMillis) * this.#perMilli;
    this.#left = Math.min(this.#most, filled);
    this.#atMillis = nowMillis;
    return this.#left;
  }

  take(amount: number): void {
    this.#left -= amount;
  }

  get millisUntilFilled(): number {
    return Math.max(0, -this.#left / this.#perMilli);
  }
}

/**
 * What one connection may send: publishes beyond their number are not taken, bytes beyond theirs are processed later (AWS IoT
 * Core endpoints and quotas, publish requests and throughput per second per connection).
 */
export class ConnectionQuota {
  readonly #publishes: Allowance;
  readonly #bytes: Allowance;

  /** @param nowMillis by a clock that nobody sets */
  constructor(nowMillis: number) {
    this.#publishes = new Allowance(MAX_PUBLISHES_PER_SECOND, nowMillis);
    this.#bytes = new Allowance(MAX_BYTES_PER_SECOND, nowMillis);
  }

  /** Takes a publish, or does not, because there were too many. */
  takesPublish(nowMillis: number): boolean {
    if (this.#publishes.left(nowMillis) < 1) return false;
    this.#publishes.take(1);
    return true;
  }

  /** How long a message of so many bytes waits. */
  delayMillis(bytes: number, nowMillis: number): number {
    this.#bytes.left(nowMillis);
    this.#bytes.take(bytes);
    return this.#bytes.millisUntilFilled;
  }
}
