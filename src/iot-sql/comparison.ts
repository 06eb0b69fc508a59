import { toNumeric } from './number.ts';
import { isArray, isNumber, isObject, type Numeric, type Value, WholeDecimal } from './value.ts';

/*
 * The comparison operators (AWS IoT developer guide, iot-sql-operators).
 */

/** `=`: Undefined on either side is Undefined, different types are unequal, Int and Decimal compare as numbers. */
export function equal(left: Value, right: Value): boolean | undefined {
  if (left === undefined || right === undefined) return undefined;
  return left === right || isSame(left, right);
}

/** `<>` */
export function notEqual(left: Value, right: Value): boolean | undefined {
  const same = equal(left, right);
  return same === undefined ? undefined : !same;
}

/** Order is that of Decimals, strings are never compared as text; what is no number makes the result Undefined. */
export function less(left: Value, right: Value): boolean | undefined {
  if (typeof left === 'number' && typeof right === 'number') return left < right;
  const [a, b] = [toNumeric(left), toNumeric(right)];
  return a === undefined || b === undefined ? undefined : a < b;
}

export function lessOrEqual(left: Value, right: Value): boolean | undefined {
  if (typeof left === 'number' && typeof right === 'number') return left <= right;
  const [a, b] = [toNumeric(left), toNumeric(right)];
  return a === undefined || b === undefined ? undefined : a <= b;
}

export function greater(left: Value, right: Value): boolean | undefined {
  if (typeof left === 'number' && typeof right === 'number') return left > right;
  return less(right, left);
}

export function greaterOrEqual(left: Value, right: Value): boolean | undefined {
  if (typeof left === 'number' && typeof right === 'number') return left >= right;
  return lessOrEqual(right, left);
}

/** `x IN array`: is some element equal to x? */
export function contained(element: Value, array: Value): boolean | undefined {
  if (element === undefined || !isArray(array)) return undefined;
  return array.some((candidate) => equal(element, candidate) === true);
}

function isSame(left: Value, right: Value): boolean {
  if (isNumber(left)) return isNumber(right) && isSameNumber(plainNumber(left), plainNumber(right));
  if (isArray(left)) return isArray(right) && isSameArray(left, right);
  if (isObject(left)) return isObject(right) && isSameObject(left, right);
  return left === right;
}

function plainNumber(value: number | bigint | WholeDecimal): Numeric {
  return value instanceof WholeDecimal ? value.value : value;
}

/** A `number` and a `bigint` may hold the same value, so `===` would not do. */
function isSameNumber(left: Numeric, right: Numeric): boolean {
  return left <= right && left >= right;
}

/** In order. */
function isSameArray(left: readonly Value[], right: readonly Value[]): boolean {
  return left.length === right.length && left.every((element, index) => isSame(element, right[index]));
}

/** Whatever the order of the keys. */
function isSameObject(
  left: Readonly<Record<string, Value>>,
  right: Readonly<Record<string, Value>>,
): boolean {
  const keys = Object.keys(left).filter((key) => left[key] !== undefined);
  const others = Object.keys(right).filter((key) => right[key] !== undefined);
  return (
    keys.length === others.length &&
    keys.every((key) => Object.hasOwn(right, key) && isSame(left[key], right[key]))
  );
}
