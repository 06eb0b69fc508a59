import { describe, expect, it } from 'vitest';
import { batchesOf } from './batches.ts';

const mapping = {
  batchSize: 2500,
  batchWindowSeconds: 5,
  parallelizationFactor: 1,
  tumblingWindowSeconds: 0,
};
const flow = { recordsPerSecond: 100, bytes: 300, sensors: 1000, together: 1 };

describe('batchesOf()', () => {
  it('ends a batch with its window when the records do not fill it', () => {
    const { invocationsPerSecond, groups } = batchesOf(mapping, 1, [flow]);
    expect(invocationsPerSecond).toBeCloseTo(1 / 5);
    // Each of 1,000 sensors publishes every 10 s: half of them are in a batch, once.
    expect(groups[0]!.perSecond).toBeCloseTo(500 / 5);
    expect(groups[0]!.records).toBeCloseTo(1);
  });

  it('ends a batch that is full', () => {
    expect(batchesOf({ ...mapping, batchSize: 100 }, 1, [flow]).invocationsPerSecond).toBeCloseTo(1);
  });

  it('ends a batch at 6 MB of base64 with its envelopes', () => {
    // 300,000 bytes are 400,400 in the event: 15 of them fit.
    const large = { ...flow, bytes: 300_000 };
    expect(batchesOf(mapping, 1, [large]).invocationsPerSecond).toBeCloseTo(100 / 15);
  });

  it('makes batches per shard and parallel lane', () => {
    const lanes = batchesOf({ ...mapping, parallelizationFactor: 2 }, 3, [flow]);
    expect(lanes.invocationsPerSecond).toBeCloseTo(6 / 5);
  });

  it('holds several readings of a sensor when it publishes faster than batches end', () => {
    const { groups } = batchesOf({ ...mapping, batchWindowSeconds: 20 }, 1, [flow]);
    expect(groups[0]!.perSecond).toBeCloseTo(1000 / 20);
    expect(groups[0]!.records).toBeCloseTo(2);
  });

  it('keeps the readings of a packed publish together', () => {
    const { groups } = batchesOf(mapping, 1, [{ ...flow, together: 6 }]);
    expect(groups[0]!.records).toBeCloseTo(6);
    expect(groups[0]!.perSecond).toBeCloseTo(100 / 6);
  });

  it('is not called between bursts', () => {
    const burst = { ...flow, recordsPerSecond: 1000 / 60, burstSeconds: 60 };
    const small = { ...mapping, batchSize: 500, batchWindowSeconds: 1 };
    expect(batchesOf(small, 1, [burst]).invocationsPerSecond).toBeCloseTo(2 / 60);
  });

  it('calls once more at the end of a tumbling window', () => {
    const tumbling = batchesOf({ ...mapping, batchWindowSeconds: 10, tumblingWindowSeconds: 60 }, 1, [flow]);
    expect(tumbling.invocationsPerSecond).toBeCloseTo(6 / 60 + 1 / 60);
  });

  it('never makes more batches than there are records, and none of nothing', () => {
    const rare = { ...flow, recordsPerSecond: 0.01 };
    expect(batchesOf(mapping, 4, [rare]).invocationsPerSecond).toBeCloseTo(0.01);
    expect(batchesOf(mapping, 4, []).invocationsPerSecond).toBe(0);
  });
});
