/** Any JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/**
 * A Decimal that happens to be whole, in version 2015-10-08 only: there `10.0` stays `10.0`, while version 2016-03-23
 * processes it as the Int `10` (AWS IoT developer guide, iot-rule-sql-version).
 */
export class WholeDecimal {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  toString(): string {
    const digits = String(this.value);
    return digits.includes('e') ? digits.replace('e', 'E') : `${digits}.0`;
  }

  /** Only Node's raw JSON can print a number with a trailing `.0`. */
  toJSON(): unknown {
    return rawJson(this.toString());
  }
}

const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => unknown };

/**
 * A value of the rules language (AWS IoT developer guide, iot-sql-data-types). Undefined is `undefined`, Null is `null`.
 * An Int is a safe integer `number`, or a `bigint` where a double could not hold every digit; a Decimal is a `number`.
 */
export type Value =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | WholeDecimal
  | string
  | readonly Value[]
  | ObjectValue;

export interface ObjectValue {
  readonly [key: string]: Value;
}

/** A numeric value in a form JavaScript can compare. */
export type Numeric = number | bigint;

export function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isObject(value: Value): value is ObjectValue {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof WholeDecimal)
  );
}

export function isNumber(value: Value): value is number | bigint | WholeDecimal {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof WholeDecimal;
}

/** Is it of type Int? In version 2016-03-23 every whole number is. */
export function isInt(value: Value): value is Numeric {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

/** Names that every object inherits; an attribute of such a name exists only if the object holds it itself. */
export function isInheritedName(name: string): boolean {
  return name in Object.prototype;
}

/** The attribute of an object; Undefined for a missing one and for anything that is no object. */
export function attributeOf(value: Value, name: string): Value {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Sets an own property whatever its name: assigning to `__proto__` would change the object's prototype instead. */
export function setAttribute(object: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[name] = value;
  }
}
