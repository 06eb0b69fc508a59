import { isArray, type JsonValue, setAttribute, type Value, WholeDecimal } from './value.ts';

/**
 * Serialises a value as compact JSON. Undefined is dropped from objects, becomes null in arrays and is an empty text
 * alone (AWS IoT developer guide, iot-sql-data-types, "Undefined"); Ints keep all their digits.
 */
export function jsonText(value: Value): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return value === 0 ? '0' : String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return value.toString();
    case 'undefined':
      return '';
    default:
      return value === null ? 'null' : compositeText(value);
  }
}

function compositeText(value: object): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // longer than any string: no use to anybody, and an empty text is what Undefined has
    if (error instanceof RangeError) return '';
    // JSON.stringify refuses Ints beyond 2^53, and nothing else that a value can hold
    return exactText(value as Value);
  }
}

function exactText(value: Value): string {
  if (isArray(value)) return `[${value.map((element) => exactText(element ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null || value instanceof WholeDecimal) {
    return value instanceof WholeDecimal ? value.toString() : jsonText(value);
  }
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${exactText(member)}`);
  }
  return `{${members.join(',')}}`;
}

/**
 * A value as plain JSON data: Undefined members dropped, Ints beyond 2^53 as the nearest double. What needs no change
 * is returned as it is, not copied.
 */
export function toJsonValue(value: Value): JsonValue | undefined {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof WholeDecimal) return value.value;
  if (isPlain(value)) return value as JsonValue;
  if (isArray(value)) return value.map((element) => toJsonValue(element) ?? null);
  const plain: Record<string, Value> = {};
  for (const [key, member] of Object.entries(value)) {
    const converted = toJsonValue(member);
    if (converted !== undefined) setAttribute(plain, key, converted);
  }
  return plain as JsonValue;
}

function isPlain(value: Value): boolean {
  if (typeof value === 'bigint' || value === undefined || value instanceof WholeDecimal) return false;
  if (typeof value !== 'object' || value === null) return true;
  return (isArray(value) ? value : Object.values(value)).every(isPlain);
}
