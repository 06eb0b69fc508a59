import { toText } from './conversion.ts';
import { MAX_TEXT_LENGTH } from './limits.ts';
import { finite, toInt, toNumeric } from './number.ts';
import { isInt, isNumber, type Numeric, type Value, WholeDecimal } from './value.ts';

/*
 * The arithmetic operators (AWS IoT developer guide, iot-sql-operators). Anything the tables do not name is Undefined.
 * Ints stay exact; Decimals are IEEE doubles.
 */

/** A String on either side joins texts, otherwise both sides must be numbers: `"1" + 2` is `"12"`. */
export function add(left: Value, right: Value): Value {
  if (typeof left === 'number' && typeof right === 'number') return exact(left + right, left, right, addBig);
  if (typeof left === 'string' || typeof right === 'string') return concatenate(left, right);
  return isNumber(left) && isNumber(right) ? compute(left, right, addDouble, addBig) : undefined;
}

function concatenate(left: Value, right: Value): Value {
  const [a, b] = [toText(left), toText(right)];
  if (a === undefined || b === undefined || a.length + b.length > MAX_TEXT_LENGTH) return undefined;
  return a + b;
}

export function subtract(left: Value, right: Value): Value {
  return compute(left, right, subtractDouble, subtractBig);
}

export function multiply(left: Value, right: Value): Value {
  return compute(left, right, multiplyDouble, multiplyBig);
}

/**
 * Int by Int is an Int when it divides exactly and a Decimal otherwise: the operator table says Int, the guide's own
 * example of SET prints (75 - 32) * 5 / 9 as 23.89. By zero it is Undefined.
 */
export function divide(left: Value, right: Value): Value {
  return compute(left, right, (a, b) => a / b, divideBig);
}

/** The sign is that of the left side, as in Java; by zero it is Undefined. */
export function remainder(left: Value, right: Value): Value {
  return compute(left, right, (a, b) => a % b, remainderBig);
}

export function negate(value: Value): Value {
  if (value instanceof WholeDecimal) return new WholeDecimal(-value.value);
  const numeric = toNumeric(value);
  if (typeof numeric === 'bigint') return toInt(-numeric);
  return numeric === undefined ? undefined : 0 - numeric;
}

export { isSafeInteger };

const { isSafeInteger } = Number;

const addDouble = (a: number, b: number) => a + b;
const addBig = (a: bigint, b: bigint) => a + b;
const subtractDouble = (a: number, b: number) => a - b;
const subtractBig = (a: bigint, b: bigint) => a - b;
const multiplyDouble = (a: number, b: number) => a * b;
const multiplyBig = (a: bigint, b: bigint) => a * b;
const divideBig = (a: bigint, b: bigint) => (b !== 0n && a % b === 0n ? a / b : undefined);
const remainderBig = (a: bigint, b: bigint) => (b === 0n ? undefined : a % b);

function compute(
  left: Value,
  right: Value,
  ofDoubles: (a: number, b: number) => number,
  ofInts: (a: bigint, b: bigint) => bigint | undefined,
): Value {
  const [a, b] = [toNumeric(left), toNumeric(right)];
  if (a === undefined || b === undefined) return undefined;
  if (left instanceof WholeDecimal || right instanceof WholeDecimal)
    return decimal(ofDoubles(Number(a), Number(b)));
  if (typeof a === 'number' && typeof b === 'number') return exact(ofDoubles(a, b), a, b, ofInts);
  return isInt(a) && isInt(b) ? exactInt(a, b, ofInts, ofDoubles) : finite(ofDoubles(Number(a), Number(b)));
}

/** In version 2015-10-08 a Decimal operand makes a Decimal. */
function decimal(result: number): Value {
  return Number.isInteger(result) ? new WholeDecimal(result) : finite(result);
}

/** A double result of two doubles, computed again in whole numbers when they are Ints too large for it. */
function exact(
  result: number,
  a: number,
  b: number,
  ofInts: (a: bigint, b: bigint) => bigint | undefined,
): Value {
  if (result < Number.MAX_SAFE_INTEGER && result > Number.MIN_SAFE_INTEGER) return result;
  if (!Number.isInteger(a) || !Number.isInteger(b)) return finite(result);
  const whole = ofInts(BigInt(a), BigInt(b));
  return whole === undefined ? finite(result) : toInt(whole);
}

function exactInt(
  a: Numeric,
  b: Numeric,
  ofInts: (a: bigint, b: bigint) => bigint | undefined,
  ofDoubles: (a: number, b: number) => number,
): Value {
  const whole = ofInts(BigInt(a), BigInt(b));
  return whole === undefined ? finite(ofDoubles(Number(a), Number(b))) : toInt(whole);
}
