import type { AggregateCall } from '../plan.ts';
import { AggregateCells } from './aggregate-cells.ts';
import { SnapshotError } from './engine-error.ts';
import { GroupIndex } from './group-index.ts';
import type { Row, Value } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** The open groups of one window: keys by number, and their aggregate state. */
export class GroupTable {
  readonly index: GroupIndex;
  readonly #keyCount: number;
  readonly #cells: AggregateCells;

  constructor(keys: readonly number[], calls: readonly AggregateCall[], hashBy = 0) {
    this.index = new GroupIndex(keys, hashBy);
    this.#keyCount = keys.length;
    this.#cells = new AggregateCells(calls);
  }

  get size(): number {
    return this.index.size;
  }

  /** Opens a group for the row's key. */
  open(row: Row): number {
    const group = this.index.insert(row);
    this.#cells.begin(group);
    return group;
  }

  /** Adds a row to a group. */
  add(group: number, row: Row, rowtime: number): void {
    this.#cells.add(group, row, rowtime);
  }

  /** The group's row: keys, `start`, aggregates. @throws EvaluationError when an aggregate fits no number of its type */
  rowOf(group: number, start: number): Value[] {
    const row: Value[] = [];
    for (let c = 0; c < this.#keyCount; c++) row.push(this.index.key(group, c));
    row.push(start);
    this.#cells.appendResults(group, row);
    return row;
  }

  bytes(): number {
    return this.index.bytes() + this.#cells.bytes();
  }

  save(writer: SnapshotWriter): void {
    writer.uint32(this.size);
    for (let c = 0; c < this.#keyCount; c++) writer.values(this.index.keyColumn(c));
    this.#cells.save(writer, this.size);
  }

  load(reader: SnapshotReader): void {
    const size = reader.uint32();
    const keys = Array.from({ length: this.#keyCount }, () => reader.values());
    if (keys.some((column) => column.length !== size)) {
      throw new SnapshotError('Cannot restore snapshot: key columns differ in length');
    }
    if (this.#keyCount === 0 && size > 0) this.index.insert([]);
    this.index.load(keys);
    this.#cells.load(reader, size);
  }
}
