import type { SortPlan } from '../plan.ts';
import type { EngineContext, StatefulOperator } from './engine-context.ts';
import { tooManyRows } from './engine-error.ts';
import { compileExpression, type Evaluate } from './expression.ts';
import type { Row, RowSink, Value } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';
import { windowEnd, windowStart } from './tumbling-window.ts';

interface Held {
  readonly row: Row;
  readonly rowtime: number;
}

/** ORDER BY time, …: holds the rows of one time bucket until time has passed it, then gives them on in order. */
export class Sort implements RowSink, StatefulOperator {
  readonly #plan: SortPlan;
  readonly #keys: readonly { readonly evaluate: Evaluate; readonly sign: number }[];
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #buckets = new Map<number, Held[]>();
  readonly #pump: string;
  #held = 0;
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(plan: SortPlan, next: RowSink, context: EngineContext, pump: string) {
    this.#plan = plan;
    this.#keys = plan.keys.map(({ item, descending }) => ({
      evaluate: compileExpression(item, context),
      sign: descending ? -1 : 1,
    }));
    this.#next = next;
    this.#context = context;
    this.#pump = pump;
  }

  accept(row: Row, rowtime: number): void {
    const start = windowStart(this.#plan.bucket, rowtime);
    if (this.#context.preview !== null || windowEnd(this.#plan.bucket, start) <= this.#watermark) {
      this.#next.accept(row, rowtime);
      return;
    }
    if (this.#held >= this.#context.maxGroups) {
      this.#context.reportError(tooManyRows('ORDER BY', this.#held), row, rowtime, this.#pump);
      return;
    }
    this.#held++;
    const bucket = this.#buckets.get(start);
    if (bucket === undefined) this.#buckets.set(start, [{ row, rowtime }]);
    else bucket.push({ row, rowtime });
  }

  advance(watermark: number): void {
    this.#watermark = Math.max(this.#watermark, watermark);
    const closed = [...this.#buckets.keys()].filter(
      (start) => windowEnd(this.#plan.bucket, start) <= this.#watermark,
    );
    for (const start of closed.sort((a, b) => a - b)) {
      const rows = this.#buckets.get(start)!;
      this.#buckets.delete(start);
      this.#held -= rows.length;
      for (const { row, rowtime } of this.#sorted(rows).slice(0, this.#plan.limit))
        this.#next.accept(row, rowtime);
    }
    const oldest = Math.min(this.#watermark, ...this.#buckets.keys());
    this.#next.advance(oldest);
  }

  openKeys(): number {
    return this.#held;
  }

  stateBytes(): number {
    return this.openKeys() * 128;
  }

  save(writer: SnapshotWriter): void {
    writer.float64(this.#watermark);
    writer.uint32(this.openKeys());
    for (const rows of this.#buckets.values()) {
      for (const { row, rowtime } of rows) {
        writer.values(row);
        writer.float64(rowtime);
      }
    }
  }

  load(reader: SnapshotReader): void {
    const watermark = reader.float64();
    for (let count = reader.uint32(); count > 0; count--) this.accept(reader.values(), reader.float64());
    this.#watermark = watermark;
  }

  #sorted(rows: readonly Held[]): readonly Held[] {
    const keyed = rows.map((held) => ({
      held,
      keys: this.#keys.map(({ evaluate }) => evaluate(held.row, held.rowtime)),
    }));
    keyed.sort((a, b) => {
      for (const [index, { sign }] of this.#keys.entries()) {
        const order = compareValues(a.keys[index]!, b.keys[index]!);
        if (order !== 0) return sign * order;
      }
      return a.held.rowtime - b.held.rowtime;
    });
    return keyed.map(({ held }) => held);
  }
}

/** NULL sorts above every value. */
export function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
}
