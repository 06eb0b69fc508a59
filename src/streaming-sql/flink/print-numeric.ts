import type { SqlType } from '../sql-type.ts';
import { asBigint, asDouble, fitFraction } from './print-arithmetic.ts';
import type { PrintFunction } from './print-expression.ts';
import { failsWhen, magnitudeOf, operand, type Printed, withFailure } from './printed.ts';

/** A DOUBLE result; `domain` is the condition under which the engine has one. */
const real =
  (name: string, domain?: (argument: string) => string): PrintFunction =>
  ([value], { type }) => {
    const argument = asDouble(value!);
    const outside = domain && failsWhen(`NOT ${domain(argument)}`, domainErrors[name] ?? 'NUMERIC_OVERFLOW');
    return {
      sql: `${name}(${stripped(argument)})`,
      type,
      flink: 'DOUBLE',
      atom: true,
      ...(domain === undefined && { unbounded: true }),
      ...withFailure(value!.failure, outside),
    };
  };

const domainErrors: Readonly<Record<string, string>> = { SQRT: 'INVALID_ARGUMENT' };

function stripped(text: string): string {
  return text.startsWith('(') && text.endsWith(')') && !text.slice(1, -1).includes(')')
    ? text.slice(1, -1)
    : text;
}

const isWhole = ({ flink }: Printed): boolean => ['TINYINT', 'SMALLINT', 'INT', 'BIGINT'].includes(flink);

/** CEIL and FLOOR: whole numbers stay, DECIMAL becomes DECIMAL(18, 0). */
const rounding =
  (name: 'CEIL' | 'FLOOR'): PrintFunction =>
  ([value], { type }) => {
    if (isWhole(value!)) return { ...value!, type };
    const rounded: Printed = {
      sql: `${name}(${stripped(asDouble(value!))})`,
      type,
      flink: 'DOUBLE',
      atom: true,
      ...withFailure(value!.failure),
    };
    return type.name === 'DECIMAL' ? fitFraction(rounded, type) : rounded;
  };

/** SQL reference, "Numeric Functions". */
export const numericFunctions: Readonly<Record<string, PrintFunction>> = {
  NEGATE: ([value], { type }) => {
    const { magnitude } = value!;
    return isWhole(value!)
      ? {
          ...value!,
          sql: `-${asBigint(value!)}`,
          flink: 'BIGINT',
          type,
          atom: false,
          ...(magnitude !== undefined && { magnitude }),
        }
      : { ...value!, sql: `-${operand(value!)}`, type, atom: false };
  },
  ABS: ([value], { type }) =>
    isWhole(value!)
      ? { ...value!, sql: `ABS(${asBigint(value!)})`, flink: 'BIGINT', type, atom: true }
      : { ...value!, sql: `ABS(${value!.sql})`, type, atom: true },
  CEIL: rounding('CEIL'),
  CEILING: rounding('CEIL'),
  FLOOR: rounding('FLOOR'),
  EXP: real('EXP'),
  LN: logarithm('LN'),
  LOG10: logarithm('LOG10'),
  SQRT: real('SQRT', (argument) => `${argument} >= 0E0`),
  POWER: ([base, exponent], { type }) => {
    const sql = `POWER(${stripped(asDouble(base!))}, ${stripped(asDouble(exponent!))})`;
    const noNumber = failsWhen(`${sql} <> ${sql}`, 'INVALID_ARGUMENT');
    return {
      sql,
      type,
      flink: 'DOUBLE',
      atom: true,
      unbounded: true,
      ...withFailure(base!.failure, exponent!.failure, noNumber),
    };
  },
  MOD: (values, { type }, context) => {
    const [value, divisor] = values as [Printed, Printed];
    const whole = isWhole(value) && isWhole(divisor);
    const [a, b] = whole ? [asBigint(value), asBigint(divisor)] : [asDouble(value), asDouble(divisor)];
    const zero = whole ? '0' : '0E0';
    const constant = /^\d+(E0)?$/.test(divisor.sql) && Number(divisor.sql) !== 0;
    const isZero = failsWhen(`${a} IS NOT NULL AND ${b} = ${zero}`, 'DIVISION_BY_ZERO');
    const failures = withFailure(value.failure, divisor.failure, constant ? undefined : isZero);
    if (!whole) return fitDouble(context.call('MESONET_MOD', [stripped(a), stripped(b)]), type, failures);
    const by = constant ? b : `NULLIF(${b}, 0)`;
    const bound = divisor.magnitude ?? magnitudeOf(divisor.type);
    return {
      sql: `MOD(${a}, ${by})`,
      type,
      flink: 'BIGINT',
      atom: true,
      ...(bound !== undefined && { magnitude: bound }),
      ...failures,
    };
  },
};

function fitDouble(sql: string, type: SqlType, failures: { readonly failure?: string }): Printed {
  const value: Printed = { sql, type, flink: 'DOUBLE', atom: true, ...failures };
  if (type.name === 'DECIMAL' || type.name === 'REAL') return fitFraction(value, type);
  return magnitudeOf(type) === undefined
    ? value
    : { ...value, sql: `CAST(${sql} AS BIGINT)`, flink: 'BIGINT' };
}

/** The logarithm of 0 is too small for a number, that of a negative one is none. */
function logarithm(name: 'LN' | 'LOG10'): PrintFunction {
  return ([value], { type }) => {
    const argument = asDouble(value!);
    const failure = `CASE WHEN ${argument} < 0E0 THEN 'INVALID_ARGUMENT' WHEN ${argument} = 0E0 THEN 'NUMERIC_OVERFLOW' END`;
    return {
      sql: `${name}(${stripped(argument)})`,
      type,
      flink: 'DOUBLE',
      atom: true,
      ...withFailure(value!.failure, failure),
    };
  };
}
