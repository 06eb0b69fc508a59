import type { Expression, FilterPlan, ProjectPlan } from '../plan.ts';
import type { TakeColumns } from './column-sink.ts';
import type { EngineContext, StatefulOperator } from './engine-context.ts';
import { EvaluationError } from './engine-error.ts';
import { compileExpression, type Evaluate } from './expression.ts';
import { generate } from './generate.ts';
import type { Row, RowSink, Value } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';
import { takeFiltered, takeProjected } from './take-through.ts';

/** SELECT list: computes a new row; a row that cannot be computed goes to the error stream. */
export class Project implements RowSink, StatefulOperator {
  readonly columns: readonly number[];
  readonly take: TakeColumns | undefined;
  readonly #compute: (row: Row, rowtime: number) => Value[];
  readonly #rowtime: Evaluate | null;
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #pump: string;
  #lastRowtime = Number.NEGATIVE_INFINITY;

  constructor(plan: ProjectPlan, next: RowSink, context: EngineContext, pump: string) {
    const through = plan.rowtime === undefined ? takeProjected(plan.items, next, context) : undefined;
    this.columns = through?.columns ?? [];
    this.take = through?.take;
    this.#compute = compileItems(plan.items, context);
    this.#rowtime = plan.rowtime === undefined ? null : compileExpression(plan.rowtime, context);
    this.#next = next;
    this.#context = context;
    this.#pump = pump;
  }

  accept(row: Row, rowtime: number): void {
    let result: Value[];
    let time = rowtime;
    try {
      result = this.#compute(row, rowtime);
      if (this.#rowtime !== null) time = this.#overriddenTime(this.#rowtime(row, rowtime));
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      if (this.#context.preview === null) this.#context.reportError(error, row, rowtime, this.#pump);
      return;
    }
    this.#next.accept(result, time);
  }

  /** With `expr AS ROWTIME` time comes from the rows alone: passing time of the input says nothing about it. */
  advance(watermark: number): void {
    this.#next.advance(this.#rowtime === null ? watermark : Math.min(watermark, this.#lastRowtime));
  }

  due(): number {
    const later = this.#next.due?.() ?? Number.NEGATIVE_INFINITY;
    return this.#rowtime === null ? later : Number.NEGATIVE_INFINITY;
  }

  openKeys(): number {
    return 0;
  }

  stateBytes(): number {
    return 8;
  }

  save(writer: SnapshotWriter): void {
    writer.float64(this.#lastRowtime);
  }

  load(reader: SnapshotReader): void {
    this.#lastRowtime = reader.float64();
  }

  /** SQL reference, "ROWTIME": the new time must not go back. */
  #overriddenTime(time: Value): number {
    if (time === null) throw new EvaluationError('ROWTIME_NULL', 'The expression AS ROWTIME is NULL');
    if ((time as number) < this.#lastRowtime) {
      throw new EvaluationError(
        'ROWTIME_OUT_OF_ORDER',
        `ROWTIME ${time} is before ${this.#lastRowtime}, it must not go back`,
      );
    }
    this.#lastRowtime = time as number;
    return time as number;
  }
}

/** Generated as one array literal; columns are copied without a call. */
function compileItems(
  items: readonly Expression[],
  context: EngineContext,
): (row: Row, rowtime: number) => Value[] {
  const evaluate = items.map((item) => compileExpression(item, context));
  const values = items.map((item, i) =>
    item.kind === 'column' ? `row[${item.index}]` : `evaluate[${i}](row, rowtime)`,
  );
  return generate({ evaluate }, `(row, rowtime) => [${values.join(', ')}]`);
}

/** WHERE and HAVING: only TRUE passes. */
export class Filter implements RowSink {
  readonly columns: readonly number[];
  readonly take: TakeColumns | undefined;
  readonly #predicate: Evaluate;
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #pump: string;

  constructor(plan: FilterPlan, next: RowSink, context: EngineContext, pump: string) {
    const through = takeFiltered(plan.predicate, next, context);
    this.columns = through?.columns ?? [];
    this.take = through?.take;
    this.#predicate = compileExpression(plan.predicate, context);
    this.#next = next;
    this.#context = context;
    this.#pump = pump;
  }

  accept(row: Row, rowtime: number): void {
    try {
      if (this.#predicate(row, rowtime) !== true) return;
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      if (this.#context.preview === null) this.#context.reportError(error, row, rowtime, this.#pump);
      return;
    }
    this.#next.accept(row, rowtime);
  }

  advance(watermark: number): void {
    this.#next.advance(watermark);
  }

  due(): number {
    return this.#next.due?.() ?? Number.NEGATIVE_INFINITY;
  }
}
