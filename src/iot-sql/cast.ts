import { toBoolean, toText } from './conversion.ts';
import type { IotSqlVersion } from './dialect.ts';
import type { Evaluate } from './frame.ts';
import type { CallSite } from './functions/function-spec.ts';
import { roundToInt, toNumeric } from './number.ts';
import { isNumber, type Value, WholeDecimal } from './value.ts';

/** The types a value can be cast to. */
type CastTarget = 'Int' | 'Decimal' | 'Boolean' | 'String';

/** A type name of `cast`, and the first version that has it. */
interface CastType {
  readonly target: CastTarget;
  readonly since?: IotSqlVersion;
}

/**
 * Type names in upper case (AWS IoT developer guide, iot-sql-functions, "cast"). FLOAT is not documented, but the
 * rules people write use it, and it means Double.
 */
export const CAST_TYPES: Readonly<Record<string, CastType>> = {
  STRING: { target: 'String' },
  NVARCHAR: { target: 'String' },
  TEXT: { target: 'String' },
  NTEXT: { target: 'String' },
  VARCHAR: { target: 'String' },
  INT: { target: 'Int' },
  INTEGER: { target: 'Int' },
  DOUBLE: { target: 'Decimal' },
  FLOAT: { target: 'Decimal' },
  DECIMAL: { target: 'Decimal', since: '2016-03-23' },
  BOOL: { target: 'Boolean', since: '2016-03-23' },
  BOOLEAN: { target: 'Boolean', since: '2016-03-23' },
};

/** Compiles `cast(value AS type)`; the checker has made sure that the type exists. */
export function compileCast(call: CallSite): Evaluate {
  const operand = call.arguments[0]!;
  const { target } = CAST_TYPES[call.castType ?? 'STRING']!;
  if (target === 'Decimal')
    return call.version === '2016-03-23' ? castNumber(operand) : castWholeDecimal(operand);
  const cast = CASTS[target];
  return (frame) => cast(operand(frame));
}

function castNumber(operand: Evaluate): Evaluate {
  return (frame) => {
    const value = operand(frame);
    return typeof value === 'number' ? value : castToDecimal(value);
  };
}

/** In version 2015-10-08 true is 1.0 and the text 10.0 stays 10.0, while an Int has no decimal point. */
function castWholeDecimal(operand: Evaluate): Evaluate {
  return (frame) => {
    const value = operand(frame);
    if (isNumber(value)) return value;
    const decimal = castToDecimal(value);
    const isWhole = typeof decimal === 'number' && Number.isInteger(decimal);
    return isWhole && (typeof value === 'boolean' || /[.eE]/.test(String(value)))
      ? new WholeDecimal(decimal)
      : decimal;
  };
}

const CASTS: Readonly<Record<Exclude<CastTarget, 'Decimal'>, (value: Value) => Value>> = {
  Int: castToInt,
  Boolean: castToBoolean,
  String: toText,
};

/** To Decimal: Booleans are 1 and 0, Null is Undefined. */
export function castToDecimal(value: Value): Value {
  return typeof value === 'boolean' ? Number(value) : toNumeric(value);
}

/** Decimals are rounded down, and so are Decimals written as text, which the standard conversion cuts off. */
function castToInt(value: Value): Value {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Math.floor(value);
  if (typeof value === 'boolean') return Number(value);
  const numeric = toNumeric(value);
  if (numeric === undefined) return undefined;
  return roundToInt(numeric, Math.floor);
}

/** 0 is false and every other number true. */
function castToBoolean(value: Value): Value {
  if (typeof value === 'boolean' || typeof value === 'string') return toBoolean(value);
  const numeric = toNumeric(value);
  return numeric === undefined ? undefined : Number(numeric) !== 0;
}
