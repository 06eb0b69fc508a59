import type { RandomSource } from '../random-source.ts';

const NONE = -1;

/**
 * A robust random cut tree over at most `capacity` points (Guha, Mishra, Roy, Schrijvers, "Robust Random Cut Forest
 * Based Anomaly Detection on Streams", ICML 2016). A cut's dimension is drawn in proportion to the sides of the
 * bounding box, its place uniformly; inserting and deleting (algorithms 2 and 1) leave the very distribution that
 * building the tree afresh from the same points would have. Equal points share a leaf that counts them.
 *
 * Leaves are numbered from 0, inner nodes from `capacity`; all state lies in typed arrays.
 */
export class CutTree {
  readonly dimensions: number;
  readonly capacity: number;
  root = NONE;
  /** Bounding boxes, `dimensions` numbers a node; both corners of a leaf are its point. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** How many points lie below a node. */
  readonly mass: Int32Array;
  readonly parent: Int32Array;
  /** Of inner nodes, by number less `capacity`: points with a coordinate up to the cut lie left. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly cutDimension: Int32Array;
  readonly cutValue: Float64Array;
  readonly #freeLeaves: number[] = [];
  readonly #freeInner: number[] = [];
  #leafTop = 0;
  #innerTop: number;
  #drawnDimension = 0;
  #drawnValue = 0;

  constructor(dimensions: number, capacity: number) {
    this.dimensions = dimensions;
    this.capacity = capacity;
    const nodes = 2 * capacity - 1;
    this.low = new Float64Array(nodes * dimensions);
    this.high = new Float64Array(nodes * dimensions);
    this.mass = new Int32Array(nodes);
    this.parent = new Int32Array(nodes);
    this.left = new Int32Array(capacity - 1);
    this.right = new Int32Array(capacity - 1);
    this.cutDimension = new Int32Array(capacity - 1);
    this.cutValue = new Float64Array(capacity - 1);
    this.#innerTop = capacity;
  }

  /** Points in the tree, equal ones counted each. */
  get size(): number {
    return this.root === NONE ? 0 : this.mass[this.root]!;
  }

  isLeaf(node: number): boolean {
    return node < this.capacity;
  }

  /** The child on the point's side of an inner node's cut. */
  childFor(node: number, point: Float64Array): number {
    const inner = node - this.capacity;
    return point[this.cutDimension[inner]!]! <= this.cutValue[inner]!
      ? this.left[inner]!
      : this.right[inner]!;
  }

  /** Adds a point and answers its leaf. The caller keeps within the capacity. */
  insert(point: Float64Array, random: RandomSource): number {
    if (this.root === NONE) {
      this.root = this.#createLeaf(point, NONE);
      return this.root;
    }
    let node = this.root;
    while (!this.#separates(node, point, random)) {
      if (this.isLeaf(node)) {
        this.#grow(node, point);
        return node;
      }
      node = this.childFor(node, point);
    }
    return this.#split(node, point);
  }

  /** Removes one of a leaf's points; with the last one the leaf and its parent go, the sibling moves up. */
  remove(leaf: number): void {
    let node = this.parent[leaf]!;
    if (--this.mass[leaf]! === 0) {
      this.#freeLeaves.push(leaf);
      if (node === NONE) this.root = NONE;
      else node = this.#spliceOut(node, leaf);
    }
    let shrinking = true;
    for (; node !== NONE; node = this.parent[node]!) {
      this.mass[node]!--;
      shrinking = shrinking && this.#fitBox(node);
    }
  }

  /** Rebuilds what follows from leaves, cuts and children: boxes, masses and parents. */
  settle(node: number, parent: number): void {
    this.parent[node] = parent;
    if (this.isLeaf(node)) return;
    const inner = node - this.capacity;
    this.settle(this.left[inner]!, node);
    this.settle(this.right[inner]!, node);
    this.mass[node] = this.mass[this.left[inner]!]! + this.mass[this.right[inner]!]!;
    this.#fitBox(node);
  }

  /** Numbers of nodes ever used and the free ones among them, for saving and loading the tree. */
  get slots(): {
    leafTop: number;
    innerTop: number;
    freeLeaves: readonly number[];
    freeInner: readonly number[];
  } {
    return {
      leafTop: this.#leafTop,
      innerTop: this.#innerTop,
      freeLeaves: this.#freeLeaves,
      freeInner: this.#freeInner,
    };
  }

  set slots({ leafTop, innerTop, freeLeaves, freeInner }) {
    this.#leafTop = leafTop;
    this.#innerTop = innerTop;
    this.#freeLeaves.splice(0, Number.POSITIVE_INFINITY, ...freeLeaves);
    this.#freeInner.splice(0, Number.POSITIVE_INFINITY, ...freeInner);
  }

