import type { Expression, FilterPlan, ProjectPlan } from '../plan.ts';
import { printExpression, settle } from './print-expression.ts';
import { firstFailure, type Printed } from './printed.ts';
import type { PumpPrinter } from './pump-printer.ts';
import { type Rows, uniqueNames } from './rows.ts';

/** Prints WHERE; a condition that may fail is looked at in a view, so that its rows can be told. */
export function printFilter(plan: FilterPlan, input: Rows, printer: PumpPrinter): Rows {
  const rows = printer.plain(input);
  const predicate = settle(printExpression(plan.predicate, printer.over(rows)));
  const { failure } = predicate;
  if (failure === undefined) return { ...rows, where: [...rows.where, predicate.sql] };
  const checked = printer.check(rows, failure, 'WHERE');
  const again = printExpression(plan.predicate, printer.over(checked));
  return { ...checked, where: [...checked.where, again.sql] };
}

/** Prints a select list. Only a select list right above GROUP BY is part of the same SELECT. */
export function printProject(plan: ProjectPlan, input: Rows, printer: PumpPrinter): Rows {
  if (plan.rowtime !== undefined)
    printer.refuse('AS ROWTIME gives rows another time, which a view cannot do to a time attribute');
  const rows = isInline(plan.items, input) ? input : printer.plain(input);
  const items = printItems(plan.items, rows, printer);
  const failure = firstFailure(items.map((item) => item.failure));
  if (failure === undefined) return select(rows, plan.items, items);
  const base = printer.plain(rows);
  const failures = printItems(plan.items, base, printer).map((item) => item.failure);
  const checked = printer.check(base, firstFailure(failures), 'SELECT');
  return select(checked, plan.items, printItems(plan.items, checked, printer));
}

function printItems(items: readonly Expression[], rows: Rows, printer: PumpPrinter): Printed[] {
  return items.map((item) => settle(printExpression(item, printer.over(rows))));
}

function select(rows: Rows, plan: readonly Expression[], items: readonly Printed[]): Rows {
  const names = uniqueNames(plan.map((item, index) => nameOf(item, index, rows)));
  const isPlain = items.every(({ sql }) => rows.columns.some((column) => column.sql === sql)) && rows.isPlain;
  return {
    ...rows,
    columns: items.map(({ failure: _, ...item }) => item),
    names,
    isPlain,
    isTable:
      rows.isTable &&
      isPlain &&
      names.every((name, index) => items[index]?.isAbsent === true || items[index]?.sql === `\`${name}\``),
  };
}

function nameOf(item: Expression, index: number, rows: Rows): string {
  const named = item.kind === 'cast' ? item.operand : item;
  return (named.kind === 'column' ? rows.names[named.index] : undefined) ?? `c${index}`;
}

/** Does every computed column of a grouped row stand at most once in the select list, and nothing that fails? */
function isInline(items: readonly Expression[], { groupBy, columns }: Rows): boolean {
  if (groupBy.length === 0) return false;
  const used = items.flatMap(columnsOf);
  return columns.every((column, index) => column.atom || used.filter((each) => each === index).length <= 1);
}

function columnsOf(expression: Expression): number[] {
  switch (expression.kind) {
    case 'column':
      return [expression.index];
    case 'cast':
      return columnsOf(expression.operand);
    case 'call':
      return expression.arguments.flatMap(columnsOf);
    case 'case':
      return [
        ...expression.branches.flatMap(({ when, result }) => [...columnsOf(when), ...columnsOf(result)]),
        ...columnsOf(expression.otherwise),
      ];
    default:
      return [];
  }
}
