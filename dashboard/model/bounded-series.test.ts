import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedSeries } from './bounded-series.ts';

describe('a bounded series', () => {
  it('keeps the newest rows of any order of arrival, one per time, as a sorted map would', () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer());
    fc.assert(
      fc.property(fc.array(row, { maxLength: 120 }), fc.integer({ min: 1, max: 12 }), (rows, capacity) => {
        const series = new BoundedSeries(2, capacity);
        let oracle = new Map<number, number>();
        for (const [time, value] of rows) {
          series.upsert([time, value]);
          oracle.set(time, value);
          oracle = new Map([...oracle].sort(([a], [b]) => a - b).slice(-capacity));
        }
        expect(series.column(0)).toEqual([...oracle.keys()]);
        expect(series.column(1)).toEqual([...oracle.values()]);
      }),
    );
  });

  it('refuses a row older than everything it keeps when it is full', () => {
    const series = new BoundedSeries(2, 2);
    series.upsert([20, 2]);
    series.upsert([30, 3]);
    expect(series.upsert([10, 1])).toBe(false);
    expect(series.column(0)).toEqual([20, 30]);
  });

  it('answers NaN outside itself and -1 for a time it does not have', () => {
    const series = new BoundedSeries(2, 3);
    series.upsert([5, 1]);
    expect([series.at(-1, 1), series.at(1, 1), series.at(0, 7)]).toEqual([1, Number.NaN, Number.NaN]);
    expect([series.indexOf(5), series.indexOf(6)]).toEqual([0, -1]);
  });
});
