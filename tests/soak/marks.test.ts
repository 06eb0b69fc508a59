import { describe, expect, it } from 'vitest';
import { growthPerTenMinutes, leastOfEachMinute, percentile } from './marks.ts';
import { differences, unbalanced } from './watch-ledger.ts';

const MINUTE_MILLIS = 60_000;
const points = (value: (minute: number) => number) =>
  Array.from({ length: 30 }, (_, minute) => ({ atMillis: minute * MINUTE_MILLIS, value: value(minute) }));

describe('growth', () => {
  it('of what stays is none, however it goes up and down', () => {
    expect(growthPerTenMinutes(points(() => 5))).toBe(0);
    expect(Math.abs(growthPerTenMinutes(points((minute) => 100 + (minute % 2))))).toBeLessThan(0.001);
  });

  it('is told as a part of the mean in ten minutes', () => {
    expect(growthPerTenMinutes(points((minute) => 100 + (minute - 14.5) / 10))).toBeCloseTo(0.01, 5);
  });
});

it('of each minute the least counts, whatever was there before garbage was collected', () => {
  const seconds = Array.from({ length: 180 }, (_, second) => ({
    atMillis: second * 1000,
    value: 100 + (second % 60) + Math.floor(second / 60),
  }));
  expect(leastOfEachMinute(seconds).map(({ value }) => value)).toEqual([100, 101, 102]);
});

it('a percentile is a value that was measured', () => {
  expect(percentile([3, 1, 2], 0.5)).toBe(2);
  expect(percentile([3, 1, 2], 0.99)).toBe(3);
  expect(percentile([], 0.5)).toBe(0);
});

describe('a ledger', () => {
  const stage = (name: string, came: number, out: number, inFlight = 0, balanced = true) => ({
    ...{ stage: name, in: came, out, inFlight, balanced },
    dropped: {},
  });
  const ledger = (...stages: ReturnType<typeof stage>[]) => ({ accepted: 10, filtered: {}, stages });

  it('that does not add up is told', () => {
    expect(unbalanced(ledger(stage('a', 10, 8, 2)))).toEqual([]);
    expect(unbalanced(ledger(stage('a', 10, 8, 1)))).toHaveLength(1);
    expect(unbalanced(ledger(stage('a', 10, 10, 0, false)))).toHaveLength(1);
  });

  it('that has other numbers than the clients and the stream is told', () => {
    const stream = stage('stream x-readings', 10, 10);
    expect(differences(ledger(stream, stage('function store-readings', 10, 10)), 10, 11)).toEqual([]);
    expect(differences(ledger(stream, stage('function store-readings', 9, 9)), 10, 11)).toHaveLength(1);
    expect(differences(ledger(stream), 11, 11)).toHaveLength(1);
    expect(differences(ledger(stream), 5, 9)).toHaveLength(1);
    expect(differences(ledger(stage('stream x-readings', 9, 9)), 10, 10)).toHaveLength(1);
  });
});
