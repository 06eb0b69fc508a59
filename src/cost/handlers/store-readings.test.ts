import { describe, expect, it } from 'vitest';
import { minutePacks } from './store-readings.ts';

describe('minutePacks()', () => {
  it('is one write of one unit for a reading alone', () => {
    const packs = minutePacks({ perSecond: 10, records: 1, spacingSeconds: 10, bytes: 300 });
    expect(packs.writesPerSecond).toBeCloseTo(10);
    expect(packs.unitsPerSecond).toBeCloseTo(10);
  });

  it('crosses a minute’s end in proportion to the time that readings span', () => {
    // Six readings over 50 s: in 50 of 60 cases a minute ends in between.
    const packs = minutePacks({ perSecond: 1, records: 6, spacingSeconds: 10, bytes: 300 });
    expect(packs.writesPerSecond).toBeCloseTo(1 + 50 / 60);
  });

  it('takes more units as a minute fills', () => {
    // 60 samples of 25 bytes and 40 of keys, 10 at a time: 290, 540, 790 bytes are one unit, 1040, 1290, 1540 are two.
    const packs = minutePacks({ perSecond: 1, records: 10, spacingSeconds: 1, bytes: 300 });
    const samples = 10 / packs.writesPerSecond;
    const writes = Math.ceil(60 / samples);
    expect(packs.unitsPerSecond / packs.writesPerSecond).toBeGreaterThan(1);
    expect(packs.unitsPerSecond / packs.writesPerSecond).toBeLessThan(2);
    expect(writes).toBe(7);
  });

  it('splits at 100 samples a write', () => {
    const packs = minutePacks({ perSecond: 1, records: 500, spacingSeconds: 0.001, bytes: 300 });
    expect(packs.writesPerSecond).toBeCloseTo(5, 1);
  });

  it('keeps 25 bytes a sample, and 140 an item', () => {
    const packs = minutePacks({ perSecond: 100, records: 1, spacingSeconds: 10, bytes: 300 });
    expect(packs.keptPerSecond).toBeCloseTo(100 * 25 + (100 / 6) * 140);
  });
});
