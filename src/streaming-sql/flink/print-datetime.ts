import type { Expression } from '../plan.ts';
import { familyOf, type SqlType } from '../sql-type.ts';
import { asBigint } from './print-arithmetic.ts';
import { printCast } from './print-cast.ts';
import type { ExpressionContext } from './print-context.ts';
import type { PrintFunction } from './print-expression.ts';
import { printInterval, printText } from './print-literal.ts';
import { failsWhen, magnitudeOf, operand, type Printed, withFailure } from './printed.ts';

const MILLIS_PER_DAY = 86_400_000;

const time = (sql: string, values: readonly Printed[], type: SqlType, atom = true): Printed => ({
  sql,
  type,
  flink: 'TIMESTAMP(3)',
  atom,
  ...withFailure(...values.map(({ failure }) => failure)),
});

/** Milliseconds since the epoch, or of the day, as an operand: what the engine computes with. */
export function millisOf(value: Printed, context: ExpressionContext): string {
  const literalTime = /^TIMESTAMP '([^']*)'$/.exec(value.sql)?.[1];
  if (literalTime !== undefined) return `CAST(${Date.parse(`${literalTime.replace(' ', 'T')}Z`)} AS BIGINT)`;
  if (value.flink === 'TIMESTAMP(3)') return context.call('MESONET_UNIX_MILLIS', [value.sql]);
  if (value.flink === 'DATE')
    return context.call('MESONET_UNIX_MILLIS', [`CAST(${value.sql} AS TIMESTAMP(3))`]);
  return asBigint(value);
}

/** Milliseconds as a value of a time type; `origin` fails where they lie outside the years 0000 to 9999. */
export function ofMillis(
  millis: string,
  type: SqlType,
  context: ExpressionContext,
  failures: readonly (string | undefined)[],
): Printed {
  if (type.name === 'TIME') {
    const day = context.call('MESONET_FLOOR_MILLIS', [millis, String(MILLIS_PER_DAY)]);
    return { sql: `(${millis}) - ${day}`, type, flink: 'BIGINT', atom: false, ...withFailure(...failures) };
  }
  const sql = context.call('MESONET_FROM_MILLIS', [millis]);
  const outside = failsWhen(`(${millis}) IS NOT NULL AND ${sql} IS NULL`, 'DATETIME_OVERFLOW');
  const printed: Printed = {
    sql,
    type: { name: 'TIMESTAMP' },
    flink: 'TIMESTAMP(3)',
    atom: true,
    ...withFailure(...failures, outside),
  };
  return type.name === 'DATE' ? printCast(printed, type, context) : printed;
}

/** A time moved by an interval; a literal one stays an interval. */
export function addInterval(
  value: Printed,
  span: Printed,
  sign: 1 | -1,
  type: SqlType,
  context: ExpressionContext,
): Printed {
  const word = sign === 1 ? '+' : '-';
  const failures = [value.failure, span.failure];
  if (type.name === 'TIMESTAMP' && /^-?\d+$/.test(span.sql)) {
    const sql = `${operand(value)} ${word} ${printInterval(Number(span.sql))}`;
    return time(`CAST(${sql} AS TIMESTAMP(3))`, [value], type);
  }
  return ofMillis(`${millisOf(value, context)} ${word} ${operand(span)}`, type, context, failures);
}

function literal(argument: Expression | undefined): string {
  return argument?.kind === 'literal' ? String(argument.value) : '';
}

const unitMillis: Readonly<Record<string, number>> = {
  SECOND: 1000,
  MINUTE: 60_000,
  HOUR: 3_600_000,
  DAY: MILLIS_PER_DAY,
  WEEK: 604_800_000,
};

const roundTo =
  (name: 'FLOOR' | 'CEIL'): PrintFunction =>
  (values, call, context) => {
    const [value] = values as [Printed];
    const unit = literal(call.arguments[1]);
    if (value.flink === 'TIMESTAMP(3)') return time(`${name}(${value.sql} TO ${unit})`, [value], call.type);
    if (value.flink === 'DATE')
      return printCast(
        time(`${name}(CAST(${value.sql} AS TIMESTAMP(3)) TO ${unit})`, [value], { name: 'TIMESTAMP' }),
        call.type,
        context,
      );
    const width = unitMillis[unit];
    if (width === undefined)
      return context.refuse(`${name} of ${call.type.name} TO ${unit} has no fixed length`);
    const millis = asBigint(value);
    const floored = (of: string) => context.call('MESONET_FLOOR_MILLIS', [of, String(width)]);
    const sql = name === 'FLOOR' ? floored(millis) : `-${floored(`-${millis}`)}`;
    return { ...value, sql, type: call.type, flink: 'BIGINT', atom: name === 'FLOOR' };
  };

/** Widths of STEP that are units of their own and start at the epoch. */
const stepUnits: ReadonlyMap<number, string> = new Map(
  (['SECOND', 'MINUTE', 'HOUR', 'DAY'] as const).map((unit) => [unitMillis[unit]!, unit]),
);

