import { familyOf, type SqlType } from '../sql-type.ts';
import { flinkType } from './flink-type.ts';
import type { ExpressionContext } from './print-context.ts';
import { addInterval, millisOf } from './print-datetime.ts';
import type { CallExpression } from './print-expression.ts';
import { failsWhen, MAX_WHOLE, operand, type Printed, withFailure } from './printed.ts';

/**
 * `+ - * /` as the engine computes them: whole numbers in BIGINT, everything else in DOUBLE, DECIMAL rounded to its scale.
 */
export function printArithmetic(
  values: readonly Printed[],
  call: CallExpression,
  context: ExpressionContext,
): Printed {
  const [left, right] = values as [Printed, Printed];
  const families = [familyOf(left.type), familyOf(right.type)];
  if (families.includes('datetime')) return datetimeArithmetic(left, right, call, context);
  if (families.includes('interval')) return intervalArithmetic(left, right, call);
  if (isWhole(left) && isWhole(right) && isWholeType(call.type)) return wholeArithmetic(left, right, call);
  return fractionArithmetic(left, right, call);
}

function isWhole({ flink }: Printed): boolean {
  return ['TINYINT', 'SMALLINT', 'INT', 'BIGINT'].includes(flink);
}

function isWholeType({ name }: SqlType): boolean {
  return ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT'].includes(name);
}

const isLiteral = ({ sql }: Printed): boolean => /^-?\d[\d.]*(E-?\d+)?$/.test(sql);

/** A whole number as BIGINT; a literal takes the type of its neighbour. */
export function asBigint(value: Printed): string {
  return value.flink === 'BIGINT' ? operand(value) : `CAST(${value.sql} AS BIGINT)`;
}

export function asDouble(value: Printed): string {
  if (value.flink === 'DOUBLE') return operand(value);
  if (isLiteral(value) && !value.sql.includes('E')) return `${value.sql}E0`;
  return `CAST(${value.sql} AS DOUBLE)`;
}

function wholeArithmetic(left: Printed, right: Printed, { function: name, type }: CallExpression): Printed {
  const [a, b] = wholeOperands(left, right);
  const bounds = [left.magnitude ?? MAX_WHOLE, right.magnitude ?? MAX_WHOLE] as const;
  if (name === '/') return division(a, b, { left, right }, type, 'BIGINT', bounds[0]);
  const bound = name === '*' ? bounds[0] * bounds[1] : bounds[0] + bounds[1];
  const sql = `${a} ${name} ${b}`;
  const size = name === '*' ? `${asDouble(left)} * ${asDouble(right)}` : sql;
  const overflow =
    bound > MAX_WHOLE ? failsWhen(`ABS(${size}) > ${MAX_WHOLE}`, 'NUMERIC_OVERFLOW') : undefined;
  return {
    sql,
    type,
    flink: 'BIGINT',
    atom: false,
    magnitude: Math.min(bound, MAX_WHOLE),
    ...withFailure(left.failure, right.failure, overflow),
  };
}

/** Both as BIGINT; one of them is enough where the other is a literal. */
function wholeOperands(left: Printed, right: Printed): readonly [string, string] {
  if (isLiteral(right) && !isLiteral(left)) return [asBigint(left), right.sql];
  if (isLiteral(left)) return [left.sql, asBigint(right)];
  return [asBigint(left), asBigint(right)];
}

interface Sides {
  readonly left: Printed;
  readonly right: Printed;
}

/** A zero divisor would stop the job, or give an infinite number: the row fails instead. */
function division(
  a: string,
  b: string,
  { left, right }: Sides,
  type: SqlType,
  flink: string,
  magnitude?: number,
): Printed {
  const constant = isLiteral(right) && Number(right.sql) !== 0;
  const zero = flink === 'DOUBLE' ? '0E0' : '0';
  const isZero = failsWhen(`${a} IS NOT NULL AND ${b} = ${zero}`, 'DIVISION_BY_ZERO');
  return {
    sql: constant ? `${a} / ${b}` : `${a} / NULLIF(${b}, ${zero})`,
    type,
    flink,
    atom: false,
    ...(magnitude !== undefined && { magnitude }),
    ...(flink === 'DOUBLE' && { unbounded: true }),
    ...withFailure(left.failure, right.failure, constant ? undefined : isZero),
  };
}

