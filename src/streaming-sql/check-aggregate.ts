import { aggregateRules, isAggregate } from './aggregate-names.ts';
import { checkExpression, type Environment } from './check-expression.ts';
import type { AggregateCall, AggregateName, Expression } from './plan.ts';
import { familyOf, interval, printType, type SqlType } from './sql-type.ts';
import type { CallSyntax } from './syntax.ts';

/** An aggregate call with its argument still an expression. */
export interface CheckedAggregate {
  readonly function: AggregateName;
  readonly argument: Expression | null;
  readonly parameter: number | null;
  readonly fallback: Expression | null;
  readonly type: SqlType;
}

/** Checks name, argument and place of an aggregate. @throws StreamingSqlError with advice */
export function checkAggregate(
  node: CallSyntax,
  env: Environment,
  place: 'grouped' | 'windowed',
): CheckedAggregate {
  const { checker } = env;
  const { name } = node;
  if (!isAggregate(name)) return checker.fail(node.start, `${name} is no aggregate function`);
  const rule = aggregateRules[name];
  if (!rule[place]) checker.fail(node.start, `${name} needs OVER (a window), it is no GROUP BY aggregate`);
  if (node.distinct) {
    checker.fail(
      node.start,
      `${name}(DISTINCT …) is not possible on a stream, write COUNT(*) over a sub-query with SELECT DISTINCT`,
    );
  }
  if (node.star) {
    if (name !== 'COUNT')
      checker.fail(node.start, `${name}(*) is not possible, write COUNT(*) or name a column`);
    return {
      function: name,
      argument: null,
      parameter: null,
      fallback: null,
      type: rule.result({ name: 'NULL' }),
    };
  }
  const [first, ...rest] = node.arguments.map((argument) => checkExpression(argument, env));
  if (first === undefined) return checker.fail(node.start, `${name} needs an argument`);
  const family = familyOf(first.type);
  if (rule.argument !== 'any' && family !== rule.argument && family !== 'null') {
    checker.fail(node.start, `${name} needs a ${rule.argument} argument, found ${printType(first.type)}`);
  }
  if (name === 'AVG' && ['BIGINT', 'INTEGER', 'SMALLINT', 'TINYINT'].includes(first.type.name)) {
    checker.warn(
      node.start,
      `AVG of ${first.type.name} is ${first.type.name} and truncates, write AVG(CAST(… AS DOUBLE)) to keep the fraction`,
    );
  }
  return {
    function: name,
    argument: first,
    ...checkParameters(node, name, rest, env),
    type: rule.result(first.type),
  };
}

function checkParameters(
  node: CallSyntax,
  name: AggregateName,
  rest: readonly Expression[],
  env: Environment,
): { parameter: number | null; fallback: Expression | null } {
  const limit = { LAG: 2, NTH_VALUE: 1, EXP_AVG: 1 }[name as string] ?? 0;
  const least = name === 'NTH_VALUE' || name === 'EXP_AVG' ? 1 : 0;
  if (rest.length > limit || rest.length < least) {
    env.checker.fail(
      node.start,
      `${name} takes ${least + 1} to ${limit + 1} argument(s), found ${rest.length + 1}`,
    );
  }
  const [parameter, fallback = null] = rest;
  if (parameter === undefined) return { parameter: name === 'LAG' ? 1 : null, fallback };
  const wanted = name === 'EXP_AVG' ? interval.name : 'INTEGER';
  if (
    parameter.kind !== 'literal' ||
    typeof parameter.value !== 'number' ||
    parameter.type.name !== wanted ||
    parameter.value < 0
  ) {
    return env.checker.fail(
      node.arguments[1]?.start ?? node.start,
      `The second argument of ${name} must be a literal ${wanted}`,
    );
  }
  return { parameter: parameter.value, fallback };
}

/** The plan's form of the call, once its argument has a position in the row. */
export function planAggregate(
  checked: CheckedAggregate,
  place: (value: Expression) => number,
): AggregateCall {
  return {
    function: checked.function,
    type: checked.type,
    ...(checked.argument === null
      ? {}
      : { column: place(checked.argument), argumentType: checked.argument.type }),
    ...(checked.parameter === null ? {} : { parameter: checked.parameter }),
    ...(checked.fallback === null ? {} : { defaultColumn: place(checked.fallback) }),
  };
}
