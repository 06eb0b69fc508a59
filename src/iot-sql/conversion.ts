import { jsonText } from './json-text.ts';
import { numberText } from './number.ts';
import { type Value, WholeDecimal } from './value.ts';

/*
 * The standard conversions of AWS IoT developer guide, iot-sql-data-types, "Conversions". Those to numbers are in
 * number.ts. No conversion ever leads to Array, Object, Null or Undefined.
 */

/** To Boolean: Booleans, and the strings true and false in any case. */
export function toBoolean(value: Value): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' || value.length > 5) return undefined;
  const text = value.toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** To String: numbers in standard notation, arrays and objects as compact JSON; Null and Undefined have none. */
export function toText(value: Value): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
      return numberText(value);
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      if (value === undefined || value === null) return undefined;
      return value instanceof WholeDecimal ? value.toString() : jsonText(value);
  }
}
