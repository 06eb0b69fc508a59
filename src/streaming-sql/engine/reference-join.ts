import type { ReferenceJoinPlan, ReferencePlan } from '../plan.ts';
import type { EngineContext } from './engine-context.ts';
import { EngineError, EvaluationError } from './engine-error.ts';
import { compileExpression, type Evaluate } from './expression.ts';
import { keyText } from './key-text.ts';
import { compileRowsOf } from './record-reader.ts';
import type { Row, RowSink, Value } from './row.ts';
import { compileReferenceReader } from './row-reader.ts';

/** Reads a reference table. @throws EngineError at the first record that does not fit its schema */
export function readReference(plan: ReferencePlan, records: readonly unknown[] | undefined): Row[] {
  if (records === undefined) {
    throw new EngineError(
      `Cannot start: reference table '${plan.name}' has no rows given, pass them in options.references`,
    );
  }
  const rowsOf = compileRowsOf(plan);
  const read = compileReferenceReader(plan.columns);
  try {
    return records.flatMap((record) => rowsOf(record).map(read));
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    throw new EngineError(`Cannot read reference table '${plan.name}': ${error.message}`, { cause: error });
  }
}

/** Looks every row up in a reference table (developer guide, "Reference Data"), loaded when the engine starts. */
export class ReferenceJoin implements RowSink {
  readonly #plan: ReferenceJoinPlan;
  readonly #rows = new Map<string, Row[]>();
  readonly #keys: readonly number[];
  readonly #condition: Evaluate | null;
  readonly #missing: readonly Value[];
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #pump: string;

  constructor(
    plan: ReferenceJoinPlan,
    rows: readonly Row[],
    next: RowSink,
    context: EngineContext,
    pump: string,
  ) {
    this.#plan = plan;
    this.#keys = plan.equal.map(([input]) => input);
    this.#condition = plan.condition === null ? null : compileExpression(plan.condition, context);
    this.#missing = Array.from({ length: plan.referenceWidth }, () => null);
    this.#next = next;
    this.#context = context;
    this.#pump = pump;
    const columns = plan.equal.map(([, reference]) => reference);
    for (const row of rows) {
      if (columns.some((column) => row[column] === null)) continue;
      const key = keyText(row, columns);
      this.#rows.set(key, [...(this.#rows.get(key) ?? []), row]);
    }
  }

  accept(row: Row, rowtime: number): void {
    const found = this.#keys.some((column) => row[column] === null)
      ? []
      : (this.#rows.get(keyText(row, this.#keys)) ?? []);
    let matched = false;
    try {
      for (const reference of found) {
        const joined = [...row, ...reference];
        if (this.#condition !== null && this.#condition(joined, rowtime) !== true) continue;
        matched = true;
        this.#next.accept(joined, rowtime);
      }
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      this.#context.reportError(error, row, rowtime, this.#pump);
      return;
    }
    if (!matched && this.#plan.join === 'left') this.#next.accept([...row, ...this.#missing], rowtime);
  }

  advance(watermark: number): void {
    this.#next.advance(watermark);
  }
}
