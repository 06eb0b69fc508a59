import type { ValuesPlan } from '../plan.ts';
import type { EngineContext, StatefulOperator } from './engine-context.ts';
import { EngineError, EvaluationError } from './engine-error.ts';
import { compileExpression } from './expression.ts';
import type { Row, RowSink } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** VALUES: gives its rows once, as soon as time is known; after that it only passes the time on. */
export class ConstantRows implements RowSink, StatefulOperator {
  readonly #plan: ValuesPlan;
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #pump: string;
  #given = false;

  constructor(plan: ValuesPlan, next: RowSink, context: EngineContext, pump: string) {
    this.#plan = plan;
    this.#next = next;
    this.#context = context;
    this.#pump = pump;
  }

  /** Rows of the source only tell the time. */
  accept(_row: Row, rowtime: number): void {
    this.#give(rowtime);
  }

  advance(watermark: number): void {
    this.#give(watermark);
    this.#next.advance(watermark);
  }

  openKeys(): number {
    return 0;
  }

  stateBytes(): number {
    return 0;
  }

  save(writer: SnapshotWriter): void {
    writer.uint32(this.#given ? 1 : 0);
  }

  load(reader: SnapshotReader): void {
    this.#given = reader.uint32() === 1;
  }

  #give(rowtime: number): void {
    if (this.#given || !Number.isFinite(rowtime) || this.#context.preview !== null) return;
    this.#given = true;
    for (const items of this.#plan.rows) {
      try {
        const row = items.map((item) => compileExpression(item, this.#context)([], rowtime));
        this.#next.accept(row, rowtime);
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error;
        this.#context.reportError(error, [], rowtime, this.#pump);
      }
    }
  }
}

/** The rows of VALUES that a stream is joined with. @throws EngineError when one cannot be computed */
export function evaluateRows(plan: ValuesPlan, context: EngineContext): Row[] {
  try {
    return plan.rows.map((items) => items.map((item) => compileExpression(item, context)([], 0)));
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    throw new EngineError(`Cannot compute the rows of VALUES: ${error.message}`, { cause: error });
  }
}
