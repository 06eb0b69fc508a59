import type { PageState, SensorState } from './page-state.ts';

const silentAfterIntervals = 3;
const unknownIntervalMillis = 60_000;
/** Readings are delivered twice a second, so nothing shorter than this can be told from an ordinary pause. */
const shortestSilenceMillis = 5_000;
/** When the runtime leaves rows out, the page learns of a sensor by polling every `pollMillis`. */
export const pollMillis = 15_000;
const longestGraceMillis = 10_000;

/** The runtime's clock, as far as the page knows it. */
export function runtimeNow(state: PageState, clientMillis: number): number {
  return clientMillis + state.clockOffsetMillis;
}

/** True while the runtime sends only a part of all readings (more than 500 sensors speak in half a second). */
export function isSampled(state: PageState, nowMillis: number): boolean {
  return nowMillis - state.omittedMillis < pollMillis;
}

/** After how long without a reading this sensor is called silent: three usual intervals. */
export function silenceThreshold(state: PageState, sensor: SensorState, nowMillis: number): number {
  const interval = Number.isNaN(sensor.intervalMillis) ? unknownIntervalMillis : sensor.intervalMillis;
  const shortest = isSampled(state, nowMillis) ? pollMillis * 3 : shortestSilenceMillis;
  return Math.max(interval * silentAfterIntervals, shortest);
}

/**
 * Whether a sensor has sent nothing for more than three times its usual interval. Never judged while the page itself
 * hears nothing from the runtime, nor in the first moments after it (re)connected.
 */
export function isSilent(state: PageState, sensor: SensorState, nowMillis: number): boolean {
  if (!state.connected || Number.isNaN(sensor.seenMillis)) return false;
  const threshold = silenceThreshold(state, sensor, nowMillis);
  const watched = nowMillis - state.observedSinceMillis;
  return nowMillis - sensor.seenMillis > threshold && watched > Math.min(threshold, longestGraceMillis);
}

/** How many known sensors are silent now. */
export function countSilent(state: PageState, nowMillis: number): number {
  let count = 0;
  for (const sensor of state.sensors.values()) if (isSilent(state, sensor, nowMillis)) count += 1;
  return count;
}
