import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';

/** The passing of time, so that pacing can be tested in none. */
export interface Clock {
  now(): number;
  /** Waits so long, or until the signal aborts; resolves either way. With 0 it still lets the network have a turn. */
  sleep(millis: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (millis, signal) =>
    (millis > 0 ? wait(millis, undefined, { signal }) : nextTurn(undefined, { signal })).catch(
      (error: unknown) => {
        if (!signal.aborted) throw error;
      },
    ),
};