function fractionArithmetic(left: Printed, right: Printed, call: CallExpression): Printed {
  const { function: name, type } = call;
  const [a, b] = [asDouble(left), asDouble(right)];
  const failures = [left.failure, right.failure];
  const result: Printed =
    name === '/'
      ? division(a, b, { left, right }, type, 'DOUBLE')
      : {
          sql: `${a} ${name} ${b}`,
          type,
          flink: 'DOUBLE',
          atom: false,
          unbounded: true,
          ...withFailure(...failures),
        };
  return type.name === 'DOUBLE' ? result : fitFraction(result, type);
}

/** DECIMAL rounded to its scale, REAL narrowed. */
export function fitFraction(value: Printed, type: SqlType): Printed {
  const flink = flinkType(type);
  if (fits(value, type))
    return { ...withoutBound(value), sql: `CAST(${value.sql} AS ${flink})`, type, flink, atom: true };
  const sql = `TRY_CAST(${value.sql} AS ${flink})`;
  const tooGreat =
    type.name === 'REAL'
      ? `NOT ABS(CAST(${sql} AS DOUBLE)) <= 3.4028234663852886E38`
      : `${operand(value)} IS NOT NULL AND ${sql} IS NULL`;
  return {
    sql,
    type,
    flink,
    atom: true,
    ...withFailure(value.failure, failsWhen(tooGreat, 'NUMERIC_OVERFLOW')),
  };
}

/** Is the value sure to fit a DECIMAL: a literal, or a whole number of few digits? */
function fits(value: Printed, { name, precision = 18, scale = 0 }: SqlType): boolean {
  const bound = isLiteral(value) ? Math.abs(Number(value.sql)) : value.magnitude;
  return name === 'DECIMAL' && bound !== undefined && bound + 1 < 10 ** (precision - scale);
}

function withoutBound({ magnitude: _magnitude, unbounded: _unbounded, ...rest }: Printed): Printed {
  return rest;
}

function datetimeArithmetic(
  left: Printed,
  right: Printed,
  { function: name, type }: CallExpression,
  context: ExpressionContext,
): Printed {
  if (familyOf(left.type) === 'datetime' && familyOf(right.type) === 'datetime') {
    const sql = `${millisOf(left, context)} - ${millisOf(right, context)}`;
    return { sql, type, flink: 'BIGINT', atom: false, ...withFailure(left.failure, right.failure) };
  }
  const [time, span] = familyOf(left.type) === 'datetime' ? [left, right] : [right, left];
  return addInterval(time, span, name === '-' ? -1 : 1, type, context);
}

/** Intervals are milliseconds; a product or quotient with a fraction is cut to whole ones. */
function intervalArithmetic(
  left: Printed,
  right: Printed,
  { function: name, type }: CallExpression,
): Printed {
  const whole = [left, right].every((side) => isWhole(side) || familyOf(side.type) === 'interval');
  const failures = [left.failure, right.failure];
  if (name === '/' && whole) return division(...wholeOperands(left, right), { left, right }, type, 'BIGINT');
  const [a, b] = whole ? wholeOperands(left, right) : [asDouble(left), asDouble(right)];
  const result =
    name === '/'
      ? division(a, b, { left, right }, type, 'DOUBLE')
      : { sql: `${a} ${name} ${b}`, ...withFailure(...failures) };
  const sql = whole ? result.sql : `CAST(${result.sql} AS BIGINT)`;
  const limit = failsWhen(
    `NOT ABS(${asDouble(left)} * ${asDouble(right)}) <= ${MAX_WHOLE}`,
    'NUMERIC_OVERFLOW',
  );
  return {
    sql,
    type,
    flink: 'BIGINT',
    atom: !whole,
    ...withFailure(result.failure, name === '*' ? limit : undefined),
  };
}
