import type { Row } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

export interface HeldRow {
  readonly row: Row;
  readonly rowtime: number;
  readonly tie: string;
  readonly order: number;
  /** False while the row may still be corrected. */
  readonly final: boolean;
}

/** Rows by ROWTIME, a binary heap. Equal times go by `tie`, then in the order they came. */
export class RowHeap {
  readonly #heap: HeldRow[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest row; undefined when there is none. */
  get first(): HeldRow | undefined {
    return this.#heap[0];
  }

  push(row: Row, rowtime: number, tie = '', final = true): void {
    this.#insert({ row, rowtime, tie, order: this.#order++, final });
  }

  /** Takes the earliest row away. */
  pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = at;
      if (left < heap.length && before(heap[left]!, heap[least]!)) least = left;
      if (right < heap.length && before(heap[right]!, heap[least]!)) least = right;
      if (least === at) return;
      swap(heap, at, least);
      at = least;
    }
  }

  save(writer: SnapshotWriter): void {
    writer.float64(this.#order);
    writer.uint32(this.#heap.length);
    for (const { row, rowtime, tie, order, final } of this.#heap) {
      writer.values(row);
      writer.float64(rowtime);
      writer.text(tie);
      writer.float64(order);
      writer.uint32(final ? 1 : 0);
    }
  }

  load(reader: SnapshotReader): void {
    this.#order = reader.float64();
    for (let count = reader.uint32(); count > 0; count--) {
      this.#insert({
        row: reader.values(),
        rowtime: reader.float64(),
        tie: reader.text(),
        order: reader.float64(),
        final: reader.uint32() === 1,
      });
    }
  }

  #insert(held: HeldRow): void {
    const heap = this.#heap;
    let at = heap.push(held) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(heap[at]!, heap[parent]!)) return;
      swap(heap, at, parent);
      at = parent;
    }
  }
}

function before(a: HeldRow, b: HeldRow): boolean {
  if (a.rowtime !== b.rowtime) return a.rowtime < b.rowtime;
  return a.tie === b.tie ? a.order < b.order : a.tie < b.tie;
}

function swap(heap: HeldRow[], a: number, b: number): void {
  const held = heap[a]!;
  heap[a] = heap[b]!;
  heap[b] = held;
}
