import { describe, expect, test } from 'vitest';
import { SimulatorOptionError } from '../device-error.ts';
import { NO_FAULTS } from './faults.ts';
import {
  checkSimulatorOptions,
  DEFAULT_SIMULATOR_OPTIONS,
  type SimulatorOptions,
} from './simulator-options.ts';

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
      { faults: { ...NO_FAULTS, late: { fraction: 2, maxSeconds: 10 } } },
      'Cannot use fault "late:2:10": expected late[:FRACTION[:MAX_SECONDS]], a fraction from 0 to 1 and 1 to 86400 seconds',
    ],
    [
      { connections: 5, churn: 0.1 },
      'Cannot use connections with certificates, arrival, churn, storm or drop: each station then has its own',
    ],
    [{ identities: [], stations: 3 }, 'Cannot simulate 3 stations: there are 0 certificates'],
  ])('refuse %j', (options, message) => {
    expect(() => checkSimulatorOptions(options)).toThrow(new SimulatorOptionError(message));
  });
});
