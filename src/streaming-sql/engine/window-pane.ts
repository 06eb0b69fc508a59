import { AggregateCells } from './aggregate-cells.ts';
import type { Aggregates } from './aggregate-result.ts';
import { GroupSlots } from './group-slots.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** One window of time with its groups, numbered in the order of their first rows. */
export class WindowPane {
  readonly startMillis: number;
  readonly endMillis: number;
  readonly slots = new GroupSlots();
  readonly cells: AggregateCells;
  /** Has time passed its end? */
  isClosed = false;
  /** Groups already emitted: the first so many. */
  emitted = 0;
  /** Revision of the groups that were corrected after they were emitted. */
  readonly revisions = new Map<number, number>();

  constructor(startMillis: number, endMillis: number, aggregates: Aggregates) {
    this.startMillis = startMillis;
    this.endMillis = endMillis;
    this.cells = new AggregateCells(aggregates);
  }

  /** Opens a group for a key of the dictionary that has none here. */
  open(key: number): number {
    const group = this.slots.add(key);
    this.cells.begin(group);
    return group;
  }

  bytes(): number {
    return this.slots.bytes() + this.cells.bytes() + this.revisions.size * 40;
  }

  save(writer: SnapshotWriter): void {
    writer.uint32(this.emitted);
    writer.uint32(this.revisions.size);
    for (const [group, revision] of this.revisions) {
      writer.uint32(group);
      writer.uint32(revision);
    }
    writer.uint32(this.slots.size);
    for (const key of this.slots.keys()) writer.uint32(key);
    this.cells.save(writer, this.slots.size);
  }

  load(reader: SnapshotReader): void {
    this.emitted = reader.uint32();
    for (let corrected = reader.uint32(); corrected > 0; corrected--)
      this.revisions.set(reader.uint32(), reader.uint32());
    const size = reader.uint32();
    for (let group = 0; group < size; group++) this.slots.add(reader.uint32());
    this.cells.load(reader, size);
  }
}
