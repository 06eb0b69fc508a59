import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PresenceEvent, type PresenceOptions, planPresence } from './presence.ts';

const QUIET: PresenceOptions = { seed: 1, devices: 20, arrivalSeconds: 0, churn: 0, stormSeconds: undefined };

function eventsOf(options: Partial<PresenceOptions>, minutes: number): PresenceEvent[] {
  const plan = planPresence({ ...QUIET, ...options });
  return Array.from({ length: minutes }, () => plan.next().value).flat();
}

test('a fleet that nothing happens to is there at once', () => {
  const arrivals = Array.from({ length: 20 }, (_, device) => ({ atMillis: 0, kind: 'arrive', device }));
  expect(eventsOf({}, 5)).toEqual(arrivals);
});

test('the same seed gives the same plan, and another one another', () => {
  const options = { arrivalSeconds: 90, churn: 0.5, stormSeconds: 40 };
  expect(eventsOf(options, 10)).toEqual(eventsOf(options, 10));
  expect(eventsOf({ ...options, seed: 2 }, 10)).not.toEqual(eventsOf(options, 10));
});

test('arrivals are spread over their time, also over minutes', () => {
  const times = eventsOf({ devices: 1000, arrivalSeconds: 200 }, 4).map((each) => each.atMillis);
  expect(times).toHaveLength(1000);
  expect(times.filter((each) => each < 100_000).length / 1000).toBeCloseTo(0.5, 1);
  expect(Math.max(...times)).toBeLessThan(200_000);
});

test('storms come at their interval, whatever minute that is in', () => {
  const storms = eventsOf({ stormSeconds: 45 }, 5).filter(({ kind }) => kind === 'storm');
  expect(storms.map(({ atMillis }) => atMillis)).toEqual([
    45_000, 90_000, 135_000, 180_000, 225_000, 270_000,
  ]);
});

test('about the share of churn leaves within a minute', () => {
  const events = eventsOf({ devices: 1000, churn: 0.1 }, 1);
  const leaves = events.filter(({ kind }) => kind === 'leave').length;
  expect(leaves).toBeGreaterThan(60);
  expect(leaves).toBeLessThan(140);
});

test('time never goes back, and a device comes and goes in turns', () => {
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.nat(),
        devices: fc.integer({ min: 1, max: 30 }),
        arrivalSeconds: fc.integer({ min: 0, max: 200 }),
        churn: fc.double({ min: 0, max: 1, noNaN: true }),
        stormSeconds: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
      }),
      (options) => {
        const isThere = new Set<number>();
        let last = 0;
        for (const event of eventsOf(options, 6)) {
          expect(event.atMillis).toBeGreaterThanOrEqual(last);
          last = event.atMillis;
          if (event.kind === 'storm') continue;
          expect(isThere.has(event.device)).toBe(event.kind === 'leave');
          if (event.kind === 'leave') isThere.delete(event.device);
          else isThere.add(event.device);
        }
      },
    ),
    { numRuns: 50 },
  );
});
