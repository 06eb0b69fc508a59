import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reconnectDelayMillis } from './reconnect-delay.ts';

test('the ceiling doubles with each attempt up to 30 seconds', () => {
  expect([0, 1, 2, 6, 100].map((attempt) => reconnectDelayMillis(attempt, 0.999999))).toEqual([
    499, 999, 1999, 29_999, 29_999,
  ]);
});

test('the wait is never negative, nothing, or longer than 30 seconds', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const delay = reconnectDelayMillis(attempt, random);
        expect(delay).toBeGreaterThanOrEqual(50);
        expect(delay).toBeLessThanOrEqual(30_000);
      },
    ),
  );
});
