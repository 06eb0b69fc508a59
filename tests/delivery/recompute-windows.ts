import type { StreamReading, WindowResult } from './stores.ts';

export const WINDOW_MILLIS = 60_000;

/** The identity of a reading as its device gives it; undefined when it gives none. */
export function identityOf(value: Readonly<Record<string, unknown>>): string | undefined {
  const { device_id, boot_id, sequence } = value;
  return device_id === undefined || boot_id === undefined || sequence === undefined
    ? undefined
    : `${String(device_id)}/${String(boot_id)}/${String(sequence)}`;
}

/**
 * What the windows must be, counted one reading after the other from the stream: by sensor and minute of arrival, an
 * event that was sent again once, at its first arrival.
 */
export function recomputeWindows(readings: readonly StreamReading[]): Map<string, WindowResult> {
  const windows = new Map<string, WindowResult>();
  const seen = new Set<string>();
  for (const { arrivalMillis, value } of readings) {
    const number = value.sensor_value;
    const identity = identityOf(value);
    if (typeof number !== 'number' || (identity !== undefined && seen.has(identity))) continue;
    if (identity !== undefined) seen.add(identity);
    const sensor = String(value.sensor_id);
    const endMillis = (Math.floor(arrivalMillis / WINDOW_MILLIS) + 1) * WINDOW_MILLIS;
    const key = windowKey({ sensor, endMillis });
    const before = windows.get(key);
    windows.set(key, {
      sensor,
      endMillis,
      count: (before?.count ?? 0) + 1,
      sum: (before?.sum ?? 0) + number,
      min: Math.min(before?.min ?? Number.POSITIVE_INFINITY, number),
      max: Math.max(before?.max ?? Number.NEGATIVE_INFINITY, number),
      revision: 0,
    });
  }
  return windows;
}

export function windowKey({ sensor, endMillis }: Pick<WindowResult, 'sensor' | 'endMillis'>): string {
  return `${sensor} ${new Date(endMillis).toISOString()}`;
}
