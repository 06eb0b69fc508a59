import { describe, expect, it, test } from 'vitest';
import { printDouble, printInterval, printName, printText, printTimestampLiteral } from './print-literal.ts';

describe('literals of Flink SQL', () => {
  it.each([
    [60_000, "INTERVAL '1' MINUTE"],
    [120_000, "INTERVAL '2' MINUTE"],
    [270_000, "INTERVAL '270' SECOND(3)"],
    [1, "INTERVAL '0.001' SECOND"],
    [-1500, "INTERVAL '-1.500' SECOND"],
    [100_500, "INTERVAL '100.500' SECOND(3, 3)"],
    [604_800_000, "INTERVAL '7' DAY"],
    [0, "INTERVAL '0' SECOND"],
  ])('an interval of %i ms is %s', (millis, text) => {
    expect(printInterval(millis)).toBe(text);
  });

  test('names and text are quoted, control characters escaped', () => {
    expect(printName('a`b')).toBe('`a``b`');
    expect(printText("it's")).toBe("'it''s'");
    expect(printText('a\tb\\')).toBe("U&'a\\0009b\\\\'");
  });

  test('numbers are DOUBLE, times have milliseconds', () => {
    expect([1, 0.5, 1e21, 1e-7].map(printDouble)).toEqual(['1E0', '0.5E0', '1E21', '1E-7']);
    expect(printTimestampLiteral(0)).toBe("TIMESTAMP '1970-01-01 00:00:00.000'");
  });
});
