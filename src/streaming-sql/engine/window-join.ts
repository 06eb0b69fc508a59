import type { WindowJoinPlan } from '../plan.ts';
import type { EngineContext, StatefulOperator } from './engine-context.ts';
import { EvaluationError, tooManyRows } from './engine-error.ts';
import { compileExpression, type Evaluate } from './expression.ts';
import { keyText } from './key-text.ts';
import type { RowSink, Value } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';
import { type HeldRow, WindowRows } from './window-rows.ts';

interface Side {
  readonly keys: readonly number[];
  readonly width: number;
  /** How long a row of this side can still meet rows of the other. */
  readonly precedingMillis: number;
  readonly outer: boolean;
  readonly rows: WindowRows;
  watermark: number;
}

/**
 * Joins two windowed streams: rows meet where their keys are equal and left.t lies between right.t - a and right.t + b,
 * a and b being the RANGE of the left and the right window (0 without one). The result has the later ROWTIME; a row
 * that met none comes out of an outer join at the end of its window. The buffer behind this puts rows in order.
 */
export class WindowJoin implements StatefulOperator {
  readonly #left: Side;
  readonly #right: Side;
  readonly #condition: Evaluate | null;
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #pump: string;

  constructor(plan: WindowJoinPlan, next: RowSink, context: EngineContext, pump: string) {
    const { join } = plan;
    this.#left = createSide(
      plan.equal.map(([left]) => left),
      plan.leftWidth,
      plan.leftPrecedingMillis,
      join === 'left' || join === 'full',
    );
    this.#right = createSide(
      plan.equal.map(([, right]) => right),
      plan.rightWidth,
      plan.rightPrecedingMillis,
      join === 'right' || join === 'full',
    );
    this.#condition = plan.condition === null ? null : compileExpression(plan.condition, context);
    this.#next = next;
    this.#context = context;
    this.#pump = pump;
  }

  /** Where the rows of one side go in. */
  createInput(name: 'left' | 'right'): RowSink {
    const side = name === 'left' ? this.#left : this.#right;
    return {
      accept: (row, rowtime) => this.#accept(side, { row, rowtime, matched: false }),
      advance: (watermark) => this.#advance(side, watermark),
    };
  }

  openKeys(): number {
    return this.#left.rows.size + this.#right.rows.size;
  }

  stateBytes(): number {
    return this.openKeys() * 160;
  }

  save(writer: SnapshotWriter): void {
    for (const { watermark, rows } of [this.#left, this.#right]) {
      writer.float64(watermark);
      rows.save(writer);
    }
  }

  load(reader: SnapshotReader): void {
    for (const side of [this.#left, this.#right]) {
      side.watermark = reader.float64();
      side.rows.load(reader);
    }
  }

  #accept(side: Side, held: HeldRow): void {
    const count = this.openKeys();
    if (count >= this.#context.maxGroups) {
      this.#context.reportError(tooManyRows('Join', count), held.row, held.rowtime, this.#pump);
      return;
    }
    const key = keyText(held.row, side.keys);
    if (!side.keys.some((column) => held.row[column] === null)) {
      const isLeft = side === this.#left;
      for (const other of (isLeft ? this.#right : this.#left).rows.matching(key))
        this.#meet(isLeft ? held : other, isLeft ? other : held);
    }
    side.rows.add(held, key);
  }

  #meet(left: HeldRow, right: HeldRow): void {
    const distance = left.rowtime - right.rowtime;
    if (distance < -this.#left.precedingMillis || distance > this.#right.precedingMillis) return;
    const rowtime = Math.max(left.rowtime, right.rowtime);
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

  #advance(side: Side, watermark: number): void {
    side.watermark = watermark;
    const reached = Math.min(this.#left.watermark, this.#right.watermark);
    this.#expire(this.#left, reached);
    this.#expire(this.#right, reached);
    this.#next.advance(reached);
  }

  /** Rows no later row can meet leave; unmatched ones of an outer side come out with NULLs. */
  #expire(side: Side, watermark: number): void {
    side.rows.release(watermark - side.precedingMillis, (held) => {
      if (side.outer && !held.matched) this.#emitAlone(side, held);
    });
  }

  #emitAlone(side: Side, { row, rowtime }: HeldRow): void {
    const missing = Array.from(
      { length: (side === this.#left ? this.#right : this.#left).width + 1 },
      () => null,
    );
    const own = [...row, rowtime];
    this.#next.accept(
      side === this.#left ? [...own, ...missing] : [...missing, ...own],
      rowtime + side.precedingMillis,
    );
  }
}

function createSide(keys: readonly number[], width: number, precedingMillis: number, outer: boolean): Side {
  return {
    keys,
    width,
    precedingMillis,
    outer,
    rows: new WindowRows(keys),
    watermark: Number.NEGATIVE_INFINITY,
  };
}
