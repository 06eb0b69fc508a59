import type { RandomSource } from '../random-source.ts';
import { CutDraw } from './cut-draw.ts';
import { SlotNumbers } from './slot-numbers.ts';

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
  readonly leaves = new SlotNumbers(0);
  readonly inner: SlotNumbers;
  readonly #draw = new CutDraw();

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
    this.inner = new SlotNumbers(capacity);
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
      this.leaves.free(leaf);
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

  #separates(node: number, point: Float64Array, random: RandomSource): boolean {
    const { low, high } = this;
    const box = { low, high, base: node * this.dimensions, isPoint: this.isLeaf(node) };
    return this.#draw.parts(box, point, random);
  }

  /** Puts an inner node with the drawn cut in the node's place, over the node and a new leaf. */
  #split(node: number, point: Float64Array): number {
    const above = this.parent[node]!;
    const split = this.inner.take();
    const { dimension, value } = this.#draw;
    const leaf = this.#createLeaf(point, split);
    const inner = split - this.capacity;
    const pointLeft = point[dimension]! <= value;
    this.cutDimension[inner] = dimension;
    this.cutValue[inner] = value;
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
    const leaf = this.leaves.take();
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
    this.inner.free(node);
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
