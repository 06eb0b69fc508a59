import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HORIZON_MILLIS, MAX_PROGRESSIONS, RepeatedReadings } from './repeated-readings.ts';

const reading = (sequence: unknown, { sensor = 's1', device = 'd', boot = 'b' } = {}) => ({
  sensor_id: sensor,
  device_id: device,
  boot_id: boot,
  sequence,
});

describe('readings that were sent again', () => {
  it('are known, whatever the order, and over restarts, as a set knows them', () => {
    const step = fc.record({
      sequence: fc.nat(40),
      sensor: fc.constantFrom('s1', 's2'),
      boot: fc.constantFrom('b1', 'b2'),
      isRestart: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let repeats = new RepeatedReadings();
        const seen = new Set<string>();
        for (const { sequence, sensor, boot, isRestart } of steps) {
          if (isRestart) repeats = new RepeatedReadings(JSON.parse(JSON.stringify(repeats.encode(1000))));
          const key = `${sensor} ${boot} ${sequence}`;
          expect(repeats.isRepeat(reading(sequence, { sensor, boot }), 1000)).toBe(seen.has(key));
          seen.add(key);
        }
      }),
    );
  });

  it('cost three numbers for a sensor whose device counts evenly', () => {
    const repeats = new RepeatedReadings();
    for (let at = 0; at < 10_000; at += 1) repeats.isRepeat(reading(7 + at * 5), at);
    expect(repeats.encode(10_000)).toEqual([['s1', 'd', 'b', 9999, 7, 49_997 + 5, 5]]);
    expect(repeats.isRepeat(reading(12), 10_000)).toBe(true);
    expect(repeats.isRepeat(reading(13), 10_000)).toBe(false);
  });

  it('are forgotten beyond the horizon, and never taken for another reading', () => {
    const repeats = new RepeatedReadings();
    repeats.isRepeat(reading(1), 0);
    expect(repeats.encode(HORIZON_MILLIS)).toEqual([]);
    expect(repeats.isRepeat(reading(1), HORIZON_MILLIS)).toBe(false);
    const uneven = Array.from({ length: 1000 }, (_, at) => at * at);
    expect(uneven.filter((sequence) => repeats.isRepeat(reading(sequence, { boot: 'c' }), 1))).toEqual([]);
    expect(
      uneven.slice(-MAX_PROGRESSIONS).every((each) => repeats.isRepeat(reading(each, { boot: 'c' }), 1)),
    ).toBe(true);
  });

  it.each([undefined, null, 'text', {}, reading('1'), reading(1.5), { ...reading(1), device_id: 7 }])(
    'have an identity, which %j has not',
    (value) => {
      const repeats = new RepeatedReadings();
      expect([repeats.isRepeat(value, 0), repeats.isRepeat(value, 0)]).toEqual([false, false]);
    },
  );
});
