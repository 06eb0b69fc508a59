import { isInt, type Numeric, type Value, WholeDecimal } from './value.ts';

/** AWS: Int and Decimal hold up to 34 digits (AWS IoT developer guide, iot-sql-data-types). */
const MAX_INT = 10n ** 34n;

/** The text forms that convert to Decimal (AWS IoT developer guide, iot-sql-data-types, "Conversions"). */
const DECIMAL_TEXT = /^-?\d+(\.\d+)?([eE]-?\d+)?$/;
const INT_TEXT = /^-?\d+$/;

/** An Int in its canonical form: a safe integer as `number`, up to 34 digits as `bigint`, beyond that a double. */
export function toInt(value: bigint): Numeric {
  const double = Number(value);
  if (Number.isSafeInteger(double) || value <= -MAX_INT || value >= MAX_INT) return double;
  return value;
}

/** The whole number nearest below, nearest, or toward zero, exact whatever its size; Undefined for no number. */
export function roundToInt(value: Numeric, round: (value: number) => number): Numeric {
  if (typeof value === 'bigint') return value;
  const whole = round(value);
  return whole === 0 ? 0 : whole;
}

/** The standard conversion to Decimal: numbers, and strings of the documented form; everything else is Undefined. */
export function toNumeric(value: Value): Numeric | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'string') return parseDecimal(value);
  return value instanceof WholeDecimal ? value.value : undefined;
}

/** The same as a double, for functions that AWS computes in double precision. */
export function toDouble(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  const numeric = toNumeric(value);
  return numeric === undefined ? undefined : Number(numeric);
}

/** The standard conversion to Int: a Decimal is rounded to the nearest, the text of a Decimal is cut off. */
export function toNearestInt(value: Value): Numeric | undefined {
  const numeric = toNumeric(value);
  if (numeric === undefined) return undefined;
  return roundToInt(numeric, typeof value === 'string' ? Math.trunc : roundHalfAway);
}

/** To the nearest whole number, halves away from zero: by the guide's examples `Round(-1.5)` is -2. */
export function roundHalfAway(value: number): number {
  const whole = Math.trunc(value);
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole;
}

/** A Decimal written as text: `-1.5E-3`, not `+1`, `.5`, `1.` or ` 1`. */
export function parseDecimal(text: string): Numeric | undefined {
  if (!DECIMAL_TEXT.test(text)) return undefined;
  const double = Number(text);
  if (!Number.isSafeInteger(double) && INT_TEXT.test(text) && text.length <= 35) return toInt(BigInt(text));
  return finite(double);
}

/** Infinity and NaN are no values of the language. */
export function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/**
 * The text of a number as the standard conversion to String gives it: Ints in full, Decimals with `E` when very
 * small or very large.
 */
export function numberText(value: Numeric): string {
  if (typeof value === 'bigint') return value.toString();
  const text = String(value);
  if (!text.includes('e')) return text;
  return isInt(value) && Math.abs(value) < 1e34 ? BigInt(value).toString() : text.replace('e', 'E');
}
