import { hashUnit } from './random.ts';

/** Turbulence lives on many time scales; these three are what a 1 Hz sensor shows. */
const OCTAVE_SECONDS = [3, 30, 300] as const;

/**
 * Smooth noise of one sensor in about [-1, 1], without state: random values at whole multiples of each octave, blended between.
 * @param stream tells one sensor from another
 */
export function sensorNoise(stream: number, atMillis: number): number {
  let sum = 0;
  for (const seconds of OCTAVE_SECONDS) {
    const position = atMillis / (seconds * 1000);
    const step = Math.floor(position);
    const before = hashUnit(stream, seconds, step);
    const after = hashUnit(stream, seconds, step + 1);
    const along = position - step;
    sum += before + (after - before) * along * along * (3 - 2 * along);
  }
  return (sum / OCTAVE_SECONDS.length) * 2 - 1;
}
