import fc from 'fast-check';
import { expect, it } from 'vitest';
import { startSteadyClock } from './steady-clock.ts';

const HOUR = 3_600_000;

it('follows the wall clock, and its jumps forward at once', () => {
  let wall = 1_000_000;
  const clock = startSteadyClock(
    () => wall,
    () => 0,
  );
  expect(clock.nowMillis()).toBe(1_000_000);
  wall += HOUR;
  expect(clock.nowMillis()).toBe(1_000_000 + HOUR);
});

it('goes on at half speed after a jump back, until the wall clock has caught up', () => {
  let offset = 0;
  let monotonic = 0;
  const clock = startSteadyClock(
    () => 5 * HOUR + monotonic + offset,
    () => monotonic,
  );
  offset = -HOUR;
  monotonic += 1000;
  expect(clock.nowMillis()).toBe(5 * HOUR + 500);
  monotonic += 2 * HOUR;
  expect(clock.nowMillis()).toBe(5 * HOUR + monotonic - HOUR);
});

it('begins where a former life ended that was ahead', () => {
  const clock = startSteadyClock(
    () => 1000,
    () => 0,
  );
  clock.notBefore(5000);
  expect(clock.nowMillis()).toBe(5000);
});

it('never goes back, and never stands still for long', () => {
  const step = fc.record({
    jump: fc.integer({ min: -HOUR, max: HOUR }),
    passed: fc.integer({ min: 2, max: HOUR }),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      let offset = 0;
      let monotonic = 0;
      const clock = startSteadyClock(
        () => 100 * HOUR + monotonic + offset,
        () => monotonic,
      );
      let last = clock.nowMillis();
      for (const { jump, passed } of steps) {
        offset += jump;
        monotonic += passed;
        const now = clock.nowMillis();
        expect(now).toBeGreaterThanOrEqual(last + Math.floor(passed / 2) - 1);
        last = now;
      }
    }),
  );
});
