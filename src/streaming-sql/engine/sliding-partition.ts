import type { AggregateCall, SlidingWindow } from '../plan.ts';
import type { Row, Value } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';
import type { Partial, WindowFunction } from './window-functions.ts';

interface Entry {
  readonly rowtime: number;
  readonly values: readonly Value[];
}

/**
 * The rows of one partition that lie in a window, with partial results kept as two stacks (Tangwongsan, Hirzel and
 * Schneider 2017 survey the scheme): rows leave at the front, enter at the back, at O(1) per row on average.
 */
export class SlidingPartition {
  readonly #window: SlidingWindow;
  readonly #functions: readonly WindowFunction[];
  #entries: Entry[] = [];
  #head = 0;
  /** Suffix results of the entries before the back, per call; the last one covers the oldest entry. */
  #front: Partial[][];
  #back: (Partial | null)[];

  constructor(window: SlidingWindow, functions: readonly WindowFunction[]) {
    this.#window = window;
    this.#functions = functions;
    this.#front = functions.map(() => []);
    this.#back = functions.map(() => null);
  }

  get newestRowtime(): number {
    return this.#entries.at(-1)?.rowtime ?? Number.NEGATIVE_INFINITY;
  }

  get size(): number {
    return this.#entries.length - this.#head;
  }

  /** Slides to the row and answers the results of every call. */
  slide(row: Row, rowtime: number): Value[] {
    const { calls, frame } = this.#window;
    const values = calls.map((call) => (call.column === undefined ? null : row[call.column]!));
    if (frame.kind === 'range') this.#evict((entry) => entry.rowtime < rowtime - frame.precedingMillis);
    if (frame.kind === 'rows') this.#evict(() => this.size > frame.precedingRows);
    if (frame.kind !== 'unbounded') this.#entries.push({ rowtime, values });
    this.#functions.forEach((fn, index) => {
      const lifted = fn.lift(values[index]!, rowtime);
      const back = this.#back[index]!;
      this.#back[index] = back === null ? lifted : fn.combine(back, lifted);
    });
    return calls.map((call, index) => this.#result(call, index, row));
  }

  #result(call: AggregateCall, index: number, row: Row): Value {
    if (call.function === 'LAG') {
      const at = this.#entries.length - 1 - (call.parameter ?? 1);
      if (at >= this.#head) return this.#entries[at]!.values[index]!;
      return call.defaultColumn === undefined ? null : row[call.defaultColumn]!;
    }
    if (call.function === 'NTH_VALUE') {
      const entry = this.#entries[this.#head + (call.parameter ?? 1) - 1];
      return entry === undefined ? null : entry.values[index]!;
    }
    const front = this.#front[index]!.at(-1);
    const back = this.#back[index]!;
    const fn = this.#functions[index]!;
    if (front === undefined) return back === null ? null : fn.result(back);
    return fn.result(back === null ? front : fn.combine(front, back));
  }

  #evict(leaves: (entry: Entry) => boolean): void {
    while (this.size > 0 && leaves(this.#entries[this.#head]!)) {
      if (this.#frontSize() === 0) this.#flip(this.#entries.length);
      for (const stack of this.#front) stack.pop();
      this.#head++;
    }
    if (this.#head > 32 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  #frontSize(): number {
    return this.#front[0]?.length ?? 0;
  }

  /** Turns the entries up to `end` into suffix results. */
  #flip(end: number): void {
    this.#functions.forEach((fn, index) => {
      const stack: Partial[] = [];
      for (let at = end - 1; at >= this.#head; at--) {
        const { values, rowtime } = this.#entries[at]!;
        const lifted = fn.lift(values[index]!, rowtime);
        const later = stack.at(-1);
        stack.push(later === undefined ? lifted : fn.combine(lifted, later));
      }
      this.#front[index] = stack;
      this.#back[index] = null;
    });
  }

  save(writer: SnapshotWriter): void {
    writer.uint32(this.size);
    for (const { rowtime, values } of this.#entries.slice(this.#head)) {
      writer.float64(rowtime);
      writer.values(values);
    }
    writer.uint32(this.#frontSize());
    for (const partial of this.#back) {
      writer.uint32(partial === null ? 0 : 1);
      if (partial !== null) writer.values(partial);
    }
  }

  load(reader: SnapshotReader): void {
    for (let count = reader.uint32(); count > 0; count--) {
      this.#entries.push({ rowtime: reader.float64(), values: reader.values() });
    }
    const frontSize = reader.uint32();
    if (frontSize > 0) this.#flip(frontSize);
    this.#back = this.#functions.map(() => (reader.uint32() === 1 ? reader.values() : null));
  }
}
