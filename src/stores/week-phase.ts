import { isoWeekRange, WEEK_MILLIS } from '../telemetry/iso-week.ts';
import { StoreError } from './store-error.ts';

/**
 * What becomes of a week's table:
 * - `open`: the week lies ahead, is now, or ended less than a day ago;
 * - `cool`: late readings still come, and it is read now and then;
 * - `closed`: readings are refused;
 * - `export`: nobody writes any more, so that an export is whole; exported, then dropped.
 */
export type WeekPhase = 'open' | 'cool' | 'closed' | 'export';

/**
 * How long a reading may wait between its arrival and its writing: the retention of the stream. Every phase that depends
 * on what was written begins so much later than the one that decides what may be.
 */
export const SETTLING_MILLIS = 24 * 3_600_000;

/** When a week is closed for writing, milliseconds since the epoch. @throws StoreError when there is no such week */
export function closesAtMillis(week: string, exportAfterWeeks: number): number {
  return endOf(week) + exportAfterWeeks * WEEK_MILLIS;
}

/**
 * Whether a reading of that week is refused when it arrives at that instant. The arrival decides, not the time of
 * writing: a batch that is tried again ends as it did before.
 */
export function isClosed(week: string, arrivalMillis: number, exportAfterWeeks: number): boolean {
  return arrivalMillis >= closesAtMillis(week, exportAfterWeeks);
}

/** @throws StoreError when there is no such week */
export function weekPhase(week: string, nowMillis: number, exportAfterWeeks: number): WeekPhase {
  const closesMillis = closesAtMillis(week, exportAfterWeeks);
  if (nowMillis < endOf(week) + SETTLING_MILLIS) return 'open';
  if (nowMillis < closesMillis) return 'cool';
  return nowMillis < closesMillis + SETTLING_MILLIS ? 'closed' : 'export';
}

function endOf(week: string): number {
  const range = isoWeekRange(week);
  if (range === undefined) throw new StoreError(`Cannot date week "${week}": there is no such ISO week`);
  return range.toMillis;
}
