import { describe, expect, it } from 'vitest';
import {
  formatAge,
  formatBytes,
  formatChange,
  formatCompact,
  formatLag,
  formatShortSpan,
  formatSpan,
  formatValue,
} from './format.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

describe('numbers on the page', () => {
  it.each([
    [0.614, '0.61'],
    [-0.001, '0.00'],
    [21.44, '21.4'],
    [1013.25, '1013.3'],
    [1_234_567, '1.23e+6'],
    [Number.NaN, '–'],
  ])('prints the value %d as %s', (value, printed) => expect(formatValue(value)).toBe(printed));

  it.each([
    [0.314, '+0.31'],
    [-12.3, '−12.3'],
    [0.0001, '±0'],
  ])('prints the change %d as %s', (change, printed) => expect(formatChange(change)).toBe(printed));

  it.each([
    [400, '0.4 s'],
    [12 * second, '12 s'],
    [3 * minute + 5 * second, '3 min 05 s'],
    [59.7 * second, '1 min 00 s'],
    [2 * hour + 10 * minute, '2 h 10 min'],
    [99 * hour, '4 d 3 h'],
    [-5, '0.0 s'],
  ])('prints the span of %d ms as %s', (millis, printed) => expect(formatSpan(millis)).toBe(printed));

  it('prints short spans in one unit', () => {
    expect([4 * second, 3 * minute, 2 * hour, 50 * hour].map(formatShortSpan)).toEqual([
      '4 s',
      '3 min',
      '2 h',
      '2 d',
    ]);
  });

  it('names a clock that runs ahead instead of calling its reading fresh', () => {
    expect(formatAge(100_000, 99_600)).toBe('0.4 s ago');
    expect(formatAge(100_000, 112_000)).toBe('clock 12 s ahead');
    expect(formatAge(100_000, Number.NaN)).toBe('no reading');
  });

  it('prints lags, bytes and counts', () => {
    expect([formatLag(12.4), formatLag(2500)]).toEqual(['12 ms', '2.5 s']);
    expect([formatBytes(148_897_792), formatBytes(3 * 1024 ** 3)]).toEqual(['142 MiB', '3.00 GiB']);
    expect([formatCompact(1_234_567), formatCompact(12_345_678)]).toEqual(['1,234,567', '12.3M']);
  });
});
