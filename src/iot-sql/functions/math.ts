import { isSafeInteger, remainder } from '../arithmetic.ts';
import { finite, numberText, roundHalfAway, roundToInt, toDouble, toInt, toNumeric } from '../number.ts';
import { type Value, WholeDecimal } from '../value.ts';
import type { FunctionSpec, FunctionTable } from './function-spec.ts';

/** One Decimal in double precision; a result that is no real number is Undefined. */
function ofDouble(compute: (value: number) => number): FunctionSpec {
  const evaluate = (value: Value) => {
    const double = toDouble(value);
    return double === undefined ? undefined : finite(compute(double));
  };
  return { minArguments: 1, maxArguments: 1, isDecimal: true, evaluate };
}

function ofTwoDoubles(compute: (left: number, right: number) => number): FunctionSpec {
  const evaluate = (left: Value, right: Value) => {
    const [a, b] = [toDouble(left), toDouble(right)];
    return a === undefined || b === undefined ? undefined : finite(compute(a, b));
  };
  return { minArguments: 2, maxArguments: 2, isDecimal: true, evaluate };
}

/** One number to an Int. */
function toWhole(round: (value: number) => number): FunctionSpec {
  const evaluate = (value: Value) => {
    const numeric = toNumeric(value);
    return numeric === undefined ? undefined : roundToInt(numeric, round);
  };
  return { minArguments: 1, maxArguments: 1, evaluate };
}

function absolute(value: Value): Value {
  if (value instanceof WholeDecimal) return new WholeDecimal(Math.abs(value.value));
  const numeric = toNumeric(value);
  if (typeof numeric === 'bigint') return numeric < 0n ? -numeric : numeric;
  return numeric === undefined ? undefined : Math.abs(numeric);
}

/** `trunc(number, places)`: places clamped to 0..34 and rounded down, the rest cut off. */
function truncate(value: Value, places: Value): Value {
  const numeric = toNumeric(value);
  const wanted = toDouble(places);
  if (numeric === undefined || wanted === undefined) return undefined;
  if (typeof numeric === 'bigint' || Math.abs(numeric) >= 1e21) return numeric;
  const kept = Math.max(0, Math.min(34, Math.floor(wanted)));
  // cut in the decimal text: doubles such as 2.3 * 100 do not hold the digits people see
  const text = plainText(numeric);
  const point = text.indexOf('.');
  return point < 0 ? numeric : Number(text.slice(0, point + 1 + kept));
}

/** A number's shortest digits without an exponent: 1.5e-7 is 0.00000015. */
function plainText(value: number): string {
  const text = numberText(value);
  const small = /^(-?)(\d)(?:\.(\d+))?E-(\d+)$/.exec(text);
  if (small === null) return text;
  const [, sign, first, rest = '', exponent] = small;
  return `${sign}0.${'0'.repeat(Number(exponent) - 1)}${first}${rest}`;
}

/** Both operands rounded down to Int; two's complement as wide as the numbers need. */
function ofBits(
  narrow: (a: number, b: number) => number,
  wide: (a: bigint, b: bigint) => bigint,
): FunctionSpec {
  const evaluate = (left: Value, right: Value) => {
    const [a, b] = [toNumeric(left), toNumeric(right)];
    if (a === undefined || b === undefined) return undefined;
    const [x, y] = [roundToInt(a, Math.floor), roundToInt(b, Math.floor)];
    if (typeof x === 'number' && typeof y === 'number' && (x | 0) === x && (y | 0) === y) return narrow(x, y);
    return toInt(wide(BigInt(x), BigInt(y)));
  };
  return { minArguments: 2, maxArguments: 2, evaluate };
}

/** The guide's `bitnot(13) = 2` contradicts two's complement, which every other bit function follows: -14. */
function bitNot(value: Value): Value {
  const numeric = toNumeric(value);
  if (numeric === undefined) return undefined;
  const whole = roundToInt(numeric, Math.floor);
  return typeof whole === 'number' && isSafeInteger(whole) ? -whole - 1 : toInt(~BigInt(whole));
}

const remainderSpec: FunctionSpec = { minArguments: 2, maxArguments: 2, evaluate: remainder };

/** Numbers (AWS IoT developer guide, iot-sql-functions). */
export const MATH_FUNCTIONS: FunctionTable = {
  abs: { minArguments: 1, maxArguments: 1, evaluate: absolute },
  acos: ofDouble(Math.acos),
  asin: ofDouble(Math.asin),
  atan: ofDouble(Math.atan),
  atan2: ofTwoDoubles(Math.atan2),
  bitand: ofBits(
    (a, b) => a & b,
    (a, b) => a & b,
  ),
  bitnot: { minArguments: 1, maxArguments: 1, evaluate: bitNot },
  bitor: ofBits(
    (a, b) => a | b,
    (a, b) => a | b,
  ),
  bitxor: ofBits(
    (a, b) => a ^ b,
    (a, b) => a ^ b,
  ),
  ceil: toWhole(Math.ceil),
  cos: ofDouble(Math.cos),
  cosh: ofDouble(Math.cosh),
  exp: ofDouble(Math.exp),
  floor: toWhole(Math.floor),
  ln: ofDouble(Math.log),
  log: ofDouble(Math.log10),
  mod: remainderSpec,
  power: ofTwoDoubles((base, exponent) => base ** exponent),
  rand: { minArguments: 0, maxArguments: 0, isDecimal: true, compile: () => () => Math.random() },
  remainder: remainderSpec,
  round: toWhole(roundHalfAway),
  sign: toWhole(Math.sign),
  sin: ofDouble(Math.sin),
  sinh: ofDouble(Math.sinh),
  sqrt: ofDouble(Math.sqrt),
  tan: ofDouble(Math.tan),
  tanh: ofDouble(Math.tanh),
  trunc: { minArguments: 2, maxArguments: 2, evaluate: truncate },
};
