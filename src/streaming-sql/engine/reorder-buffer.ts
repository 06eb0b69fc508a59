import type { EngineContext, StatefulOperator } from './engine-context.ts';
import type { Row, RowSink } from './row.ts';
import { RowHeap } from './row-heap.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/**
 * Streams are merged by ROWTIME (SQL reference, "ROWTIME"): holds rows until time has passed them and gives them on in
 * order. Equal times go by shard, then in the order they came, so that a re-read gives the same order.
 */
export class ReorderBuffer implements RowSink, StatefulOperator {
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #pump: string;
  /** Position of SHARD_ID in the row, or -1. */
  readonly #tieColumn: number;
  readonly #heap = new RowHeap();
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(next: RowSink, context: EngineContext, pump: string, tieColumn = -1) {
    this.#next = next;
    this.#context = context;
    this.#pump = pump;
    this.#tieColumn = tieColumn;
  }

  accept(row: Row, rowtime: number): void {
    if (this.#context.preview !== null) this.#next.accept(row, rowtime);
    else if (rowtime < this.#watermark) this.#context.reportLate(row, rowtime, this.#watermark, this.#pump);
    else this.#heap.push(row, rowtime, this.#tieColumn < 0 ? '' : String(row[this.#tieColumn] ?? ''));
  }

  advance(watermark: number): void {
    if (watermark > this.#watermark) this.#watermark = watermark;
    for (let first = this.#heap.first; first !== undefined; first = this.#heap.first) {
      if (first.rowtime >= this.#watermark) break;
      this.#heap.pop();
      this.#next.advance(first.rowtime);
      this.#next.accept(first.row, first.rowtime);
    }
    this.#next.advance(this.#watermark);
  }

  openKeys(): number {
    return this.#heap.size;
  }

  stateBytes(): number {
    return this.#heap.size * 128;
  }

  save(writer: SnapshotWriter): void {
    writer.float64(this.#watermark);
    this.#heap.save(writer);
  }

  load(reader: SnapshotReader): void {
    this.#watermark = reader.float64();
    this.#heap.load(reader);
  }
}
