import { familyOf, integerBounds, type SqlType } from '../sql-type.ts';
import { flinkType } from './flink-type.ts';
import { asBigint, asDouble, fitFraction } from './print-arithmetic.ts';
import type { ExpressionContext } from './print-context.ts';
import { ofMillis } from './print-datetime.ts';
import { printText } from './print-literal.ts';
import { printNull } from './print-null.ts';
import { failsWhen, magnitudeOf, operand, type Printed, withFailure } from './printed.ts';

/** CAST, or the conversion of a value that a pump inserts, as the engine does it; TRY_CAST where it may fail. */
export function printCast(value: Printed, type: SqlType, context: ExpressionContext): Printed {
  if (value.type.name === 'NULL') return printNull(type);
  switch (familyOf(type)) {
    case 'numeric':
      return castToNumber(value, type, context);
    case 'character':
      return castToText(value, type, context);
    case 'boolean':
      return familyOf(value.type) === 'character' ? textToBoolean(value, type) : { ...value, type };
    case 'datetime':
      return castToTime(value, type, context);
    case 'interval':
      return familyOf(value.type) === 'character' ? textToInterval(value, type, context) : { ...value, type };
    case 'binary':
      return { ...value, sql: castSql(value, type), type, flink: flinkType(type), atom: true };
    default:
      return { ...value, type };
  }
}

function castSql(value: Printed, type: SqlType): string {
  return `CAST(${value.sql} AS ${flinkType(type)})`;
}

function castToNumber(value: Printed, type: SqlType, context: ExpressionContext): Printed {
  const family = familyOf(value.type);
  if (family === 'character') return numberTo(textToDouble(value, context), type);
  if (family === 'interval') return numberTo(countOf(value, context), type);
  if (family !== 'numeric') return context.refuse(`CAST of ${value.type.name} to ${type.name}`);
  return numberTo(value, type);
}

function textToDouble(value: Printed, context: ExpressionContext): Printed {
  const sql = context.call('MESONET_TO_DOUBLE', [value.sql]);
  const fails = failsWhen(`${operand(value)} IS NOT NULL AND ${sql} IS NULL`, 'INVALID_CAST');
  return { sql, type: { name: 'DOUBLE' }, flink: 'DOUBLE', atom: true, ...withFailure(value.failure, fails) };
}

const fieldMillis: Readonly<Record<string, number>> = {
  DAY: 86_400_000,
  HOUR: 3_600_000,
  MINUTE: 60_000,
  SECOND: 1000,
};

/** How many of its field an interval holds; a fraction only of seconds. */
function countOf(value: Printed, context: ExpressionContext): Printed {
  const [field] = value.type.fields ?? ['DAY'];
  const width = fieldMillis[field];
  if (width === undefined) return context.refuse(`CAST of an interval of ${field} to a number`);
  const { magnitude: _, ...rest } = value;
  return field === 'SECOND'
    ? { ...rest, sql: `${asDouble(value)} / 1000E0`, type: { name: 'DECIMAL' }, flink: 'CUT', atom: false }
    : {
        ...rest,
        sql: `${asBigint(value)} / ${width}`,
        type: { name: 'BIGINT' },
        flink: 'BIGINT',
        atom: false,
      };
}

function numberTo(value: Printed, type: SqlType): Printed {
  const bounds = integerBounds[type.name];
  if (bounds !== undefined) return wholeNumber(value, type, bounds);
  if (type.name === 'DOUBLE')
    return value.flink === 'DOUBLE' || value.flink === 'CUT'
      ? { ...value, type, flink: 'DOUBLE' }
      : { ...plain(value), sql: asDouble(value), type, flink: 'DOUBLE', atom: true };
  if (value.flink === flinkType(type)) return { ...value, type };
  return fitFraction(value.flink === 'FLOAT' ? { ...value, sql: asDouble(value) } : value, type);
}

function plain({ magnitude: _, ...rest }: Printed): Printed {
  return rest;
}

