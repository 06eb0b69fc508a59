const DAY_MILLIS = 86_400_000;
export const WEEK_MILLIS = 7 * DAY_MILLIS;
/** The epoch was a Thursday: the Monday of its ISO week lies three days before it. */
const FIRST_MONDAY_MILLIS = -3 * DAY_MILLIS;

/** Half open range of instants, milliseconds since the epoch. */
export interface MillisRange {
  readonly fromMillis: number;
  readonly toMillis: number;
}

/** The ISO 8601 week of an instant in UTC, for example `2026-W47`. Weeks begin on Monday; week 1 holds 4 January. */
export function isoWeek(millis: number): string {
  const monday = mondayOf(millis);
  // The year of a week is the year of its Thursday.
  const year = new Date(monday + 3 * DAY_MILLIS).getUTCFullYear();
  const week = 1 + Math.round((monday - firstMonday(year)) / WEEK_MILLIS);
  return `${String(year).padStart(4, '0')}-W${String(week).padStart(2, '0')}`;
}

/** The instants of a week such as `2026-W47`; undefined when there is no such week (`2025-W53`, `week 3`). */
export function isoWeekRange(week: string): MillisRange | undefined {
  const match = /^(\d{4})-W(\d{2})$/.exec(week);
  if (match === null) return undefined;
  const fromMillis = firstMonday(Number(match[1])) + (Number(match[2]) - 1) * WEEK_MILLIS;
  return isoWeek(fromMillis) === week ? { fromMillis, toMillis: fromMillis + WEEK_MILLIS } : undefined;
}

/** Every week that overlaps the half open range, ascending. */
export function isoWeeksBetween(fromMillis: number, toMillis: number): string[] {
  const weeks: string[] = [];
  for (let monday = mondayOf(fromMillis); monday < toMillis; monday += WEEK_MILLIS)
    weeks.push(isoWeek(monday));
  return weeks;
}

function mondayOf(millis: number): number {
  return Math.floor((millis - FIRST_MONDAY_MILLIS) / WEEK_MILLIS) * WEEK_MILLIS + FIRST_MONDAY_MILLIS;
}

function firstMonday(year: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, 0, 4);
  return mondayOf(date.getTime());
}
