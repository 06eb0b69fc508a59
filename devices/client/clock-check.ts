import { DeviceError } from '../device-error.ts';

export interface ClockCheckOptions {
  /**
   * An address whose answers carry the server's time in the `Date` header (RFC 9110 §6.6.1), as API Gateway's and the local
   * runtime's do: for example `https://<api>/v1/health`. A shadow's answers are used besides.
   */
  readonly url?: string;
  /** How far the clock may be off; 5 minutes when not given, which is what windows take of a clock that is ahead. */
  readonly maxOffsetMillis?: number;
  /** Whether readings of a clock that is off are sent with `clock_offset_millis` (the default) or refused. */
  readonly whenOff?: 'mark' | 'refuse';
}

const DEFAULT_MAX_OFFSET_MILLIS = 300_000;
const ANSWER_MILLIS = 10_000;

/** What is known of the device's clock. Until a server was heard, nothing is, and readings go unmarked. */
export class ClockCheck {
  readonly #maxOffsetMillis: number;
  #offsetMillis: number | undefined;

  constructor({ maxOffsetMillis = DEFAULT_MAX_OFFSET_MILLIS }: ClockCheckOptions = {}) {
    this.#maxOffsetMillis = maxOffsetMillis;
  }

  /** How far the device's clock is ahead of the server's, as last heard. */
  get offsetMillis(): number | undefined {
    return this.#offsetMillis;
  }

  get isOff(): boolean {
    return Math.abs(this.#offsetMillis ?? 0) > this.#maxOffsetMillis;
  }

  /** @returns whether it changed between right and off */
  observe(serverMillis: number, ownMillis: number): boolean {
    const before = this.isOff;
    this.#offsetMillis = Math.round(ownMillis - serverMillis);
    return before !== this.isOff;
  }
}

/**
 * Asks a server for its time, to the second. Half of the way there and back is taken off.
 * @returns the server's time and the device's at the same instant, milliseconds since the epoch
 * @throws DeviceError when it does not answer or says no time
 */
export async function fetchServerTime(
  url: string,
  nowMillis: () => number,
): Promise<{ readonly serverMillis: number; readonly ownMillis: number }> {
  const askedMillis = nowMillis();
  const response = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(ANSWER_MILLIS) }).catch(
    (cause: Error) => {
      throw new DeviceError(`Cannot ask "${url}" for the time: ${cause.message}`, { cause });
    },
  );
  const serverMillis = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(serverMillis))
    throw new DeviceError(`Cannot ask "${url}" for the time: its answer has no Date header`);
  return { serverMillis, ownMillis: (askedMillis + nowMillis()) / 2 };
}