/** Fractions are rounded half away from zero, as the engine rounds; only the count of an interval is cut. */
function wholeNumber(value: Printed, type: SqlType, [low, high]: readonly [number, number]): Printed {
  const flink = flinkType(type);
  const own = value.magnitude ?? magnitudeOf(value.type);
  const limit = magnitudeOf(type) ?? 0;
  const common = { type, flink, atom: true, magnitude: limit } as const;
  if (own !== undefined && ['TINYINT', 'SMALLINT', 'INT', 'BIGINT'].includes(value.flink)) {
    const outside =
      own > limit
        ? failsWhen(`${operand(value)} NOT BETWEEN ${low} AND ${high}`, 'NUMERIC_OVERFLOW')
        : undefined;
    const sql = value.flink === flink ? value.sql : castSql(value, type);
    const atom = value.flink === flink ? value.atom : true;
    return { ...common, sql, atom, magnitude: Math.min(own, limit), ...withFailure(value.failure, outside) };
  }
  const double = asDouble(value.flink === 'CUT' ? { ...value, flink: 'DOUBLE' } : value);
  const rounded = value.flink === 'CUT' ? `TRUNCATE(${double})` : roundHalfUp(double);
  const outside = failsWhen(`NOT ${rounded} BETWEEN ${low}E0 AND ${high}E0`, 'NUMERIC_OVERFLOW');
  return { ...common, sql: `CAST(${rounded} AS ${flink})`, ...withFailure(value.failure, outside) };
}

/** The engine's own rounding, which forgives the last bit of a binary fraction. */
function roundHalfUp(double: string): string {
  return `SIGN(${double}) * FLOOR(ABS(${double}) * 1.0000000000000002E0 + 0.5E0)`;
}

function castToText(value: Printed, type: SqlType, context: ExpressionContext): Printed {
  const text = textOf(value, context);
  if (text.flink === flinkType(type)) return { ...text, type };
  return { ...text, sql: castSql(text, type), type, flink: flinkType(type), atom: true };
}

/** A value as text, before it is cut to its length. */
function textOf(value: Printed, context: ExpressionContext): Printed {
  const as = (sql: string): Printed => ({
    sql,
    type: value.type,
    flink: 'STRING',
    atom: true,
    ...withFailure(value.failure),
  });
  switch (value.type.name) {
    case 'DOUBLE':
    case 'REAL':
    case 'DECIMAL':
      return as(context.call('MESONET_TEXT', [asDouble(value)]));
    case 'TIME':
      return as(context.call('MESONET_TIME_TEXT', [value.sql]));
    case 'INTERVAL': {
      const [from, to] = value.type.fields ?? ['DAY', 'SECOND'];
      return as(context.call('MESONET_INTERVAL_TEXT', [asBigint(value), printText(from), printText(to)]));
    }
    case 'BINARY':
    case 'VARBINARY':
      return context.refuse('CAST of bytes to text');
    default:
      return value;
  }
}

function textToBoolean(value: Printed, type: SqlType): Printed {
  const word = `UPPER(TRIM(${value.sql}))`;
  const fails = failsWhen(`${word} NOT IN ('TRUE', 'FALSE', 'UNKNOWN')`, 'INVALID_CAST');
  const sql = `CASE ${word} WHEN 'TRUE' THEN TRUE WHEN 'FALSE' THEN FALSE END`;
  return { sql, type, flink: 'BOOLEAN', atom: true, ...withFailure(value.failure, fails) };
}

function textToInterval(value: Printed, type: SqlType, context: ExpressionContext): Printed {
  const [from, to] = type.fields ?? ['DAY', 'SECOND'];
  const sql = context.call('MESONET_PARSE_INTERVAL', [value.sql, printText(from), printText(to)]);
  return parsed(value, sql, type, 'BIGINT');
}

function parsed(value: Printed, sql: string, type: SqlType, flink: string): Printed {
  const fails = failsWhen(`${operand(value)} IS NOT NULL AND ${sql} IS NULL`, 'INVALID_CAST');
  return { sql, type, flink, atom: true, ...withFailure(value.failure, fails) };
}

function castToTime(value: Printed, type: SqlType, context: ExpressionContext): Printed {
  if (familyOf(value.type) === 'character') {
    if (type.name === 'TIME')
      return parsed(value, context.call('MESONET_PARSE_TIME', [value.sql]), type, 'BIGINT');
    const time = parsed(
      value,
      context.call('MESONET_PARSE_TIMESTAMP', [value.sql]),
      { name: 'TIMESTAMP' },
      'TIMESTAMP(3)',
    );
    return type.name === 'TIMESTAMP' ? time : castToTime(time, type, context);
  }
  if (value.flink === flinkType(type)) return { ...value, type };
  if (type.name === 'TIME') {
    const at = value.flink === 'DATE' ? `CAST(${value.sql} AS TIMESTAMP(3))` : value.sql;
    return ofMillis(context.call('MESONET_UNIX_MILLIS', [at]), type, context, [value.failure]);
  }
  if (value.flink === 'BIGINT') return ofMillis(value.sql, type, context, [value.failure]);
  return { ...value, sql: castSql(value, type), type, flink: flinkType(type), atom: true };
}
