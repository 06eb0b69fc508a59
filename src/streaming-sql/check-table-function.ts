import { didYouMean } from '../sql/index.ts';
import { type CheckedFrom, type CheckedQuery, type CheckQuery, relate, rename } from './check-from.ts';
import type { Checker } from './checker.ts';
import type { ColumnPlan, Expression, Operator, TumblingWindow } from './plan.ts';
import { bigint } from './sql-type.ts';
import type { FromItem, SyntaxExpression } from './syntax.ts';
import { instantWindow } from './window-term.ts';

type TableFunctionItem = FromItem & { kind: 'tableFunction' };

interface PlannedFunction {
  readonly operator: Operator;
  readonly columns: readonly ColumnPlan[];
}

type PlanFunction = (cursor: CheckedQuery, item: TableFunctionItem, checker: Checker) => PlannedFunction;

const planners: Readonly<Record<string, PlanFunction>> = {
  TOP_K_ITEMS_TUMBLING: planTopItems,
  COUNT_DISTINCT_ITEMS_TUMBLING: planDistinctItems,
};

const known = 'RANDOM_CUT_FOREST RANDOM_CUT_FOREST_WITH_EXPLANATION HOTSPOTS GROUP_RANK'.split(' ');

/** TABLE ( function ( CURSOR ( … ), … ) ). @throws StreamingSqlError at a function that is not supported */
export function checkTableFunction(
  item: TableFunctionItem,
  checker: Checker,
  checkQuery: CheckQuery,
): CheckedFrom {
  const name = item.name.value;
  const plan = Object.hasOwn(planners, name) ? planners[name] : undefined;
  if (plan === undefined) {
    const hint = known.includes(name) ? '' : didYouMean(name, [...Object.keys(planners), ...known]);
    return checker.fail(item.name.start, `Table function "${name}" is not supported by this engine${hint}`);
  }
  const { operator, columns } = plan(checkQuery(item.query), item, checker);
  const relation = relate(item.alias, rename(columns, item.columns, checker), []);
  return { operator, scope: { relations: [relation] }, width: columns.length };
}

/** TOP_K_ITEMS_TUMBLING ( cursor, 'column', k, seconds ): the most frequent values of each window, counted exactly. */
function planTopItems(cursor: CheckedQuery, item: TableFunctionItem, checker: Checker): PlannedFunction {
  const [columnNode, limitNode, widthNode] = argumentsOf(item, 3, checker);
  const index = columnIndex(columnNode!, cursor, checker);
  const type = cursor.columns[index]?.type ?? bigint;
  const counts: Operator = {
    kind: 'tumblingAggregate',
    input: cursor.operator,
    window: windowOf(widthNode!, checker),
    keys: [index],
    aggregates: [{ function: 'COUNT', type: bigint }],
  };
  const count: Expression = { kind: 'column', index: 2, type: bigint };
  const value: Expression = { kind: 'column', index: 0, type };
  const keys = [
    { item: count, descending: true },
    { item: value, descending: false },
  ];
  const limit = positive(limitNode!, checker);
  const sorted: Operator = { kind: 'sort', input: counts, bucket: instantWindow, keys, limit };
  return {
    operator: { kind: 'project', input: sorted, items: [value, count] },
    columns: [
      { name: 'ITEM', type },
      { name: 'ITEM_COUNT', type: bigint },
    ],
  };
}

/** COUNT_DISTINCT_ITEMS_TUMBLING ( cursor, 'column', seconds ): how many values each window held, counted exactly. */
function planDistinctItems(cursor: CheckedQuery, item: TableFunctionItem, checker: Checker): PlannedFunction {
  const [columnNode, widthNode] = argumentsOf(item, 2, checker);
  const index = columnIndex(columnNode!, cursor, checker);
  const window = windowOf(widthNode!, checker);
  const items: Operator = {
    kind: 'tumblingAggregate',
    input: cursor.operator,
    window,
    keys: [index],
    aggregates: [],
  };
  const argumentType = cursor.columns[index]?.type ?? bigint;
  const counted: Operator = {
    kind: 'tumblingAggregate',
    input: items,
    window: instantWindow,
    keys: [],
    aggregates: [{ function: 'COUNT', type: bigint, column: 0, argumentType }],
  };
  return {
    operator: { kind: 'project', input: counted, items: [{ kind: 'column', index: 1, type: bigint }] },
    columns: [{ name: 'NUMBER_OF_DISTINCT_ITEMS', type: bigint }],
  };
}

function argumentsOf(item: TableFunctionItem, count: number, checker: Checker): readonly SyntaxExpression[] {
  if (item.arguments.length !== count) {
    checker.fail(
      item.name.start,
      `${item.name.value} takes ${count} argument(s) after CURSOR, found ${item.arguments.length}`,
    );
  }
  return item.arguments;
}

function columnIndex(node: SyntaxExpression, cursor: CheckedQuery, checker: Checker): number {
  if (node.kind !== 'string')
    return checker.fail(node.start, "The column must be named in a string, write 'ticker'");
  const index = cursor.columns.findIndex(({ name }) => name === node.value);
  if (index >= 0) return index;
  const names = cursor.columns.map(({ name }) => name);
  return checker.fail(node.start, `CURSOR has no column "${node.value}"${didYouMean(node.value, names)}`);
}

function positive(node: SyntaxExpression, checker: Checker): number {
  const value = node.kind === 'number' ? Number(node.text) : 0;
  return Number.isInteger(value) && value > 0
    ? value
    : checker.fail(node.start, 'Expected a whole number greater than zero');
}

function windowOf(node: SyntaxExpression, checker: Checker): TumblingWindow {
  return { kind: 'fixed', widthMillis: positive(node, checker) * 1000, originMillis: 0 };
}
