import { integerBounds, printType, type SqlType } from '../sql-type.ts';
import { isTimestamp } from '../timestamp-text.ts';
import { EvaluationError } from './engine-error.ts';

const MILLIS_PER_DAY = 86_400_000;

/** Rounds half away from zero to `scale` decimal digits, forgiving the last bit of a binary fraction. */
export function roundTo(value: number, scale: number): number {
  if (scale === 0 && Number.isInteger(value)) return value;
  const factor = 10 ** scale;
  const scaled = Math.abs(value) * factor;
  if (scaled >= Number.MAX_SAFE_INTEGER) return value;
  return (Math.sign(value) * Math.round(scaled * (1 + Number.EPSILON))) / factor;
}

/**
 * A number as a value of the type: integers truncate, DECIMAL rounds to its scale.
 * @throws EvaluationError when it does not fit the type, or is not finite
 */
export function fitNumber(value: number, type: SqlType): number {
  if (!Number.isFinite(value))
    throw new EvaluationError('NUMERIC_OVERFLOW', `Value ${value} is no ${printType(type)}`);
  const bounds = integerBounds[type.name];
  if (bounds !== undefined) {
    const whole = Math.trunc(value);
    if (whole < bounds[0] || whole > bounds[1]) overflow(value, type);
    return whole === 0 ? 0 : whole;
  }
  if (type.name === 'DECIMAL') {
    const { precision = 18, scale = 0 } = type;
    const rounded = roundTo(value, scale);
    if (Math.abs(rounded) >= 10 ** (precision - scale)) overflow(value, type);
    return rounded;
  }
  if (type.name !== 'REAL') return value;
  const narrowed = Math.fround(value);
  if (!Number.isFinite(narrowed)) overflow(value, type);
  return narrowed;
}

/**
 * Milliseconds as a value of a datetime type: a DATE is a whole day, a TIME goes round the clock.
 * @throws EvaluationError outside the years 0000 to 9999
 */
export function fitTime(value: number, type: SqlType): number {
  if (type.name === 'TIME') return ((Math.trunc(value) % MILLIS_PER_DAY) + MILLIS_PER_DAY) % MILLIS_PER_DAY;
  if (!isTimestamp(value))
    throw new EvaluationError('DATETIME_OVERFLOW', `Time ${value} ms is out of the range of ${type.name}`);
  return type.name === 'DATE' ? Math.floor(value / MILLIS_PER_DAY) * MILLIS_PER_DAY : Math.trunc(value);
}

/** A length of time in whole milliseconds. @throws EvaluationError beyond what a number counts exactly */
export function fitInterval(value: number, type: SqlType): number {
  if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) overflow(value, type);
  return Math.trunc(value);
}

function overflow(value: number, type: SqlType): never {
  throw new EvaluationError('NUMERIC_OVERFLOW', `Value ${value} does not fit ${printType(type)}`);
}
