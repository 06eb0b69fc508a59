import { familyOf } from '../sql-type.ts';
import { flinkType } from './flink-type.ts';
import { isNull, type PrintFunction, resultType, widen } from './print-expression.ts';
import { magnitudeOf, operand, type Printed, unless, withFailure } from './printed.ts';

const truth = (sql: string, values: readonly Printed[], atom = false): Printed => ({
  sql,
  type: { name: 'BOOLEAN' },
  flink: 'BOOLEAN',
  atom,
  ...withFailure(...values.map(({ failure }) => failure)),
});

/** The right side is only looked at where the left one does not decide. */
const connective =
  (word: 'AND' | 'OR', decided: string): PrintFunction =>
  ([left, right]) => ({
    ...truth(`${operand(left!)} ${word} ${operand(right!)}`, []),
    ...withFailure(left!.failure, unless(`${operand(left!)} IS ${decided}`, right!.failure)),
  });

const comparison =
  (operator: string): PrintFunction =>
  ([left, right]) => {
    const [a, b] = alike(left!, right!);
    return truth(`${a} ${operator} ${b}`, [left!, right!]);
  };

/** A DATE meets a TIMESTAMP as the midnight that it begins with. */
function alike(left: Printed, right: Printed): readonly [string, string] {
  const times = familyOf(left.type) === 'datetime' && left.flink !== right.flink;
  if (!times || isNull(left) || isNull(right)) return [operand(left), operand(right)];
  return [widen(left, 'TIMESTAMP(3)'), widen(right, 'TIMESTAMP(3)')];
}

const test =
  (words: string): PrintFunction =>
  ([value]) =>
    truth(`${operand(value!)} ${words}`, [value!]);

/** AND, OR, comparisons, IS and the functions of NULL. */
export const logicFunctions: Readonly<Record<string, PrintFunction>> = {
  AND: connective('AND', 'FALSE'),
  OR: connective('OR', 'TRUE'),
  NOT: ([value]) => truth(`NOT ${operand(value!)}`, [value!]),
  '=': comparison('='),
  '<>': comparison('<>'),
  '<': comparison('<'),
  '<=': comparison('<='),
  '>': comparison('>'),
  '>=': comparison('>='),
  IS_NULL: test('IS NULL'),
  IS_UNKNOWN: test('IS NULL'),
  IS_TRUE: test('IS TRUE'),
  IS_FALSE: test('IS FALSE'),
  IS_DISTINCT: ([left, right]) => {
    const [a, b] = alike(left!, right!);
    return truth(`${a} IS DISTINCT FROM ${b}`, [left!, right!]);
  },
  IN: ([value, ...list]) => {
    const items = list.map((item) => (isNull(item) ? `CAST(NULL AS ${flinkType(value!.type)})` : item.sql));
    return truth(`${operand(value!)} IN (${items.join(', ')})`, [value!, ...list]);
  },
  COALESCE: (values, { type }) => {
    const flink = resultType(values, type);
    const failures = values.map(({ failure }, index) =>
      values
        .slice(0, index)
        .reduceRight<string | undefined>(
          (rest, earlier) => unless(`${operand(earlier)} IS NOT NULL`, rest),
          failure,
        ),
    );
    return {
      sql: `COALESCE(${values.map((value) => widen(value, flink)).join(', ')})`,
      type,
      flink,
      atom: true,
      ...wholeBound(values, type),
      ...withFailure(...failures),
    };
  },
  NULLIF: ([left, right], { type }) => ({
    ...left!,
    sql: isNull(right!) ? left!.sql : `NULLIF(${left!.sql}, ${right!.sql})`,
    type,
    atom: true,
    ...withFailure(left!.failure, right!.failure),
  }),
  MONOTONIC: ([value]) => value!,
  CURRENT_ROW_TIMESTAMP: (_values, { type }, { rowtime }) => ({
    sql: rowtime,
    type,
    flink: flinkType(type),
    atom: true,
  }),
};

function wholeBound(values: readonly Printed[], type: Printed['type']): { readonly magnitude?: number } {
  if (magnitudeOf(type) === undefined) return {};
  return { magnitude: Math.max(...values.map(({ magnitude }) => magnitude ?? 0)) };
}
