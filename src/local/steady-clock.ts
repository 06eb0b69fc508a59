/** Milliseconds since the epoch that never go back, whatever becomes of the wall clock. */
export interface SteadyClock {
  readonly nowMillis: () => number;
  /** Goes on from an instant at the earliest: records of a former life may have been stamped ahead of the wall clock. */
  notBefore(millis: number): void;
}

/** How fast it goes while it is ahead of the wall clock, so that this catches up and windows still close meanwhile. */
const AHEAD_SPEED = 0.5;

/** @param monotonicMillis never goes back, and is not put forward either */
export function startSteadyClock(
  wallMillis: () => number = Date.now,
  monotonicMillis: () => number = () => performance.now(),
): SteadyClock {
  let reached = wallMillis();
  let reachedMonotonic = monotonicMillis();
  return {
    nowMillis: () => {
      const monotonic = monotonicMillis();
      const ahead = reached + (monotonic - reachedMonotonic) * AHEAD_SPEED;
      reached = Math.max(wallMillis(), ahead);
      reachedMonotonic = monotonic;
      return Math.floor(reached);
    },
    notBefore: (millis) => {
      reached = Math.max(reached, millis);
    },
  };
}
