import type { EngineContext, StatefulOperator } from './engine-context.ts';
import type { Row, RowSink } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

interface Held {
  readonly row: Row;
  readonly rowtime: number;
  readonly tie: string;
  readonly order: number;
}

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
  /** A binary heap, earliest first. */
  readonly #heap: Held[] = [];
  #order = 0;
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
    else
      this.#push({
        row,
        rowtime,
        tie: this.#tieColumn < 0 ? '' : String(row[this.#tieColumn] ?? ''),
        order: this.#order++,
      });
  }

  advance(watermark: number): void {
    if (watermark > this.#watermark) this.#watermark = watermark;
    while (this.#heap.length > 0 && this.#heap[0]!.rowtime < this.#watermark) {
      const { row, rowtime } = this.#pop();
      this.#next.advance(rowtime);
      this.#next.accept(row, rowtime);
    }
    this.#next.advance(this.#watermark);
  }

  openKeys(): number {
    return this.#heap.length;
  }

  stateBytes(): number {
    return this.#heap.length * 128;
  }

  save(writer: SnapshotWriter): void {
    writer.float64(this.#watermark);
    writer.float64(this.#order);
    writer.uint32(this.#heap.length);
    for (const { row, rowtime, tie, order } of this.#heap) {
      writer.values(row);
      writer.float64(rowtime);
      writer.text(tie);
      writer.float64(order);
    }
  }

  load(reader: SnapshotReader): void {
    this.#watermark = reader.float64();
    this.#order = reader.float64();
    for (let count = reader.uint32(); count > 0; count--) {
      this.#push({
        row: reader.values(),
        rowtime: reader.float64(),
        tie: reader.text(),
        order: reader.float64(),
      });
    }
  }

  #push(held: Held): void {
    const heap = this.#heap;
    let at = heap.push(held) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(heap[at]!, heap[parent]!)) return;
      swap(heap, at, parent);
      at = parent;
    }
  }

  #pop(): Held {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = at;
      if (left < heap.length && before(heap[left]!, heap[least]!)) least = left;
      if (right < heap.length && before(heap[right]!, heap[least]!)) least = right;
      if (least === at) return first;
      swap(heap, at, least);
      at = least;
    }
  }
}

function before(a: Held, b: Held): boolean {
  if (a.rowtime !== b.rowtime) return a.rowtime < b.rowtime;
  return a.tie === b.tie ? a.order < b.order : a.tie < b.tie;
}

function swap(heap: Held[], a: number, b: number): void {
  const held = heap[a]!;
  heap[a] = heap[b]!;
  heap[b] = held;
}
