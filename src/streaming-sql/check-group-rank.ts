import type { CheckedQuery } from './check-from.ts';
import type { Checker } from './checker.ts';
import { integer } from './sql-type.ts';
import type { SyntaxExpression } from './syntax.ts';
import {
  argumentsOf,
  columnIndex,
  type PlannedFunction,
  type TableFunctionItem,
  wholeNumber,
} from './table-function-arguments.ts';
import type { GroupRankPlan } from './table-function-plan.ts';

const MOST_INTEGER = 2_147_483_647;
const MAX_IDENTIFIER = 128;

const outputOrders: Readonly<Record<string, GroupRankPlan['outputOrder']>> = {
  asc: 'ascending',
  desc: 'descending',
  none: 'received',
};

/**
 * GROUP_RANK ( cursor, rankByColumnName, rankOutColumnName, sortOrder, outputOrder, maxIdle, outputMax ); SQL
 * reference, "Group Rank". `maxIdle` is the time after which the service gave up waiting for rows of another ROWTIME;
 * here time passes without rows, which ends the group sooner and never splits it.
 */
export function planGroupRank(
  cursor: CheckedQuery,
  item: TableFunctionItem,
  checker: Checker,
): PlannedFunction {
  const [by, out, sort, output, idle, most] = argumentsOf(item, 6, 6, checker);
  const name = rankName(out!, checker);
  const descending = word(sort!, 'sortOrder', ['asc', 'desc'], checker) === 'desc';
  const outputOrder = outputOrders[word(output!, 'outputOrder', Object.keys(outputOrders), checker)];
  wholeNumber(idle, ['maxIdle', 0, MOST_INTEGER], 0, checker);
  const limit = wholeNumber(most, ['outputMax', 0, MOST_INTEGER], 0, checker);
  return {
    operator: {
      kind: 'groupRank',
      input: cursor.operator,
      column: columnIndex(by!, cursor, checker),
      descending,
      outputOrder: outputOrder ?? 'received',
      ...(limit === 0 ? {} : { limit }),
    },
    columns: [...cursor.columns, { name, type: integer }],
  };
}

function rankName(node: SyntaxExpression, checker: Checker): string {
  if (node.kind === 'string' && node.value !== '' && node.value.length <= MAX_IDENTIFIER) return node.value;
  return checker.fail(
    node.start,
    "rankOutColumnName must be a string that names a column, write 'groupRank'",
  );
}

function word(node: SyntaxExpression, name: string, allowed: readonly string[], checker: Checker): string {
  const value = node.kind === 'string' ? node.value.toLowerCase() : '';
  if (allowed.includes(value)) return value;
  return checker.fail(node.start, `${name} must be one of ${allowed.map((each) => `'${each}'`).join(', ')}`);
}
