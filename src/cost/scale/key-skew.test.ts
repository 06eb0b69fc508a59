import { describe, expect, test } from 'vitest';
import { fullestShard } from './key-skew.ts';

describe('the fullest shard', () => {
  test('is the mean one where there is one, or nobody sends', () => {
    expect(fullestShard(1000, 1, 'zipf')).toBe(1);
    expect(fullestShard(0, 8, 'even')).toBe(1);
  });

  test('takes what a single key brings, however many shards there are', () => {
    expect(fullestShard(1, 16, 'even')).toBe(16);
  });

  test('is near the mean with many even keys, as the spread of balls in bins says', () => {
    // Mean 1,000 a shard, deviation √1,000: the fullest of 100 lies about 2.5 deviations above.
    const fullest = fullestShard(100_000, 100, 'even');
    expect(fullest).toBeGreaterThan(1.04);
    expect(fullest).toBeLessThan(1.12);
    expect(fullestShard(100_000_000, 100_000, 'even')).toBeCloseTo(fullest, 1);
  });

  test('is the first key’s by Zipf’s law: its share of all, times the shards', () => {
    // The harmonic number of 1,000,000 is 14.39.
    expect(fullestShard(1_000_000, 2_000, 'zipf')).toBeGreaterThan(2_000 / 14.39);
    expect(fullestShard(1_000_000, 2_000, 'zipf')).toBeLessThan((1.2 * 2_000) / 14.39);
  });

  test('is the same at each call', () => {
    expect(fullestShard(5_000, 7, 'zipf')).toBe(fullestShard(5_000, 7, 'zipf'));
  });
});
