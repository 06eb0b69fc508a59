import { call, checkExpression, compare, type Environment } from './check-expression.ts';
import type { Expression } from './plan.ts';
import { boolean, familyOf } from './sql-type.ts';
import type { PeriodPredicate, SyntaxExpression } from './syntax.ts';

type PeriodTest = SyntaxExpression & { kind: 'periodTest' };
type Bounds = readonly [from: Expression, to: Expression];
type Comparison = readonly [left: 0 | 1, operator: string, right: 0 | 1];

/**
 * SQL reference, "Temporal Predicates": a period holds its start and not its end. A predicate is the comparisons of a
 * bound of the left period (0 start, 1 end) with one of the right that must all hold.
 */
const comparisons: Readonly<Record<PeriodPredicate, readonly Comparison[]>> = {
  CONTAINS: [
    [0, '<=', 0],
    [1, '>=', 1],
  ],
  OVERLAPS: [
    [0, '<', 1],
    [1, '>', 0],
  ],
  EQUALS: [
    [0, '=', 0],
    [1, '=', 1],
  ],
  PRECEDES: [[1, '<=', 0]],
  SUCCEEDS: [[0, '>=', 1]],
  'IMMEDIATELY PRECEDES': [[1, '=', 0]],
  'IMMEDIATELY SUCCEEDS': [[0, '=', 1]],
  'STRICTLY CONTAINS': [
    [0, '<', 0],
    [1, '>', 1],
  ],
  'STRICTLY PRECEDES': [[1, '<', 0]],
  'STRICTLY SUCCEEDS': [[0, '>', 1]],
};

/** ( s, e ) PRECEDES ( s, e ): comparisons of the bounds. PERIOD ( s, e ) CONTAINS t is s <= t AND t < e. */
export function checkPeriodTest(node: PeriodTest, env: Environment): Expression {
  const left = boundsOf(node.left, env);
  if (node.right.kind !== 'period' && node.predicate === 'CONTAINS') return checkInstant(node, left, env);
  const right = boundsOf(node.right, env);
  return comparisons[node.predicate]
    .map(([from, operator, to]) => compare(operator, left[from], right[to], node.start, env.checker))
    .reduce((all, part) => call('AND', [all, part], boolean));
}

function checkInstant(node: PeriodTest, [from, to]: Bounds, env: Environment): Expression {
  const instant = timeOf(node.right, env);
  const after = compare('<=', from, instant, node.start, env.checker);
  return call('AND', [after, compare('<', instant, to, node.start, env.checker)], boolean);
}

function boundsOf(node: SyntaxExpression, env: Environment): Bounds {
  if (node.kind === 'period') return [timeOf(node.from, env), timeOf(node.to, env)];
  return env.checker.fail(node.start, 'A period predicate needs a period, write PERIOD("from", "to")');
}

function timeOf(node: SyntaxExpression, env: Environment): Expression {
  const time = checkExpression(node, env);
  if (!['datetime', 'null'].includes(familyOf(time.type)))
    env.checker.fail(node.start, 'A period runs between two times, write PERIOD("from", "to")');
  return time;
}
