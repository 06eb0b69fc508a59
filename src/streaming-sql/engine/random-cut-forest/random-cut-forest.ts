import { RandomSource } from '../random-source.ts';
import type { SnapshotReader } from '../snapshot-reader.ts';
import type { SnapshotWriter } from '../snapshot-writer.ts';
import { CutTree } from './cut-tree.ts';
import { type Attribution, attributeScore, scorePoint } from './cut-tree-score.ts';
import { loadCutTree, saveCutTree } from './cut-tree-snapshot.ts';
import { DecayingSample } from './decaying-sample.ts';

/** One tree, and the sample of the stream it holds. */
interface SampledTree {
  readonly tree: CutTree;
  readonly sample: DecayingSample;
}

export interface ForestOptions {
  readonly dimensions: number;
  readonly numberOfTrees: number;
  readonly subSampleSize: number;
  /** Points that came more than so many points ago are forgotten; the weight of newer ones decays by e within it. */
  readonly timeDecay: number;
}

/** The same for every run: with it a run is a function of its rows. */
const SEED = 20_160_619;

/**
 * A random cut forest over a stream of points (Guha et al., ICML 2016; SQL reference, "RANDOM_CUT_FOREST"): every tree
 * holds its own sample, the score is the mean of the trees' scores.
 */
export class RandomCutForest {
  readonly #options: ForestOptions;
  readonly #trees: readonly SampledTree[];
  readonly #random = new RandomSource(SEED);
  #learned = 0;

  constructor(options: ForestOptions) {
    this.#options = options;
    const { dimensions, numberOfTrees, subSampleSize, timeDecay } = options;
    this.#trees = Array.from({ length: numberOfTrees }, () => ({
      tree: new CutTree(dimensions, subSampleSize),
      sample: new DecayingSample(subSampleSize, 1 / timeDecay),
    }));
  }

  /** False while the first `subSampleSize` points are learned: the service scores them 0. */
  get ready(): boolean {
    return this.#learned >= this.#options.subSampleSize;
  }

  /** Score of a point against what was learned so far; learns nothing. */
  score(point: Float64Array): number {
    let sum = 0;
    for (const { tree } of this.#trees) sum += scorePoint(tree, point);
    return sum / this.#trees.length;
  }

  /** The point's score by dimension and direction; all of it sums to the score. */
  attribute(point: Float64Array): Attribution {
    const { dimensions } = this.#options;
    const sum: Attribution = { high: new Float64Array(dimensions), low: new Float64Array(dimensions) };
    for (const { tree } of this.#trees) attributeScore(tree, point, sum);
    for (let i = 0; i < dimensions; i++) {
      sum.high[i]! /= this.#trees.length;
      sum.low[i]! /= this.#trees.length;
    }
    return sum;
  }

  learn(point: Float64Array): void {
    const sequence = this.#learned++;
    const horizon = sequence - this.#options.timeDecay + 1;
    for (const { tree, sample } of this.#trees) {
      for (const leaf of sample.removeBefore(horizon)) tree.remove(leaf);
      const rank = sample.rankOf(sequence, this.#random.next());
      if (sample.full) {
        if (!sample.admits(rank)) continue;
        tree.remove(sample.pop());
      }
      sample.push(sequence, rank, tree.insert(point, this.#random));
    }
  }

  /** Bytes of the typed arrays. */
  bytes(): number {
    const { dimensions, numberOfTrees, subSampleSize } = this.#options;
    return numberOfTrees * subSampleSize * (32 * dimensions + 56);
  }

  save(writer: SnapshotWriter): void {
    writer.float64(this.#learned);
    this.#random.save(writer);
    for (const { tree, sample } of this.#trees) {
      saveCutTree(tree, writer);
      sample.save(writer);
    }
  }

  load(reader: SnapshotReader): void {
    this.#learned = reader.float64();
    this.#random.load(reader);
    for (const { tree, sample } of this.#trees) {
      loadCutTree(tree, reader);
      sample.load(reader);
    }
  }
}
