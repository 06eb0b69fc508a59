import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_BYTES_PER_SECOND, MAX_PUBLISHES_PER_SECOND, PublishPace } from './publish-pace.ts';

/** When each of so many publishes goes, that are all there at the beginning. */
function timesOf(pace: PublishPace, count: number, bytes = 100, startMillis = 0): number[] {
  let nowMillis = startMillis;
  return Array.from({ length: count }, () => {
    for (let waitMillis = 1; waitMillis > 0; nowMillis += waitMillis)
      waitMillis = pace.takeOrWaitMillis(bytes, nowMillis);
    return nowMillis;
  });
}

describe('the pace of a connection', () => {
  it('lets a handful go at once, and what follows later', () => {
    const times = timesOf(new PublishPace({ maxPublishesPerSecond: 100 }), 12);
    expect(times.slice(0, 10)).toEqual(Array(10).fill(0));
    expect(times[10]).toBeGreaterThan(5);
  });

  it('does not delay a device that stays below it', () => {
    const pace = new PublishPace({ maxPublishesPerSecond: MAX_PUBLISHES_PER_SECOND });
    for (let millis = 0; millis < 60_000; millis += 100)
      for (let each = 0; each < 8; each++) expect(pace.takeOrWaitMillis(200, millis)).toBe(0);
  });

  it('empties a full spool with no more than the quota in any second, and not much less', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 900 }), (perSecond, count) => {
        const times = timesOf(new PublishPace({ maxPublishesPerSecond: perSecond }), count);
        times.forEach((time, index) => {
          const inSecond = times.slice(index).filter((other) => other < time + 1000).length;
          expect(inSecond).toBeLessThanOrEqual(Math.max(perSecond, 1) + 1);
        });
        expect(times.at(-1)!).toBeLessThanOrEqual((count / (perSecond * 0.5)) * 1000 + 1);
      }),
      { numRuns: 40 },
    );
  });

  it('keeps to the bytes a second too', () => {
    const times = timesOf(new PublishPace({ maxBytesPerSecond: MAX_BYTES_PER_SECOND }), 60, 64 * 1024);
    expect(times.at(-1)!).toBeGreaterThan(7_000);
    expect(times.at(-1)!).toBeLessThan(7_500);
  });

  it('has no limit when none is given', () => {
    expect(timesOf(new PublishPace({}), 10_000).at(-1)).toBe(0);
  });

  it('saves up no more than its burst while nothing is published', () => {
    const pace = new PublishPace({ maxPublishesPerSecond: 100 });
    timesOf(pace, 10);
    const times = timesOf(pace, 11, 100, 3_600_000);
    expect(times[9]).toBe(3_600_000);
    expect(times[10]).toBeGreaterThan(3_600_000);
  });
});
