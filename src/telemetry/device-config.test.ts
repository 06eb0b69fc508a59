import { describe, expect, it } from 'vitest';
import { checkDeviceConfig } from './device-config.ts';

describe('a change of a device configuration', () => {
  it('keeps what may be written and ignores what the store writes', () => {
    const body = {
      device_id: 'd',
      updated_at: 5,
      version: 2,
      sampling_interval_seconds: 10,
      settings: { gain: 2 },
    };
    expect(checkDeviceConfig(body)).toEqual({
      sampling_interval_seconds: 10,
      enabled: true,
      settings: Object.assign(Object.create(null), { gain: 2 }),
      version: 2,
    });
  });

  it.each([
    [[], 'JSON object'],
    [{}, 'sampling_interval_seconds'],
    [{ sampling_interval_seconds: '10' }, 'sampling_interval_seconds'],
    [{ sampling_interval_seconds: Number.NaN }, 'sampling_interval_seconds'],
    [{ sampling_interval_seconds: 0 }, 'sampling_interval_seconds'],
    [{ sampling_interval_seconds: 1, enabled: 'yes' }, 'enabled'],
    [{ sampling_interval_seconds: 1, version: 1.5 }, 'version'],
    [{ sampling_interval_seconds: 1, colour: 'red' }, 'colour'],
    [{ sampling_interval_seconds: 1, settings: { a: { b: 1 } } }, 'settings'],
    [{ sampling_interval_seconds: 1, settings: { a: 1e300 } }, 'settings'],
  ])('%j is refused and named', (body, named) => {
    expect(checkDeviceConfig(body)).toEqual(expect.stringContaining(named));
  });
});
