import type { JsonObject, JsonValue } from '../../../iot-sql/index.ts';

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object that takes any text as a key: `__proto__` is a key like others. */
export function createJsonObject(entries: Iterable<readonly [string, JsonValue]> = []): {
  [key: string]: JsonValue;
} {
  const object = Object.create(null) as { [key: string]: JsonValue };
  for (const [key, value] of entries) object[key] = value;
  return object;
}

/** The value of a key that the object has itself. */
export function ownValue(object: JsonObject | undefined, key: string): JsonValue | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Are two JSON values equal? The order of keys does not matter, that of lists does. */
export function isSameJson(left: JsonValue, right: JsonValue): boolean {
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((each, index) => isSameJson(each, right[index]!));
  if (!isJsonObject(left) || !isJsonObject(right)) return left === right;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isSameJson(left[key]!, right[key]!))
  );
}
