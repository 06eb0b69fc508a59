import type { Expression } from '../plan.ts';
import type { RowSink, Value } from './row.ts';

/**
 * A sink that needs a few columns only and can take them as arguments, so that no row is made: an aggregate over
 * tumbling windows, and the filters and projections below it. It refuses what it cannot settle at once (a failing
 * expression, a new key, a late row) having changed nothing; then the row comes whole, through `accept`.
 */
export interface ColumnSink extends RowSink {
  /** Positions of the columns that {@link take} wants, ascending. */
  readonly columns: readonly number[];
  /** Takes a row by its values in `columns`; false: give the whole row to `accept`. */
  readonly take: TakeColumns;
}

export type TakeColumns = (rowtime: number, ...values: Value[]) => boolean;

/** Does the sink take columns? A filter does where the sink behind it does. */
export function isColumnSink(sink: RowSink): sink is ColumnSink {
  return 'take' in sink && sink.take !== undefined;
}

/** Names of column values in generated code. */
export function columnNames(columns: readonly number[]): string[] {
  return columns.map((column) => `c${column}`);
}

/** Different positions, ascending. */
export function distinct(positions: Iterable<number>): number[] {
  return [...new Set(positions)].sort((a, b) => a - b);
}

/** Columns an expression reads. */
export function columnsOf(expression: Expression): number[] {
  switch (expression.kind) {
    case 'column':
      return [expression.index];
    case 'call':
      return expression.arguments.flatMap(columnsOf);
    case 'cast':
      return columnsOf(expression.operand);
    case 'case':
      return [
        ...expression.branches.flatMap(({ when, result }) => [...columnsOf(when), ...columnsOf(result)]),
        ...columnsOf(expression.otherwise),
      ];
    default:
      return [];
  }
}

/** The expression over a row that holds only `columns`, in that order. */
export function narrow(expression: Expression, columns: readonly number[]): Expression {
  const inner = (part: Expression): Expression => narrow(part, columns);
  switch (expression.kind) {
    case 'column':
      return { ...expression, index: columns.indexOf(expression.index) };
    case 'call':
      return { ...expression, arguments: expression.arguments.map(inner) };
    case 'cast':
      return { ...expression, operand: inner(expression.operand) };
    case 'case':
      return {
        ...expression,
        branches: expression.branches.map(({ when, result }) => ({
          when: inner(when),
          result: inner(result),
        })),
        otherwise: inner(expression.otherwise),
      };
    default:
      return expression;
  }
}
