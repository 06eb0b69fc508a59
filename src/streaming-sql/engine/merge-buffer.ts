import type { EngineContext, StatefulOperator } from './engine-context.ts';
import type { Row, RowSink } from './row.ts';
import { RowHeap } from './row-heap.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/**
 * Merges the rows that several pumps write into one stream by ROWTIME (SQL reference, "ROWTIME"): a row waits until all
 * of them have come as far, rows of equal time stay in the order they came. Corrections, and first rows of windows that
 * closed earlier, come too late to be put in order and pass at once.
 */
export class MergeBuffer implements RowSink, StatefulOperator {
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #heap = new RowHeap();
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(next: RowSink, context: EngineContext) {
    this.#next = next;
    this.#context = context;
  }

  accept(row: Row, rowtime: number): void {
    const { preview, revision, final } = this.#context;
    if (preview !== null || revision > 1 || rowtime < this.#watermark) this.#next.accept(row, rowtime);
    else this.#heap.push(row, rowtime, '', final);
  }

  advance(watermark: number): void {
    if (watermark > this.#watermark) this.#watermark = watermark;
    for (let first = this.#heap.first; first !== undefined; first = this.#heap.first) {
      if (first.rowtime >= this.#watermark) break;
      if (this.#context.budget <= 0) {
        this.#context.pending = true;
        this.#next.advance(first.rowtime);
        return;
      }
      this.#context.budget--;
      this.#heap.pop();
      this.#context.final = first.final;
      this.#next.accept(first.row, first.rowtime);
      this.#context.final = true;
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
