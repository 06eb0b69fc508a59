import type { RandomSource } from '../random-source.ts';

/** The least and greatest coordinates of a node's points, `dimensions` numbers from `base`. */
export interface NodeBox {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly base: number;
  /** All its points are equal. */
  readonly isPoint: boolean;
}

/** A random cut of a box: its dimension in proportion to the box's sides, its place uniform on that side. */
export class CutDraw {
  dimension = 0;
  /** Points with a coordinate up to this lie on the left. */
  value = 0;

  /** Draws a cut of the box that holds node and point: does it part the two? A cut that does is kept here. */
  parts({ low, high, base, isPoint }: NodeBox, point: Float64Array, random: RandomSource): boolean {
    let sides = 0;
    let growth = 0;
    for (let i = 0; i < point.length; i++) {
      const beyond = Math.max(0, point[i]! - high[base + i]!) + Math.max(0, low[base + i]! - point[i]!);
      sides += high[base + i]! - low[base + i]! + beyond;
      growth += beyond;
    }
    if (growth === 0) return false;
    let rest = random.next() * sides;
    for (let i = 0; i < point.length; i++) {
      const from = Math.min(low[base + i]!, point[i]!);
      const to = Math.max(high[base + i]!, point[i]!);
      rest -= to - from;
      if (rest >= 0 || to === from) continue;
      const drawn = to + rest;
      this.dimension = i;
      this.value = drawn < to ? Math.max(drawn, from) : from;
      return point[i]! > this.value ? this.value >= high[base + i]! : this.value < low[base + i]!;
    }
    if (isPoint) this.#cutLongestSide(low, base, point);
    return isPoint;
  }

  /** Any cut parts a point from another one; only rounding can leave the draw without a dimension. */
  #cutLongestSide(low: Float64Array, base: number, point: Float64Array): void {
    const side = (i: number): number => Math.abs(point[i]! - low[base + i]!);
    this.dimension = 0;
    for (let i = 1; i < point.length; i++) if (side(i) > side(this.dimension)) this.dimension = i;
    this.value = Math.min(point[this.dimension]!, low[base + this.dimension]!);
  }
}
