import { describe, expect, test } from 'vitest';
import { SimulatorOptionError } from '../device-error.ts';
import {
  checkSimulatorOptions,
  DEFAULT_SIMULATOR_OPTIONS,
  decimal,
  parseFault,
  type SimulatorOptions,
} from './simulator-options.ts';

const DEFAULT_LATE = DEFAULT_SIMULATOR_OPTIONS.late;

describe('simulator options', () => {
  test('have defaults, which an undefined value does not displace', () => {
    expect(checkSimulatorOptions({})).toEqual(DEFAULT_SIMULATOR_OPTIONS);
    expect(checkSimulatorOptions({ count: undefined, stations: 7 })).toEqual({
      ...DEFAULT_SIMULATOR_OPTIONS,
      stations: 7,
    });
  });

  test.each<[Partial<SimulatorOptions>, string]>([
    [{ stations: 0 }, 'Cannot use stations "0": expected a whole number from 1 to 100000'],
    [{ stations: 1.5 }, 'Cannot use stations "1.5": expected a whole number from 1 to 100000'],
    [{ rate: Number.NaN }, 'Cannot use rate "NaN": expected a number from 0.001 to 1000'],
    [{ gzip: true }, 'Cannot use gzip without packed: only packed publishes are compressed'],
    [
      { url: 'http://broker' },
      'Cannot use url "http://broker": expected mqtt://HOST:PORT or mqtts://HOST:PORT',
    ],
    [
      { late: { fraction: 2, maxSeconds: 10 } },
      'Cannot use late "2:10": expected FRACTION[:MAX_SECONDS], a fraction from 0 to 1 and 1 to 86400 seconds',
    ],
  ])('refuse %j', (options, message) => {
    expect(() => checkSimulatorOptions(options)).toThrow(new SimulatorOptionError(message));
  });

  test('read a fault as a fraction and seconds', () => {
    expect(parseFault('--late', '0.05:30', DEFAULT_LATE)).toEqual({ fraction: 0.05, maxSeconds: 30 });
    expect(parseFault('--late', '1', DEFAULT_LATE)).toEqual({ fraction: 1, maxSeconds: 120 });
  });

  test.each(['', '-0.1', '1.1', '0.1:', '0.1:0', '0.1:1:1', 'a:b', '0.1:1e9'])(
    'refuse the fault "%s"',
    (text) => {
      expect(() => parseFault('--late', text, DEFAULT_LATE)).toThrow(SimulatorOptionError);
    },
  );

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
  ])('read "%s" as %d', (text, value) => {
    expect(decimal(text)).toBe(value);
  });
});
