import type { WindowJoinPlan } from '../plan.ts';
import type { EngineContext, StatefulOperator } from './engine-context.ts';
import { EvaluationError, tooManyRows } from './engine-error.ts';
import { compileExpression, type Evaluate } from './expression.ts';
import type { Row, RowSink, Value } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

interface Held {
  readonly row: Row;
  readonly rowtime: number;
  matched: boolean;
}

interface Side {
  readonly keys: readonly number[];
  readonly width: number;
  /** The newest so many rows of the stream; null where the window goes by time. */
  readonly rows: number | null;
  readonly precedingMillis: number;
  readonly outer: boolean;
  /** Rows in the window, oldest first. */
  held: Held[];
  /** Rows that wait until the other side has come as far. */
  waiting: Held[];
  watermark: number;
}

/**
 * Joins two streams of which at least one has a window by ROWS (SQL reference, "JOIN clause", Row-Based Window): a row
 * meets the rows that lie in the other side's window when it comes. As the order of both streams decides, their rows are
 * taken in ROWTIME order, the left one first among equals. A row that met none comes out of an outer join when it leaves
 * its window: with the ROWTIME of the row that pushed it out, or at the end of its RANGE.
 */
export class RowWindowJoin implements StatefulOperator {
  readonly #left: Side;
  readonly #right: Side;
  readonly #condition: Evaluate | null;
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #pump: string;

  constructor(plan: WindowJoinPlan, next: RowSink, context: EngineContext, pump: string) {
    const { join, equal } = plan;
    this.#left = {
      ...emptySide(),
      keys: equal.map(([left]) => left),
      width: plan.leftWidth,
      rows: plan.leftRows ?? null,
      precedingMillis: plan.leftPrecedingMillis,
      outer: join === 'left' || join === 'full',
    };
    this.#right = {
      ...emptySide(),
      keys: equal.map(([, right]) => right),
      width: plan.rightWidth,
      rows: plan.rightRows ?? null,
      precedingMillis: plan.rightPrecedingMillis,
      outer: join === 'right' || join === 'full',
    };
    this.#condition = plan.condition === null ? null : compileExpression(plan.condition, context);
    this.#next = next;
    this.#context = context;
    this.#pump = pump;
  }

  /** Where the rows of one side go in. */
  createInput(name: 'left' | 'right'): RowSink {
    const side = name === 'left' ? this.#left : this.#right;
    return {
      accept: (row, rowtime) => {
        const rows = this.openKeys();
        if (rows >= this.#context.maxGroups) {
          this.#context.reportError(tooManyRows('Join', rows), row, rowtime, this.#pump);
          return;
        }
        side.waiting.push({ row, rowtime, matched: false });
        this.#merge();
      },
      advance: (watermark) => {
        side.watermark = watermark;
        this.#merge();
        const reached = Math.min(this.#left.watermark, this.#right.watermark);
        this.#expire(reached);
        this.#next.advance(reached);
      },
    };
  }

  openKeys(): number {
    const [left, right] = [this.#left, this.#right];
    return left.held.length + left.waiting.length + right.held.length + right.waiting.length;
  }

  stateBytes(): number {
    return this.openKeys() * 160;
  }

  save(writer: SnapshotWriter): void {
    for (const side of [this.#left, this.#right]) {
      writer.float64(side.watermark);
      for (const list of [side.held, side.waiting]) {
        writer.uint32(list.length);
        for (const { row, rowtime, matched } of list) {
          writer.values(row);
          writer.float64(rowtime);
          writer.uint32(matched ? 1 : 0);
        }
      }
    }
  }

  load(reader: SnapshotReader): void {
    for (const side of [this.#left, this.#right]) {
      side.watermark = reader.float64();
      side.held = loadRows(reader);
      side.waiting = loadRows(reader);
    }
  }

  /** Takes the waiting rows of both sides in ROWTIME order, as far as no earlier row can follow. */
  #merge(): void {
    for (;;) {
      const left = this.#left.waiting[0];
      const right = this.#right.waiting[0];
      if (left !== undefined && left.rowtime <= (right?.rowtime ?? this.#right.watermark))
        this.#take(this.#left, this.#right);
      else if (right !== undefined && right.rowtime < (left?.rowtime ?? this.#left.watermark))
        this.#take(this.#right, this.#left);
      else return;
    }
  }

  #take(side: Side, other: Side): void {
    const held = side.waiting.shift()!;
    this.#expire(held.rowtime);
    for (const candidate of other.held) {
      if (side === this.#left) this.#meet(held, candidate, held.rowtime);
      else this.#meet(candidate, held, held.rowtime);
    }
    side.held.push(held);
    if (side.rows !== null && side.held.length > side.rows)
      this.#leave(side, side.held.shift()!, held.rowtime);
  }

  #meet(left: Held, right: Held, rowtime: number): void {
    const { keys } = this.#left;
    for (let i = 0; i < keys.length; i++) {
      const value = left.row[keys[i]!]!;
      if (value === null || value !== right.row[this.#right.keys[i]!]) return;
    }
    const row: Value[] = [...left.row, left.rowtime, ...right.row, right.rowtime];
    try {
      if (this.#condition !== null && this.#condition(row, rowtime) !== true) return;
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      this.#context.reportError(error, row, rowtime, this.#pump);
      return;
    }
    left.matched = true;
    right.matched = true;
    this.#next.accept(row, rowtime);
  }

  /** Rows whose RANGE has ended before `now` leave their window. */
  #expire(now: number): void {
    for (const side of [this.#left, this.#right]) {
      if (side.rows !== null) continue;
      let gone = 0;
      for (const held of side.held) {
        if (held.rowtime + side.precedingMillis >= now) break;
        gone++;
        this.#leave(side, held, held.rowtime + side.precedingMillis);
      }
      if (gone > 0) side.held = side.held.slice(gone);
    }
  }

  #leave(side: Side, { row, rowtime, matched }: Held, endMillis: number): void {
    if (!side.outer || matched) return;
    const other = side === this.#left ? this.#right : this.#left;
    const missing = Array.from({ length: other.width + 1 }, () => null);
    const own = [...row, rowtime];
    this.#next.accept(side === this.#left ? [...own, ...missing] : [...missing, ...own], endMillis);
  }
}

function emptySide(): Pick<Side, 'held' | 'waiting' | 'watermark'> {
  return { held: [], waiting: [], watermark: Number.NEGATIVE_INFINITY };
}

function loadRows(reader: SnapshotReader): Held[] {
  return Array.from({ length: reader.uint32() }, () => ({
    row: reader.values(),
    rowtime: reader.float64(),
    matched: reader.uint32() === 1,
  }));
}
