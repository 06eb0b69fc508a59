import type { SensorState } from './page-state.ts';

/** How a value moved over the readings the page keeps: the change, and over which time. */
export interface Trend {
  readonly change: number;
  readonly spanMillis: number;
  readonly direction: 'up' | 'down' | 'steady';
}

/**
 * Compares the mean of the newest quarter of the kept readings with that of the oldest, so that the noise of one
 * reading is not called a trend. Undefined with fewer than four readings.
 */
export function trendOf(sensor: SensorState): Trend | undefined {
  const { recent } = sensor;
  if (recent.length < 4) return undefined;
  const quarter = Math.floor(recent.length / 4);
  const change = meanOf(recent.column(1).slice(-quarter)) - meanOf(recent.column(1).slice(0, quarter));
  const spanMillis = recent.at(-1, 0) - recent.at(0, 0);
  return { change, spanMillis, direction: directionOf(change, recent.column(1)) };
}

function directionOf(change: number, values: readonly number[]): Trend['direction'] {
  const spread = Math.max(...values) - Math.min(...values);
  if (spread === 0 || Math.abs(change) < spread * 0.25) return 'steady';
  return change > 0 ? 'up' : 'down';
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
