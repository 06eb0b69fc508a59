import type { ColumnPlan, Expression, Operator, PumpPlan, StreamPlan } from '../plan.ts';
import { nullType } from '../sql-type.ts';
import { printOperator } from './print-operator.ts';
import { printProject } from './print-project.ts';
import { failsWhen, firstFailure, operand } from './printed.ts';
import type { PumpPrinter } from './pump-printer.ts';
import { type Rows, uniqueNames } from './rows.ts';

/** The rows that a pump inserts: the columns of its stream by position, each converted to its declared type. */
export function printPump(pump: PumpPlan, stream: StreamPlan, printer: PumpPrinter): Rows {
  const query = pump.query;
  const [input, items] =
    query.kind === 'project' && query.rowtime === undefined
      ? [query.input, query.items]
      : [query, identityOf(query, pump)];
  const rows = printOperator(input, printer);
  const inserted = stream.columns.map((column, index) => convert(items, pump.columnMap[index] ?? -1, column));
  const projected = printProject({ kind: 'project', input, items: inserted }, rows, printer);
  return rejectNulls(
    { ...projected, names: columnNames(stream), isPlain: false, isTable: false },
    stream,
    printer,
  );
}

/** Names of a stream's columns in its view. */
export function columnNames(stream: { readonly columns: readonly { readonly name: string }[] }): string[] {
  return uniqueNames(stream.columns.map(({ name }) => name));
}

function identityOf(_query: Operator, { columnMap }: PumpPlan): readonly Expression[] {
  const width = Math.max(-1, ...columnMap) + 1;
  return Array.from({ length: width }, (_, index) => ({ kind: 'column', index, type: nullType }));
}

function convert(items: readonly Expression[], at: number, { type }: ColumnPlan): Expression {
  const item = items[at] ?? ({ kind: 'literal', value: null, type: nullType } as const);
  return { kind: 'cast', operand: item, type };
}

function rejectNulls(rows: Rows, stream: StreamPlan, printer: PumpPrinter): Rows {
  const required = stream.columns.flatMap(({ notNull }, index) => (notNull === true ? [index] : []));
  if (required.length === 0) return rows;
  const stored = printer.store(rows);
  const failure = firstFailure(
    required.map((index) => failsWhen(`${operand(stored.columns[index]!)} IS NULL`, 'NOT_NULL')),
  );
  return printer.check(stored, failure, 'NOT NULL');
}
