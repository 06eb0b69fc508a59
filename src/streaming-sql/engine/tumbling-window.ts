import type { TumblingWindow } from '../plan.ts';

/** First millisecond of the window a time lies in. */
export function windowStart(window: TumblingWindow, millis: number): number {
  if (window.kind === 'fixed') {
    const { widthMillis, originMillis } = window;
    return Math.floor((millis - originMillis) / widthMillis) * widthMillis + originMillis;
  }
  const date = new Date(millis);
  return Date.UTC(date.getUTCFullYear(), window.unit === 'MONTH' ? date.getUTCMonth() : 0, 1);
}

/** First millisecond behind the window that starts at `startMillis`. */
export function windowEnd(window: TumblingWindow, startMillis: number): number {
  if (window.kind === 'fixed') return startMillis + window.widthMillis;
  const date = new Date(startMillis);
  const [years, months] = window.unit === 'MONTH' ? [0, 1] : [1, 0];
  return Date.UTC(date.getUTCFullYear() + years, date.getUTCMonth() + months, 1);
}
