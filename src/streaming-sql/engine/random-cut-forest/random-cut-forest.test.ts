import { describe, expect, it } from 'vitest';
import { RandomSource } from '../random-source.ts';
import { SnapshotReader } from '../snapshot-reader.ts';
import { SnapshotWriter } from '../snapshot-writer.ts';
import { DecayingSample } from './decaying-sample.ts';
import { RandomCutForest } from './random-cut-forest.ts';

const options = { dimensions: 2, numberOfTrees: 40, subSampleSize: 64, timeDecay: 1000 };

/** Points of two clusters around (10, 20) and (50, -30). */
function clusters(seed: number): () => Float64Array {
  const random = new RandomSource(seed);
  return () => {
    const [x, y] = random.next() < 0.5 ? [10, 20] : [50, -30];
    return Float64Array.of(x! + random.next() * 4 - 2, y! + random.next() * 4 - 2);
  };
}

function train(count: number, forest = new RandomCutForest(options)): RandomCutForest {
  const next = clusters(1);
  for (let i = 0; i < count; i++) forest.learn(next());
  return forest;
}

describe('a random cut forest', () => {
  it('scores planted anomalies clearly above ordinary points', () => {
    const forest = train(500);
    const next = clusters(2);
    const ordinary = Array.from({ length: 200 }, () => forest.score(next()));
    const mean = ordinary.reduce((sum, score) => sum + score, 0) / ordinary.length;
    expect(mean).toBeGreaterThan(0.5);
    expect(mean).toBeLessThan(1.3);
    for (const point of [
      [10, 200],
      [-300, 20],
      [30, -5],
      [10, -30],
    ]) {
      expect(forest.score(Float64Array.from(point))).toBeGreaterThan(1.5 * Math.max(...ordinary));
    }
  });

  it('attributes every score to its dimensions, in whole', () => {
    const forest = train(500);
    const next = clusters(3);
    const points = [...Array.from({ length: 50 }, next), Float64Array.of(10, 500), Float64Array.of(-9, -9)];
    for (const point of points) {
      const { high, low } = forest.attribute(point);
      const sum = [...high, ...low].reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(forest.score(point), 9);
      expect(Math.min(...high, ...low)).toBeGreaterThanOrEqual(0);
    }
  });

  it('blames the dimension and the direction that is out of the ordinary', () => {
    const forest = train(500);
    const above = forest.attribute(Float64Array.of(10, 500));
    expect(above.high[1]!).toBeGreaterThan(10 * (above.high[0]! + above.low[0]! + above.low[1]!));
    const below = forest.attribute(Float64Array.of(-400, 20));
    expect(below.low[0]!).toBeGreaterThan(10 * (below.high[0]! + below.high[1]! + below.low[1]!));
  });

  it('is not ready before it has learned a sub-sample, and takes equal points as ordinary', () => {
    const forest = new RandomCutForest(options);
    for (let i = 0; i < 63; i++) forest.learn(Float64Array.of(1, 1));
    expect(forest.ready).toBe(false);
    forest.learn(Float64Array.of(1, 1));
    expect(forest.ready).toBe(true);
    expect(forest.score(Float64Array.of(1, 1))).toBeCloseTo(1, 9);
    expect(forest.score(Float64Array.of(1, 2))).toBeCloseTo(Math.log2(65), 9);
  });

  it('follows the stream: what was an anomaly is ordinary once it has become the rule', () => {
    const forest = train(500, new RandomCutForest({ ...options, timeDecay: 200 }));
    const point = Float64Array.of(1000, 1000);
    const before = forest.score(point);
    const random = new RandomSource(5);
    for (let i = 0; i < 400; i++)
      forest.learn(Float64Array.of(999 + 2 * random.next(), 999 + 2 * random.next()));
    expect(before).toBeGreaterThan(4);
    expect(forest.score(point)).toBeLessThan(1.3);
    expect(forest.score(Float64Array.of(10, 20))).toBeGreaterThan(4);
  });

  it('gives identical scores after it was saved and loaded, also while it goes on learning', () => {
    for (const learned of [0, 1, 30, 64, 300]) {
      const forest = train(learned, new RandomCutForest({ ...options, timeDecay: 150 }));
      const writer = new SnapshotWriter();
      forest.save(writer);
      const copy = new RandomCutForest({ ...options, timeDecay: 150 });
      copy.load(new SnapshotReader(writer.finish()));
      const next = clusters(9);
      for (let i = 0; i < 200; i++) {
        const point = next();
        if (forest.ready) expect(copy.score(point)).toBe(forest.score(point));
        forest.learn(point);
        copy.learn(point);
      }
    }
  });
});

describe('a decaying sample', () => {
  it('holds what came recently more often than what came long ago, and nothing beyond the horizon', () => {
    const random = new RandomSource(3);
    const counts = [0, 0, 0, 0];
    for (let run = 0; run < 400; run++) {
      const sample = new DecayingSample(20, 1 / 200);
      for (let sequence = 0; sequence < 400; sequence++) {
        for (const leaf of sample.removeBefore(sequence - 199)) expect(leaf).toBe(sequence - 200);
        const rank = sample.rankOf(sequence, random.next());
        if (sample.full && !sample.admits(rank)) continue;
        if (sample.full) sample.pop();
        sample.push(sequence, rank, sequence);
      }
      for (let left = 200; left < 400; left++)
        for (const leaf of sample.removeBefore(left + 1)) counts[Math.floor((leaf - 200) / 50)]!++;
    }
    const [first, second, third, fourth] = counts as [number, number, number, number];
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThan(first);
    expect(third).toBeGreaterThan(second);
    expect(fourth).toBeGreaterThan(third);
    expect(fourth / third).toBeCloseTo(Math.exp(50 / 200), 0);
  });
});
