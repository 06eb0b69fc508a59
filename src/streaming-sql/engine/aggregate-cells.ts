import type { AggregateCall } from '../plan.ts';
import { type AccumulatorLayout, layOut } from './accumulator.ts';
import { SnapshotError } from './engine-error.ts';
import type { Row, Value } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** Groups per chunk of cells: growing never copies and wastes at most one chunk. */
const CHUNK_BITS = 9;
const CHUNK_SIZE = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_SIZE - 1;

/** Aggregate state of numbered groups, in chunks of doubles. */
export class AggregateCells {
  readonly #layout: AccumulatorLayout;
  readonly #stride: number;
  readonly #chunks: Float64Array[] = [];

  constructor(calls: readonly AggregateCall[]) {
    this.#layout = layOut(calls);
    this.#stride = this.#layout.stride;
  }

  /** Sets a group to "no row yet". */
  begin(group: number): void {
    while (group >>> CHUNK_BITS >= this.#chunks.length)
      this.#chunks.push(new Float64Array(CHUNK_SIZE * this.#stride));
    const cells = this.#chunks[group >>> CHUNK_BITS]!;
    const base = (group & CHUNK_MASK) * this.#stride;
    cells.fill(0, base, base + this.#stride);
    for (const accumulator of this.#layout.accumulators) accumulator.begin(cells, base, group);
  }

  add(group: number, row: Row, rowtime: number): void {
    const cells = this.#chunks[group >>> CHUNK_BITS]!;
    const base = (group & CHUNK_MASK) * this.#stride;
    const { accumulators } = this.#layout;
    for (let i = 0; i < accumulators.length; i++) accumulators[i]!.add(cells, base, group, row, rowtime);
  }

  /** Appends a group's results to a row. @throws EvaluationError when one fits no number of its type */
  appendResults(group: number, row: Value[]): void {
    const cells = this.#chunks[group >>> CHUNK_BITS]!;
    const base = (group & CHUNK_MASK) * this.#stride;
    for (const result of this.#layout.results) row.push(result(cells, base, group));
  }

  bytes(): number {
    return this.#chunks.length * CHUNK_SIZE * this.#stride * 8;
  }

  /** Writes the first `size` groups. */
  save(writer: SnapshotWriter, size: number): void {
    for (let first = 0; first < size; first += CHUNK_SIZE) {
      const used = Math.min(CHUNK_SIZE, size - first) * this.#stride;
      writer.bytes(new Uint8Array(this.#chunks[first >>> CHUNK_BITS]!.buffer, 0, used * 8));
    }
    for (const held of this.#layout.objects) held.save(writer);
  }

  load(reader: SnapshotReader, size: number): void {
    for (let first = 0; first < size; first += CHUNK_SIZE) {
      const cells = new Float64Array(CHUNK_SIZE * this.#stride);
      const bytes = reader.bytes();
      if (bytes.length > cells.byteLength)
        throw new SnapshotError('Cannot restore snapshot: a chunk of groups is too long');
      new Uint8Array(cells.buffer).set(bytes);
      this.#chunks.push(cells);
    }
    for (const held of this.#layout.objects) held.load(reader);
  }
}
