import type { SnapshotReader } from '../snapshot-reader.ts';
import type { SnapshotWriter } from '../snapshot-writer.ts';
import { loadNumbers, saveNumbers } from '../typed-array-snapshot.ts';

/**
 * Which points a tree holds: a weighted random sample without replacement of the stream (Efraimidis and Spirakis,
 * "Weighted random sampling with a reservoir", 2006), where a point's weight decays as others come after it. Each
 * point carries a random rank; those of the lowest ranks stay. A binary heap by rank, the highest first.
 */
export class DecayingSample {
  readonly #decay: number;
  readonly #sequence: Float64Array;
  readonly #rank: Float64Array;
  readonly #leaf: Int32Array;
  #size = 0;
  /** No point's sequence lies before this. */
  #oldest = Number.POSITIVE_INFINITY;

  /** `decay`: how much the logarithm of a point's weight falls with every later point. */
  constructor(capacity: number, decay: number) {
    this.#decay = decay;
    this.#sequence = new Float64Array(capacity);
    this.#rank = new Float64Array(capacity);
    this.#leaf = new Int32Array(capacity);
  }

  get full(): boolean {
    return this.#size === this.#rank.length;
  }

  /** The rank of a new point, from a number drawn uniformly between 0 and 1. */
  rankOf(sequence: number, uniform: number): number {
    return Math.log(-Math.log(uniform)) - this.#decay * sequence;
  }

  /** Would a point of this rank enter the full sample? */
  admits(rank: number): boolean {
    return rank < this.#rank[0]!;
  }

  push(sequence: number, rank: number, leaf: number): void {
    this.#set(this.#size, sequence, rank, leaf);
    this.#oldest = Math.min(this.#oldest, sequence);
    this.#rise(this.#size++);
  }

  /** Removes the point of the highest rank and answers its leaf. */
  pop(): number {
    return this.#removeAt(0);
  }

  /** Removes the points that came before a sequence number and answers their leaves. */
  removeBefore(sequence: number): readonly number[] {
    if (this.#oldest >= sequence) return [];
    const leaves: number[] = [];
    for (let at = this.#findOldest(); at >= 0; at = this.#findOldest()) {
      this.#oldest = this.#sequence[at]!;
      if (this.#oldest >= sequence) return leaves;
      leaves.push(this.#removeAt(at));
    }
    this.#oldest = Number.POSITIVE_INFINITY;
    return leaves;
  }

  save(writer: SnapshotWriter): void {
    writer.uint32(this.#size);
    writer.float64(this.#oldest);
    for (const numbers of [this.#sequence, this.#rank, this.#leaf]) saveNumbers(writer, numbers, this.#size);
  }

  load(reader: SnapshotReader): void {
    this.#size = reader.uint32();
    this.#oldest = reader.float64();
    for (const numbers of [this.#sequence, this.#rank, this.#leaf]) loadNumbers(reader, numbers);
  }

  #findOldest(): number {
    let oldest = this.#size - 1;
    for (let at = oldest - 1; at >= 0; at--) if (this.#sequence[at]! < this.#sequence[oldest]!) oldest = at;
    return oldest;
  }

  #removeAt(at: number): number {
    const leaf = this.#leaf[at]!;
    const last = --this.#size;
    if (at !== last) {
      this.#set(at, this.#sequence[last]!, this.#rank[last]!, this.#leaf[last]!);
      this.#sink(at);
      this.#rise(at);
    }
    return leaf;
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const above = (at - 1) >> 1;
      if (this.#rank[above]! >= this.#rank[at]!) return;
      this.#swap(at, above);
      at = above;
    }
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      let highest = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < this.#size && this.#rank[child]! > this.#rank[highest]!) highest = child;
      if (highest === at) return;
      this.#swap(at, highest);
      at = highest;
    }
  }

  #set(at: number, sequence: number, rank: number, leaf: number): void {
    this.#sequence[at] = sequence;
    this.#rank[at] = rank;
    this.#leaf[at] = leaf;
  }

  #swap(a: number, b: number): void {
    const [sequence, rank, leaf] = [this.#sequence[a]!, this.#rank[a]!, this.#leaf[a]!];
    this.#set(a, this.#sequence[b]!, this.#rank[b]!, this.#leaf[b]!);
    this.#set(b, sequence, rank, leaf);
  }
}
