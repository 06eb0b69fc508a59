import { keyText } from './key-text.ts';
import type { Row } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** A row in the window of one side of a join. */
export interface HeldRow {
  readonly row: Row;
  readonly rowtime: number;
  /** Has it met a row of the other side? */
  matched: boolean;
}

/** Spent places at the head of the queue that are worth moving the rest for. */
const MAX_SPENT = 1024;

/** The rows of one side of a join, by key for those who look for them and by time for those who let them go. */
export class WindowRows {
  readonly #keys: readonly number[];
  readonly #byKey = new Map<string, HeldRow[]>();
  /** In ROWTIME order from `#head` on. */
  #queue: HeldRow[] = [];
  #head = 0;

  constructor(keys: readonly number[]) {
    this.#keys = keys;
  }

  get size(): number {
    return this.#queue.length - this.#head;
  }

  /** The rows of a key, oldest first. */
  matching(key: string): readonly HeldRow[] {
    return this.#byKey.get(key) ?? [];
  }

  add(held: HeldRow, key: string): void {
    const rows = this.#byKey.get(key);
    if (rows === undefined) this.#byKey.set(key, [held]);
    else rows.push(held);
    let at = this.#queue.length;
    while (at > this.#head && this.#queue[at - 1]!.rowtime > held.rowtime) at--;
    if (at === this.#queue.length) this.#queue.push(held);
    else this.#queue.splice(at, 0, held);
  }

  /** Lets all rows before a time go, oldest first. */
  release(beforeMillis: number, leave: (held: HeldRow) => void): void {
    for (let held = this.#queue[this.#head]; held !== undefined; held = this.#queue[this.#head]) {
      if (held.rowtime >= beforeMillis) break;
      this.#head++;
      this.#forget(held);
      leave(held);
    }
    if (this.#head < MAX_SPENT || this.#head * 2 < this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }

  save(writer: SnapshotWriter): void {
    writer.uint32(this.size);
    for (const { row, rowtime, matched } of this.#queue.slice(this.#head)) {
      writer.values(row);
      writer.float64(rowtime);
      writer.uint32(matched ? 1 : 0);
    }
  }

  load(reader: SnapshotReader): void {
    for (let count = reader.uint32(); count > 0; count--) {
      const row = reader.values();
      const held = { row, rowtime: reader.float64(), matched: reader.uint32() === 1 };
      this.add(held, keyText(row, this.#keys));
    }
  }

  #forget(held: HeldRow): void {
    const key = keyText(held.row, this.#keys);
    const rows = this.#byKey.get(key);
    if (rows === undefined) return;
    if (rows.length === 1) this.#byKey.delete(key);
    else if (rows[0] === held) rows.shift();
    else rows.splice(rows.indexOf(held), 1);
  }
}
