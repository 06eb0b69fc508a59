import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isoWeekRange, WEEK_MILLIS } from '../telemetry/iso-week.ts';
import { closesAtMillis, isClosed, SETTLING_MILLIS, type WeekPhase, weekPhase } from './week-phase.ts';

const { fromMillis, toMillis } = isoWeekRange('2026-W40')!;

it.each<[string, number, WeekPhase]>([
  ['long before it', fromMillis - 90 * WEEK_MILLIS, 'open'],
  ['in it', fromMillis, 'open'],
  ['at its end', toMillis, 'open'],
  ['a day after it', toMillis + SETTLING_MILLIS, 'cool'],
  ['just before it closes', toMillis + 2 * WEEK_MILLIS - 1, 'cool'],
  ['when it closes', toMillis + 2 * WEEK_MILLIS, 'closed'],
  ['a day later', toMillis + 2 * WEEK_MILLIS + SETTLING_MILLIS, 'export'],
])('a week is, %s, in the right phase', (_, nowMillis, phase) => {
  expect(weekPhase('2026-W40', nowMillis, 2)).toBe(phase);
});

it('never exports a week that a reading arriving within the retention of the stream may still be stored in', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 30 * WEEK_MILLIS }),
      fc.integer({ min: 1, max: 8 }),
      (at, weeks) => {
        const nowMillis = fromMillis + at;
        if (weekPhase('2026-W40', nowMillis, weeks) !== 'export') return;
        expect(isClosed('2026-W40', nowMillis - SETTLING_MILLIS, weeks)).toBe(true);
      },
    ),
  );
});

it('names a week that is none', () => {
  expect(() => closesAtMillis('2025-W53', 4)).toThrow(
    'Cannot date week "2025-W53": there is no such ISO week',
  );
});