  /** Draws a cut of the box that holds node and point: does it part the two? Keeps the cut if so. */
  #separates(node: number, point: Float64Array, random: RandomSource): boolean {
    const { dimensions, low, high } = this;
    const base = node * dimensions;
    let sides = 0;
    let growth = 0;
    for (let i = 0; i < dimensions; i++) {
      const above = Math.max(0, point[i]! - high[base + i]!);
      const below = Math.max(0, low[base + i]! - point[i]!);
      sides += high[base + i]! - low[base + i]! + above + below;
      growth += above + below;
    }
    if (growth === 0) return false;
    let rest = random.next() * sides;
    for (let i = 0; i < dimensions; i++) {
      const from = Math.min(low[base + i]!, point[i]!);
      const to = Math.max(high[base + i]!, point[i]!);
      rest -= to - from;
      if (rest >= 0 || to === from) continue;
      const drawn = to + rest;
      const cut = drawn < to ? Math.max(drawn, from) : from;
      this.#drawnDimension = i;
      this.#drawnValue = cut;
      return point[i]! > cut ? cut >= high[base + i]! : cut < low[base + i]!;
    }
    return this.isLeaf(node) && this.#cutLongestSide(base, point);
  }

  /** A cut of a leaf parts always; only rounding can leave the draw without a dimension. */
  #cutLongestSide(base: number, point: Float64Array): boolean {
    let longest = 0;
    const side = (i: number): number => Math.abs(point[i]! - this.low[base + i]!);
    for (let i = 1; i < this.dimensions; i++) if (side(i) > side(longest)) longest = i;
    this.#drawnDimension = longest;
    this.#drawnValue = Math.min(point[longest]!, this.low[base + longest]!);
    return true;
  }

  /** Puts an inner node with the drawn cut in the node's place, over the node and a new leaf. */
  #split(node: number, point: Float64Array): number {
    const above = this.parent[node]!;
    const split = this.#freeInner.pop() ?? this.#innerTop++;
    const leaf = this.#createLeaf(point, split);
    const inner = split - this.capacity;
    const pointLeft = point[this.#drawnDimension]! <= this.#drawnValue;
    this.cutDimension[inner] = this.#drawnDimension;
    this.cutValue[inner] = this.#drawnValue;
    this.left[inner] = pointLeft ? leaf : node;
    this.right[inner] = pointLeft ? node : leaf;
    this.mass[split] = this.mass[node]!;
    this.low.copyWithin(split * this.dimensions, node * this.dimensions, (node + 1) * this.dimensions);
    this.high.copyWithin(split * this.dimensions, node * this.dimensions, (node + 1) * this.dimensions);
    this.parent[node] = split;
    this.#replaceChild(above, node, split);
    this.#grow(split, point);
    return leaf;
  }

  #createLeaf(point: Float64Array, parent: number): number {
    const leaf = this.#freeLeaves.pop() ?? this.#leafTop++;
    this.low.set(point, leaf * this.dimensions);
    this.high.set(point, leaf * this.dimensions);
    this.mass[leaf] = 1;
    this.parent[leaf] = parent;
    return leaf;
  }

  /** Counts the point in a node and all above it, and widens their boxes. */
  #grow(from: number, point: Float64Array): void {
    const { dimensions, low, high } = this;
    for (let node = from; node !== NONE; node = this.parent[node]!) {
      this.mass[node]!++;
      for (let i = 0, at = node * dimensions; i < dimensions; i++, at++) {
        if (point[i]! < low[at]!) low[at] = point[i]!;
        if (point[i]! > high[at]!) high[at] = point[i]!;
      }
    }
  }

  #spliceOut(node: number, leaf: number): number {
    const inner = node - this.capacity;
    const sibling = this.left[inner] === leaf ? this.right[inner]! : this.left[inner]!;
    const above = this.parent[node]!;
    this.parent[sibling] = above;
    this.#replaceChild(above, node, sibling);
    this.#freeInner.push(node);
    return above;
  }

  #replaceChild(above: number, node: number, by: number): void {
    this.parent[by] = above;
    if (above === NONE) {
      this.root = by;
      return;
    }
    const side = this.left[above - this.capacity] === node ? this.left : this.right;
    side[above - this.capacity] = by;
  }

  /** Sets an inner node's box to that of its children: did it change? */
  #fitBox(node: number): boolean {
    const { dimensions, low, high } = this;
    const first = this.left[node - this.capacity]! * dimensions;
    const second = this.right[node - this.capacity]! * dimensions;
    let changed = false;
    for (let i = 0, at = node * dimensions; i < dimensions; i++, at++) {
      const least = Math.min(low[first + i]!, low[second + i]!);
      const most = Math.max(high[first + i]!, high[second + i]!);
      if (least !== low[at] || most !== high[at]) changed = true;
      low[at] = least;
      high[at] = most;
    }
    return changed;
  }
}
