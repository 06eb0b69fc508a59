/** How the runtime's core waits, and measures how long something took. The simulation gives one with a virtual clock. */
export interface Timers {
  /** Calls back once, at the earliest after so many milliseconds. Returns the way to call it off. */
  after(millis: number, callback: () => void): () => void;
  /** Calls back again and again. Returns the way to stop it. */
  every(millis: number, callback: () => void): () => void;
  /** Calls back when the current turn of the event loop is over. */
  soon(callback: () => void): void;
  /** Milliseconds since some instant; never goes back, whatever becomes of the wall clock. */
  monotonicMillis(): number;
}

/** The timers of the process. */
export const SYSTEM_TIMERS: Timers = {
  after(millis, callback) {
    const timer = setTimeout(callback, millis);
    return () => clearTimeout(timer);
  },
  every(millis, callback) {
    const timer = setInterval(callback, millis);
    return () => clearInterval(timer);
  },
  soon: (callback) => void setImmediate(callback),
  monotonicMillis: () => performance.now(),
};

/** Waits so long; returns early when the signal aborts. */
export function sleep(timers: Timers, millis: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = timers.after(millis, end);
    signal.addEventListener('abort', end);
  });
}
