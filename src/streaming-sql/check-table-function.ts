import { didYouMean } from '../sql/index.ts';
import { planAnomalyExplanation, planAnomalyScore } from './check-anomaly-detection.ts';
import { type CheckedFrom, type CheckedQuery, type CheckQuery, relate, rename } from './check-from.ts';
import { planGroupRank } from './check-group-rank.ts';
import { planHotspots } from './check-hotspots.ts';
import type { Checker } from './checker.ts';
import type { Expression, Operator, TumblingWindow } from './plan.ts';
import { bigint } from './sql-type.ts';
import type { SyntaxExpression } from './syntax.ts';
import {
  argumentsOf,
  columnIndex,
  type PlanFunction,
  type PlannedFunction,
  positive,
  type TableFunctionItem,
} from './table-function-arguments.ts';
import { instantWindow } from './window-term.ts';

const planners: Readonly<Record<string, PlanFunction>> = {
  TOP_K_ITEMS_TUMBLING: planTopItems,
  COUNT_DISTINCT_ITEMS_TUMBLING: planDistinctItems,
  RANDOM_CUT_FOREST: planAnomalyScore,
  RANDOM_CUT_FOREST_WITH_EXPLANATION: planAnomalyExplanation,
  HOTSPOTS: planHotspots,
  GROUP_RANK: planGroupRank,
};

/** TABLE ( function ( CURSOR ( … ), … ) ). @throws StreamingSqlError at a function that is not supported */
export function checkTableFunction(
  item: TableFunctionItem,
  checker: Checker,
  checkQuery: CheckQuery,
): CheckedFrom {
  const name = item.name.value;
  const plan = Object.hasOwn(planners, name) ? planners[name] : undefined;
  if (plan === undefined) {
    const known = Object.keys(planners);
    const hint = didYouMean(name, known) || `, known are ${known.join(', ')}`;
    return checker.fail(item.name.start, `Unknown table function "${name}"${hint}`);
  }
  const { operator, columns } = plan(checkQuery(item.query), item, checker);
  const relation = relate(item.alias, rename(columns, item.columns, checker), []);
  return { operator, scope: { relations: [relation] }, width: columns.length };
}

/** TOP_K_ITEMS_TUMBLING ( cursor, 'column', k, seconds ): the most frequent values of each window, counted exactly. */
function planTopItems(cursor: CheckedQuery, item: TableFunctionItem, checker: Checker): PlannedFunction {
  const [columnNode, limitNode, widthNode] = argumentsOf(item, 3, 3, checker);
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
  const [columnNode, widthNode] = argumentsOf(item, 2, 2, checker);
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

function windowOf(node: SyntaxExpression, checker: Checker): TumblingWindow {
  return { kind: 'fixed', widthMillis: positive(node, checker) * 1000, originMillis: 0 };
}
