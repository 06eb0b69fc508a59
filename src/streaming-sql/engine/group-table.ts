import type { AggregateCall } from '../plan.ts';
import { type AccumulatorLayout, layOut } from './accumulator.ts';
import { SnapshotError } from './engine-error.ts';
import { GroupIndex } from './group-index.ts';
import type { Row, Value } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** Groups per chunk of cells: growing never copies and wastes at most one chunk. */
const CHUNK_BITS = 9;
const CHUNK_SIZE = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_SIZE - 1;

/** The open groups of one window: keys by number, aggregate state in chunks of doubles. */
export class GroupTable {
  readonly index: GroupIndex;
  readonly #keyCount: number;
  readonly #layout: AccumulatorLayout;
  readonly #stride: number;
  readonly #chunks: Float64Array[] = [];

  constructor(keys: readonly number[], calls: readonly AggregateCall[], hashBy = 0) {
    this.index = new GroupIndex(keys, hashBy);
    this.#keyCount = keys.length;
    this.#layout = layOut(calls);
    this.#stride = this.#layout.stride;
  }

  get size(): number {
    return this.index.size;
  }

  /** Opens a group for the row's key. */
  open(row: Row): number {
    const group = this.index.insert(row);
    if (group >>> CHUNK_BITS >= this.#chunks.length)
      this.#chunks.push(new Float64Array(CHUNK_SIZE * this.#stride));
    const cells = this.#chunks[group >>> CHUNK_BITS]!;
    const base = (group & CHUNK_MASK) * this.#stride;
    for (const accumulator of this.#layout.accumulators) accumulator.begin(cells, base, group);
    return group;
  }

  /** Adds a row to a group. */
  add(group: number, row: Row, rowtime: number): void {
    const cells = this.#chunks[group >>> CHUNK_BITS]!;
    const base = (group & CHUNK_MASK) * this.#stride;
    const { accumulators } = this.#layout;
    for (let i = 0; i < accumulators.length; i++) accumulators[i]!.add(cells, base, group, row, rowtime);
  }

  /** The group's row: keys, `start`, aggregates. @throws EvaluationError when an aggregate fits no number of its type */
  rowOf(group: number, start: number): Value[] {
    const cells = this.#chunks[group >>> CHUNK_BITS]!;
    const base = (group & CHUNK_MASK) * this.#stride;
    const row: Value[] = [];
    for (let c = 0; c < this.#keyCount; c++) row.push(this.index.key(group, c));
    row.push(start);
    for (const result of this.#layout.results) row.push(result(cells, base, group));
    return row;
  }

  bytes(): number {
    return this.index.bytes() + this.#chunks.length * CHUNK_SIZE * this.#stride * 8;
  }

  save(writer: SnapshotWriter): void {
    writer.uint32(this.size);
    for (let c = 0; c < this.#keyCount; c++) writer.values(this.index.keyColumn(c));
    this.#chunks.forEach((chunk, index) => {
      const used = Math.min(CHUNK_SIZE, this.size - index * CHUNK_SIZE) * this.#stride;
      writer.bytes(new Uint8Array(chunk.buffer, 0, used * 8));
    });
    for (const held of this.#layout.objects) held.save(writer);
  }

  load(reader: SnapshotReader): void {
    const size = reader.uint32();
    const keys = Array.from({ length: this.#keyCount }, () => reader.values());
    if (keys.some((column) => column.length !== size))
      throw new SnapshotError('Cannot restore snapshot: key columns differ in length');
    if (this.#keyCount === 0 && size > 0) this.index.insert([]);
    this.index.load(keys);
    for (let chunk = 0; chunk < Math.ceil(size / CHUNK_SIZE); chunk++) {
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
