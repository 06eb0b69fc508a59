import type { SnapshotReader } from '../snapshot-reader.ts';
import type { SnapshotWriter } from '../snapshot-writer.ts';
import { loadNumbers, saveNumbers } from '../typed-array-snapshot.ts';

/** Values beyond this are taken as this, so that no sum of distances overflows. */
const GREATEST = 1e150;

/**
 * The most recent records as one point: `size` records of `columns` numbers each, the oldest first (SQL reference,
 * "RANDOM_CUT_FOREST", shingleSize).
 */
export class Shingle {
  readonly #point: Float64Array;
  readonly #columns: number;
  readonly #size: number;
  #records = 0;

  constructor(columns: number, size: number) {
    this.#point = new Float64Array(columns * size);
    this.#columns = columns;
    this.#size = size;
  }

  /** The point that ends with these values, or null while records are missing; keeps nothing. */
  peek(values: readonly number[]): Float64Array | null {
    if (this.#records < this.#size - 1) return null;
    const point = this.#point.slice();
    slide(point, values);
    return point;
  }

  /** Takes a record. The answer is valid until the next one. */
  push(values: readonly number[]): Float64Array | null {
    slide(this.#point, values);
    if (this.#records < this.#size) this.#records++;
    return this.#records < this.#size ? null : this.#point;
  }

  /** Sum over the records of a column's entries in numbers of the point's shape. */
  sumOf(column: number, numbers: Float64Array): number {
    let sum = 0;
    for (let at = column; at < numbers.length; at += this.#columns) sum += numbers[at]!;
    return sum;
  }

  save(writer: SnapshotWriter): void {
    writer.uint32(this.#records);
    saveNumbers(writer, this.#point, this.#point.length);
  }

  load(reader: SnapshotReader): void {
    this.#records = reader.uint32();
    loadNumbers(reader, this.#point);
  }
}

function slide(point: Float64Array, values: readonly number[]): void {
  point.copyWithin(0, values.length);
  const from = point.length - values.length;
  for (let i = 0; i < values.length; i++)
    point[from + i] = Math.max(-GREATEST, Math.min(GREATEST, values[i]!));
}
