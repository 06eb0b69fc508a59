const FIRST_CEILING_MILLIS = 500;
const LAST_CEILING_MILLIS = 30_000;
const FLOOR_MILLIS = 50;

/**
 * How long to wait before reconnection number `attempt` (from 0): exponential back-off with full jitter, so that a fleet that lost
 * its broker at one instant does not come back at one instant (AWS IoT developer guide, "Device communication protocols": retry
 * with exponential back-off and jitter).
 * @param random a number in [0, 1)
 */
export function reconnectDelayMillis(attempt: number, random: number): number {
  const ceiling = Math.min(LAST_CEILING_MILLIS, FIRST_CEILING_MILLIS * 2 ** Math.min(attempt, 16));
  return FLOOR_MILLIS + Math.floor(random * (ceiling - FLOOR_MILLIS));
}