const printStep: PrintFunction = (values, call, context) => {
  const [value, width] = values as [Printed, Printed];
  if (familyOf(value.type) === 'numeric') {
    const whole = [value, width].every(({ flink }) =>
      ['TINYINT', 'SMALLINT', 'INT', 'BIGINT'].includes(flink),
    );
    if (!whole || !/^[1-9]\d*$/.test(width.sql))
      return context.refuse('STEP of fractions, or by anything but a whole number');
    const sql = `${asBigint(value)} / ${width.sql} * ${width.sql}`;
    const { magnitude = magnitudeOf(value.type) } = value;
    return {
      ...value,
      sql,
      type: call.type,
      flink: 'BIGINT',
      atom: false,
      ...(magnitude !== undefined && { magnitude }),
    };
  }
  const unit = value.flink === 'TIMESTAMP(3)' ? stepUnits.get(Number(width.sql)) : undefined;
  if (unit !== undefined) return time(`FLOOR(${value.sql} TO ${unit})`, [value], call.type);
  const millis = context.call('MESONET_FLOOR_MILLIS', [millisOf(value, context), width.sql]);
  if (familyOf(value.type) === 'interval')
    return { ...value, sql: millis, type: call.type, flink: 'BIGINT', atom: true };
  const stepped = time(context.call('MESONET_FROM_MILLIS', [millis]), [value], { name: 'TIMESTAMP' });
  return call.type.name === 'TIME'
    ? { ...value, sql: millis, type: call.type, flink: 'BIGINT', atom: true }
    : printCast(stepped, call.type, context);
};

/** Hours, minutes and seconds of an interval lie within the next greater unit. */
const spanModulus: Readonly<Record<string, number>> = { HOUR: 24, MINUTE: 60, SECOND: 60 };

const printExtract: PrintFunction = (values, call, context) => {
  const value = values[1]!;
  const unit = literal(call.arguments[0]);
  const common = {
    type: call.type,
    flink: 'BIGINT',
    magnitude: 9999,
    ...withFailure(value.failure),
  } as const;
  if (value.flink === 'TIMESTAMP(3)' || value.flink === 'DATE') {
    const of = value.flink === 'DATE' ? `CAST(${value.sql} AS TIMESTAMP(3))` : value.sql;
    return { ...common, sql: `EXTRACT(${unit} FROM ${of})`, atom: true };
  }
  const width = unitMillis[unit];
  if (width === undefined) return context.refuse(`EXTRACT(${unit} FROM …) of ${value.type.name}`);
  const whole = `${asBigint(value)} / ${width}`;
  const modulus = spanModulus[unit];
  return modulus === undefined
    ? { ...common, sql: whole, atom: false, magnitude: Number.MAX_SAFE_INTEGER }
    : { ...common, sql: `MOD(${whole}, ${modulus})`, atom: true };
};

/** Letters that mean the same to SimpleDateFormat and to DATE_FORMAT of Flink, which knows those of DateTimeFormatter. */
const sharedPattern = /^(?:yyyy|MM|dd|HH|mm|ss|SSS|[ :./,_-])*$/;

const toChar: PrintFunction = (values, call, context) => {
  const value = values[1]!;
  const pattern = literal(call.arguments[0]);
  const common = { type: call.type, flink: 'STRING', atom: true, ...withFailure(value.failure) };
  const at =
    value.flink === 'BIGINT'
      ? context.call('MESONET_FROM_MILLIS', [value.sql])
      : value.flink === 'DATE'
        ? `CAST(${value.sql} AS TIMESTAMP(3))`
        : value.sql;
  return sharedPattern.test(pattern) && /[a-zA-Z]/.test(pattern)
    ? { ...common, sql: `DATE_FORMAT(${at}, ${printText(pattern)})` }
    : { ...common, sql: context.call('MESONET_FORMAT_TIMESTAMP', [at, printText(pattern)]) };
};

const fromChar: PrintFunction = (values, call, context) => {
  const value = values[1]!;
  const sql = context.call('MESONET_PARSE_TIMESTAMP', [value.sql, printText(literal(call.arguments[0]))]);
  const fails = failsWhen(`${operand(value)} IS NOT NULL AND ${sql} IS NULL`, 'INVALID_CAST');
  const parsed = { ...time(sql, [], { name: 'TIMESTAMP' }), ...withFailure(value.failure, fails) };
  return call.type.name === 'TIMESTAMP' ? parsed : printCast(parsed, call.type, context);
};

/** SQL reference, "Date and Time Functions" and "Datetime Conversion Functions". */
export const datetimeFunctions: Readonly<Record<string, PrintFunction>> = {
  STEP: printStep,
  FLOOR_TO: roundTo('FLOOR'),
  CEIL_TO: roundTo('CEIL'),
  EXTRACT: printExtract,
  UNIX_TIMESTAMP: (values, { type }, context) => ({
    sql: millisOf(values[0]!, context),
    type,
    flink: 'BIGINT',
    atom: true,
    ...withFailure(values[0]!.failure),
  }),
  TO_TIMESTAMP: (values, { type }, context) => {
    const [value] = values as [Printed];
    const millis = value.flink === 'DOUBLE' ? `CAST(${value.sql} AS BIGINT)` : asBigint(value);
    return ofMillis(millis, type, context, [value.failure]);
  },
  TSDIFF: (values, { type }, context: ExpressionContext) => {
    const [start, end] = values as [Printed, Printed];
    return {
      sql: `ABS(${millisOf(end, context)} - ${millisOf(start, context)})`,
      type,
      flink: 'BIGINT',
      atom: true,
      ...withFailure(start.failure, end.failure),
    };
  },
  TIMESTAMP_TO_CHAR: toChar,
  DATE_TO_CHAR: toChar,
  TIME_TO_CHAR: toChar,
  CHAR_TO_TIMESTAMP: fromChar,
  CHAR_TO_DATE: fromChar,
  CHAR_TO_TIME: fromChar,
};
