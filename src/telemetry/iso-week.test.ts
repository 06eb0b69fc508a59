import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoWeek, isoWeekRange, isoWeeksBetween } from './iso-week.ts';

const DECADES = fc.integer({ min: Date.UTC(1950, 0, 1), max: Date.UTC(2200, 0, 1) });

/** ISO 8601 by its definition: the week's Thursday gives the year, and its day of the year the number. */
function naiveIsoWeek(millis: number): string {
  const date = new Date(millis);
  date.setUTCHours(0, 0, 0, 0);
  while (date.getUTCDay() !== 4) {
    date.setUTCDate(date.getUTCDate() + (date.getUTCDay() === 0 || date.getUTCDay() > 4 ? -1 : 1));
  }
  const year = date.getUTCFullYear();
  const dayOfYear = (date.getTime() - Date.UTC(year, 0, 1)) / 86_400_000;
  return `${year}-W${String(Math.floor(dayOfYear / 7) + 1).padStart(2, '0')}`;
}

describe('the ISO week of an instant', () => {
  it.each([
    ['2026-11-21T00:00:00Z', '2026-W47'],
    ['2021-01-03T23:59:59.999Z', '2020-W53'],
    ['2021-01-04T00:00:00Z', '2021-W01'],
    ['2018-12-31T00:00:00Z', '2019-W01'],
    ['1970-01-01T00:00:00Z', '1970-W01'],
    ['2026-12-31T12:00:00Z', '2026-W53'],
  ])('of %s is %s', (instant, week) => {
    expect(isoWeek(Date.parse(instant))).toBe(week);
  });

  it('agrees with the definition over decades', () => {
    fc.assert(
      fc.property(DECADES, (millis) => isoWeek(millis) === naiveIsoWeek(millis)),
      { numRuns: 2000 },
    );
  });

  it('lies in the range of its week, which lasts seven days', () => {
    fc.assert(
      fc.property(DECADES, (millis) => {
        const range = isoWeekRange(isoWeek(millis))!;
        return (
          range.fromMillis <= millis &&
          millis < range.toMillis &&
          range.toMillis - range.fromMillis === 604_800_000
        );
      }),
    );
  });
});

describe('weeks', () => {
  it('that do not exist have no range', () => {
    expect(isoWeekRange('2025-W53')).toBeUndefined();
    expect(isoWeekRange('2026-W53')).toBeDefined();
    expect(isoWeekRange('2026-W00')).toBeUndefined();
    expect(isoWeekRange('2026W01')).toBeUndefined();
  });

  it('of a time range are contiguous, ascending and cover it', () => {
    fc.assert(
      fc.property(DECADES, fc.integer({ min: 1, max: 90 * 86_400_000 }), (from, length) => {
        const weeks = isoWeeksBetween(from, from + length).map((week) => isoWeekRange(week)!);
        return (
          weeks[0]!.fromMillis <= from &&
          weeks.at(-1)!.toMillis >= from + length &&
          weeks.every((week, i) => i === 0 || week.fromMillis === weeks[i - 1]!.toMillis)
        );
      }),
    );
  });

  it('of an empty range ending on a Monday are none of the next', () => {
    const monday = Date.UTC(2026, 10, 16);
    expect(isoWeeksBetween(monday - 1, monday)).toEqual(['2026-W46']);
    expect(isoWeeksBetween(monday, monday + 1)).toEqual(['2026-W47']);
  });
});
