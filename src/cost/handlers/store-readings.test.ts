import { describe, expect, it } from 'vitest';
import { packByItem, sampleKey } from '../../stores/readings-table.ts';
import type { Reading } from '../../telemetry/reading.ts';
import { batchesOf } from '../batches.ts';
import { itemPacks } from './store-readings.ts';

describe('itemPacks()', () => {
  it('is one write of one unit for a reading alone', () => {
    const packs = itemPacks({ perSecond: 10, records: 1, spacingSeconds: 10, bytes: 300 }, 1);
    expect(packs.writesPerSecond).toBeCloseTo(10);
    expect(packs.unitsPerSecond).toBeCloseTo(10);
  });

  it('crosses a minute’s end in proportion to the time that readings span', () => {
    // Six readings over 50 s: in 50 of 60 cases a minute ends in between.
    const packs = itemPacks({ perSecond: 1, records: 6, spacingSeconds: 10, bytes: 300 }, 1);
    expect(packs.writesPerSecond).toBeCloseTo(1 + 50 / 60);
  });

  it('takes more units as a minute fills', () => {
    // 60 samples of 25 bytes and 40 of keys, 10 at a time: 290, 540, 790 bytes are one unit, 1040, 1290, 1540 are two.
    const packs = itemPacks({ perSecond: 1, records: 10, spacingSeconds: 1, bytes: 300 }, 1);
    const samples = 10 / packs.writesPerSecond;
    const writes = Math.ceil(60 / samples);
    expect(packs.unitsPerSecond / packs.writesPerSecond).toBeGreaterThan(1);
    expect(packs.unitsPerSecond / packs.writesPerSecond).toBeLessThan(2);
    expect(writes).toBe(7);
  });

  it('splits at 100 samples a write', () => {
    const packs = itemPacks({ perSecond: 1, records: 500, spacingSeconds: 0.001, bytes: 300 }, 1);
    expect(packs.writesPerSecond).toBeCloseTo(5, 1);
  });

  it('keeps 25 bytes a sample, and 140 an item', () => {
    const packs = itemPacks({ perSecond: 100, records: 1, spacingSeconds: 10, bytes: 300 }, 1);
    expect(packs.keptPerSecond).toBeCloseTo(100 * 25 + (100 / 6) * 140);
  });
});

describe('the model of store-readings', () => {
  /** A fleet that publishes regularly, each sensor at its own moment; the handler's own packing counts the writes. */
  function countWrites(
    sensors: number,
    spacingMillis: number,
    batchMillis: number,
    totalMillis: number,
    itemMinutes: number,
  ) {
    const batches = new Map<number, Reading[]>();
    for (let sensor = 0; sensor < sensors; sensor++) {
      const phase = Math.floor((sensor * 7919 * spacingMillis) / sensors) % spacingMillis;
      for (let millis = phase; millis < totalMillis; millis += spacingMillis) {
        const batch = Math.floor(millis / batchMillis);
        const reading = {
          sensor_id: `s${sensor}`,
          sensor_timestamp: millis,
          sensor_value: millis,
        } as Reading;
        batches.set(batch, [...(batches.get(batch) ?? []), reading]);
      }
    }
    const writes = { packs: 0, latest: 0 };
    for (const readings of batches.values()) {
      writes.packs += packByItem(
        readings.map((reading) => ({ reading, sampleKey: sampleKey(reading, itemMinutes) })),
        itemMinutes,
      ).length;
      writes.latest += new Set(readings.map(({ sensor_id }) => sensor_id)).size;
    }
    return writes;
  }

  it.each([
    [100, 10_000, 5_000, 1],
    [100, 10_000, 25_000, 1],
    [100, 10_000, 77_000, 1],
    [100, 10_000, 63_000, 5],
    [100, 10_000, 77_000, 5],
    [20, 1_000, 7_000, 1],
    [20, 1_000, 61_000, 5],
    [100, 90_000, 60_000, 1],
    [100, 90_000, 60_000, 5],
  ])(
    'counts the writes that the handler makes: %d sensors each %d ms in batches of %d ms, items of %d minutes',
    (sensors, spacing, batch, itemMinutes) => {
      const total = 40 * batch * 3;
      const counted = countWrites(sensors, spacing, batch, total, itemMinutes);
      const mapping = {
        batchSize: 10_000,
        batchWindowSeconds: batch / 1000,
        parallelizationFactor: 1,
        tumblingWindowSeconds: 0,
      };
      const flow = { recordsPerSecond: (1000 * sensors) / spacing, bytes: 300, sensors, together: 1 };
      const [group] = batchesOf(mapping, 1, [flow]).groups;
      const seconds = total / 1000;
      expect(group!.perSecond * seconds).toSatisfy(
        (value: number) => Math.abs(value / counted.latest - 1) < 0.05,
      );
      expect(itemPacks(group!, itemMinutes).writesPerSecond * seconds).toSatisfy(
        (value: number) => Math.abs(value / counted.packs - 1) < 0.05,
      );
    },
  );
});
