import type { LogParsePlan } from '../../log-parse-plan.ts';
import type { EngineContext } from '../engine-context.ts';
import { EvaluationError } from '../engine-error.ts';
import { compileExpression } from '../expression.ts';
import type { Row, RowSink, Value } from '../row.ts';
import { compileField } from './convert-field.ts';
import { compileParser } from './parse-fields.ts';

type AppendFields = (row: Row, rowtime: number, into: Value[]) => void;

/** Log parsers of a select list: each text is parsed once, its fields are columns behind the row. */
export class LogParse implements RowSink {
  readonly #calls: readonly AppendFields[];
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #pump: string;

  constructor(plan: LogParsePlan, next: RowSink, context: EngineContext, pump: string) {
    this.#calls = plan.calls.map((call) => compileCall(call, context));
    this.#next = next;
    this.#context = context;
    this.#pump = pump;
  }

  accept(row: Row, rowtime: number): void {
    const result: Value[] = [...row];
    try {
      for (const append of this.#calls) append(row, rowtime, result);
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      if (this.#context.preview === null) this.#context.reportError(error, row, rowtime, this.#pump);
      return;
    }
    this.#next.accept(result, rowtime);
  }

  advance(watermark: number): void {
    this.#next.advance(watermark);
  }
}

/** A text that does not fit, as a NULL text, gives a record that is NULL: all its columns are. */
function compileCall(call: LogParsePlan['calls'][number], context: EngineContext): AppendFields {
  const text = compileExpression(call.text, context);
  const parse = compileParser(call.parser);
  const fields = call.fields.map(compileField);
  return (row, rowtime, into) => {
    const value = text(row, rowtime);
    const found = value === null ? null : parse(String(value), rowtime);
    for (const [index, convert] of fields.entries())
      into.push(found === null ? null : convert(found[index] ?? null));
  };
}
