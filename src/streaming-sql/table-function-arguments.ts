import { didYouMean } from '../sql/index.ts';
import type { CheckedQuery } from './check-from.ts';
import type { Checker } from './checker.ts';
import type { ColumnPlan, Operator } from './plan.ts';
import { familyOf, printType } from './sql-type.ts';
import type { FromItem, SyntaxExpression } from './syntax.ts';
import type { NumericColumn } from './table-function-plan.ts';

export type TableFunctionItem = FromItem & { kind: 'tableFunction' };

/** What a table function becomes: its operator and the columns of its rows. */
export interface PlannedFunction {
  readonly operator: Operator;
  readonly columns: readonly ColumnPlan[];
}

export type PlanFunction = (
  cursor: CheckedQuery,
  item: TableFunctionItem,
  checker: Checker,
) => PlannedFunction;

/** The arguments after CURSOR. @throws StreamingSqlError unless there are `least` to `most` of them */
export function argumentsOf(
  item: TableFunctionItem,
  least: number,
  most: number,
  checker: Checker,
): readonly SyntaxExpression[] {
  const count = item.arguments.length;
  if (count < least || count > most) {
    const wanted = least === most ? `${least}` : `${least} to ${most}`;
    checker.fail(
      item.name.start,
      `${item.name.value} takes ${wanted} argument(s) after CURSOR, found ${count}`,
    );
  }
  return item.arguments;
}

/** Position of the column that a string names. */
export function columnIndex(node: SyntaxExpression, cursor: CheckedQuery, checker: Checker): number {
  if (node.kind !== 'string')
    return checker.fail(node.start, "The column must be named in a string, write 'ticker'");
  const index = cursor.columns.findIndex(({ name }) => name === node.value);
  if (index >= 0) return index;
  const names = cursor.columns.map(({ name }) => name);
  return checker.fail(node.start, `CURSOR has no column "${node.value}"${didYouMean(node.value, names)}`);
}

export function positive(node: SyntaxExpression, checker: Checker): number {
  const value = node.kind === 'number' ? Number(node.text) : 0;
  return Number.isInteger(value) && value > 0
    ? value
    : checker.fail(node.start, 'Expected a whole number greater than zero');
}

/** A whole number within inclusive bounds, or the default where the argument is left out. */
export function wholeNumber(
  node: SyntaxExpression | undefined,
  [name, least, most]: readonly [string, number, number],
  fallback: number,
  checker: Checker,
): number {
  if (node === undefined) return fallback;
  const value = node.kind === 'number' ? Number(node.text) : Number.NaN;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const found = node.kind === 'number' ? `, found ${node.text}` : '';
  return checker.fail(node.start, `${name} must be a whole number from ${least} to ${most}${found}`);
}

/**
 * The numeric columns of a cursor, which are all that the machine-learning functions look at.
 * @throws StreamingSqlError when there is none, too many, or a DECIMAL among them, which the functions do not take
 */
export function numericColumns(
  cursor: CheckedQuery,
  item: TableFunctionItem,
  most: number,
  checker: Checker,
): readonly NumericColumn[] {
  const name = item.name.value;
  const decimal = cursor.columns.find(({ type }) => type.name === 'DECIMAL');
  if (decimal !== undefined) {
    checker.fail(
      item.query.start,
      `Column "${decimal.name}" of CURSOR is ${printType(decimal.type)}, which ${name} does not take, write CAST(… AS DOUBLE)`,
    );
  }
  const columns = cursor.columns.flatMap((column, index) =>
    familyOf(column.type) === 'numeric' ? [{ index, name: column.name }] : [],
  );
  if (columns.length === 0)
    checker.fail(item.query.start, `${name} needs at least one numeric column in CURSOR`);
  if (columns.length > most) {
    checker.fail(
      item.query.start,
      `${name} takes at most ${most} numeric columns, CURSOR has ${columns.length}`,
    );
  }
  return columns;
}
