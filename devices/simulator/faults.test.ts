import { expect, test } from 'vitest';
import { SimulatorOptionError } from '../device-error.ts';
import { NO_FAULTS, parseFaults, USUAL_FAULTS } from './faults.ts';

test('a fault that is only named has its usual share, and the others do not happen', () => {
  expect(parseFaults('')).toEqual(NO_FAULTS);
  expect(parseFaults('drop')).toEqual({ ...NO_FAULTS, drop: USUAL_FAULTS.drop });
  expect(parseFaults('drop,dup,skew,late,garbage')).toEqual(USUAL_FAULTS);
});

test('shares and seconds are taken as they are given', () => {
  expect(parseFaults('late:0.05:30, dup:0.5')).toEqual({
    ...NO_FAULTS,
    late: { fraction: 0.05, maxSeconds: 30 },
    dup: 0.5,
  });
  expect(parseFaults('late:1').late).toEqual({ fraction: 1, maxSeconds: 120 });
});

test.each([
  'late:',
  'late:-0.1',
  'late:1.1',
  'late:0.1:',
  'late:0.1:0',
  'late:0.1:1:1',
  'drop:a',
  'dup:0.1:5',
])('refuses "%s"', (text) => {
  expect(() => parseFaults(text)).toThrow(SimulatorOptionError);
});

test('says which faults there are', () => {
  expect(() => parseFaults('fire')).toThrow(
    'Cannot use fault "fire": expected one of drop, dup, garbage, late, skew',
  );
});
