import { expect, test } from 'vitest';
import { decimal } from './decimal.ts';

test.each([
  ['12', 12],
  ['-0.5', -0.5],
  ['.5', 0.5],
  ['1e3', 1000],
  ['', Number.NaN],
  [' 1', Number.NaN],
  ['0x10', Number.NaN],
  ['1,000', Number.NaN],
  ['Infinity', Number.NaN],
])('reads "%s" as %d', (text, value) => {
  expect(decimal(text)).toBe(value);
});
