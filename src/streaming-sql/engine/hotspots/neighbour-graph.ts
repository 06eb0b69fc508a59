/**
 * The points of a sliding window and which of them lie within a radius of each other, kept up by one pass over the
 * window for each new point. Neighbours are bits, a row of words for each point.
 */
export class NeighbourGraph {
  readonly dimensions: number;
  readonly #capacity: number;
  readonly #squaredRadius: number;
  readonly #words: number;
  readonly #points: Float64Array;
  readonly #bits: Uint32Array;
  readonly #degrees: Int32Array;
  #added = 0;

  constructor(dimensions: number, capacity: number, radius: number) {
    this.dimensions = dimensions;
    this.#capacity = capacity;
    this.#squaredRadius = radius * radius;
    this.#words = Math.ceil(capacity / 32);
    this.#points = new Float64Array(capacity * dimensions);
    this.#bits = new Uint32Array(capacity * this.#words);
    this.#degrees = new Int32Array(capacity);
  }

  get size(): number {
    return Math.min(this.#added, this.#capacity);
  }

  /** Adds a point; when the window is full, the oldest leaves it. */
  add(point: readonly number[]): void {
    const slot = this.#added % this.#capacity;
    if (this.#added >= this.#capacity) this.#detach(slot);
    this.#points.set(point, slot * this.dimensions);
    this.#added++;
    for (let other = 0; other < this.size; other++) if (this.#near(slot, other)) this.#link(slot, other);
  }

  /** Points in the order they came. */
  *points(): Iterable<Float64Array> {
    for (const slot of this.#slots())
      yield this.#points.subarray(slot * this.dimensions, (slot + 1) * this.dimensions);
  }

  /**
   * Clusters as DBSCAN finds them (Ester, Kriegel, Sander, Xu, KDD 1996): a point with at least `minimumPoints` points
   * in its neighbourhood, itself included, takes its neighbours into its cluster, and so do those of them that have as many.
   * The members of each cluster, as points.
   */
  clusters(minimumPoints: number): Float64Array[][] {
    const assigned = new Uint32Array(this.#words);
    const found: Float64Array[][] = [];
    for (const slot of this.#slots()) {
      const taken = (assigned[slot >>> 5]! >>> (slot & 31)) & 1;
      if (taken === 1 || this.#degrees[slot]! < minimumPoints) continue;
      assigned[slot >>> 5]! |= 1 << (slot & 31);
      found.push(this.#expand(slot, minimumPoints, assigned));
    }
    return found;
  }

  #expand(seed: number, minimumPoints: number, assigned: Uint32Array): Float64Array[] {
    const members: number[] = [seed];
    for (let next = 0; next < members.length; next++) {
      const member = members[next]!;
      if (this.#degrees[member]! < minimumPoints) continue;
      for (let word = 0; word < this.#words; word++) {
        let fresh = (this.#bits[member * this.#words + word]! & ~assigned[word]!) >>> 0;
        assigned[word]! |= fresh;
        for (; fresh !== 0; fresh &= fresh - 1) members.push(word * 32 + 31 - Math.clz32(fresh & -fresh));
      }
    }
    return members.map((slot) => this.#points.subarray(slot * this.dimensions, (slot + 1) * this.dimensions));
  }

  *#slots(): Iterable<number> {
    const oldest = this.#added < this.#capacity ? 0 : this.#added % this.#capacity;
    for (let i = 0; i < this.size; i++) yield (oldest + i) % this.#capacity;
  }

  #near(a: number, b: number): boolean {
    let sum = 0;
    for (let i = 0; i < this.dimensions; i++) {
      const distance = this.#points[a * this.dimensions + i]! - this.#points[b * this.dimensions + i]!;
      sum += distance * distance;
    }
    return sum <= this.#squaredRadius;
  }

  #link(a: number, b: number): void {
    this.#bits[a * this.#words + (b >>> 5)]! |= 1 << (b & 31);
    this.#degrees[a]!++;
    if (a === b) return;
    this.#bits[b * this.#words + (a >>> 5)]! |= 1 << (a & 31);
    this.#degrees[b]!++;
  }

  #detach(slot: number): void {
    const [word, mask] = [slot >>> 5, 1 << (slot & 31)];
    for (let other = 0; other < this.#capacity; other++) {
      if ((this.#bits[other * this.#words + word]! & mask) === 0) continue;
      this.#bits[other * this.#words + word]! &= ~mask;
      this.#degrees[other]!--;
    }
    this.#bits.fill(0, slot * this.#words, (slot + 1) * this.#words);
    this.#degrees[slot] = 0;
  }
}
