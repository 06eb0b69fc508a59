import { CHUNK_BITS, CHUNK_MASK } from './aggregate-layout.ts';
import type { Aggregates } from './aggregate-result.ts';
import { SnapshotError } from './engine-error.ts';
import { HeldValues } from './held-values.ts';
import type { Row, Value } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

const CHUNK_GROUPS = CHUNK_MASK + 1;
const FIRST_GROUPS = 16;

/** Aggregate state of numbered groups, in chunks of doubles; what is rarely needed is made when it is. */
export class AggregateCells {
  readonly #aggregates: Aggregates;
  readonly chunks: Float64Array[] = [];
  readonly held: readonly HeldValues[];
  /** NULLs of each argument by group; nothing for an argument that has had none. */
  readonly #nulls: Int32Array[] = [];

  constructor(aggregates: Aggregates) {
    this.#aggregates = aggregates;
    this.held = aggregates.held.map(({ call, timeAt }) => new HeldValues(call, timeAt));
  }

  /** Sets a group to "no row yet". */
  begin(group: number): void {
    this.#reserve(group);
    this.#aggregates.begin(
      this.chunks[group >>> CHUNK_BITS]!,
      (group & CHUNK_MASK) * this.#aggregates.stride,
    );
    for (const held of this.held) held.begin(group);
    for (const nulls of this.#nulls) if (nulls !== undefined && group < nulls.length) nulls[group] = 0;
  }

  addRow(group: number, row: Row, rowtime: number): void {
    this.#aggregates.addRow(this, group, rowtime, row);
  }

  /** Appends a group's results to a row. @throws EvaluationError when one fits no number of its type */
  appendResults(group: number, row: Value[]): void {
    const cells = this.chunks[group >>> CHUNK_BITS]!;
    const base = (group & CHUNK_MASK) * this.#aggregates.stride;
    for (const result of this.#aggregates.results) row.push(result(this, cells, base, group));
  }

  countNull(argument: number, group: number): void {
    let nulls = this.#nulls[argument];
    if (nulls === undefined || group >= nulls.length) {
      const grown = new Int32Array(Math.ceil((group + FIRST_GROUPS) * 1.25));
      if (nulls !== undefined) grown.set(nulls);
      this.#nulls[argument] = grown;
      nulls = grown;
    }
    nulls[group]!++;
  }

  /** How many NULLs an argument has had. */
  nulls(argument: number, group: number): number {
    return this.#nulls[argument]?.[group] ?? 0;
  }

  bytes(): number {
    const arrays = [...this.chunks, ...this.#nulls.filter((nulls) => nulls !== undefined)];
    const held = this.held.reduce((sum, values) => sum + values.bytes(), 0);
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, held);
  }

  /** Writes the first `size` groups. */
  save(writer: SnapshotWriter, size: number): void {
    for (let first = 0; first < size; first += CHUNK_GROUPS) {
      const used = Math.min(CHUNK_GROUPS, size - first) * this.#aggregates.stride;
      writer.bytes(new Uint8Array(this.chunks[first >>> CHUNK_BITS]!.buffer, 0, used * 8));
    }
    for (const argument of this.#aggregates.columns.keys()) {
      const nulls = this.#nulls[argument] ?? new Int32Array(0);
      writer.bytes(new Uint8Array(nulls.buffer, 0, Math.min(nulls.length, size) * 4));
    }
    for (const held of this.held) held.save(writer);
  }

  load(reader: SnapshotReader, size: number): void {
    for (let first = 0; first < size; first += CHUNK_GROUPS) {
      this.#reserve(Math.min(first + CHUNK_GROUPS, size) - 1);
      const cells = this.chunks[first >>> CHUNK_BITS]!;
      copyInto(cells, reader.bytes());
    }
    for (const argument of this.#aggregates.columns.keys()) {
      const bytes = reader.bytes();
      if (bytes.length === 0) continue;
      const nulls = new Int32Array(size);
      copyInto(nulls, bytes);
      this.#nulls[argument] = nulls;
    }
    for (const held of this.held) held.load(reader);
  }

  /** The first chunk grows, so that a window of few groups stays small. */
  #reserve(group: number): void {
    const { stride } = this.#aggregates;
    while (group >>> CHUNK_BITS >= this.chunks.length)
      this.chunks.push(new Float64Array((this.chunks.length === 0 ? FIRST_GROUPS : CHUNK_GROUPS) * stride));
    const first = this.chunks[0]!;
    const needed = Math.min(group + 1, CHUNK_GROUPS);
    if (first.length >= needed * stride) return;
    let groups = first.length / stride;
    while (groups < needed) groups *= 2;
    const grown = new Float64Array(groups * stride);
    grown.set(first);
    this.chunks[0] = grown;
  }
}

function copyInto(numbers: Float64Array | Int32Array, bytes: Uint8Array): void {
  if (bytes.length > numbers.byteLength)
    throw new SnapshotError('Cannot restore snapshot: it holds more numbers than its groups need');
  new Uint8Array(numbers.buffer).set(bytes);
}
