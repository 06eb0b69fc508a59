import type { JsonObject, JsonValue } from '../iot-sql/index.ts';

/** One place where two JSON values differ. */
export interface JsonDifference {
  /** From the root `$`, for example `$.readings[0].value`. */
  readonly path: string;
  /** JSON text, or `absent`. */
  readonly expected: string;
  readonly actual: string;
}

const ABSENT = 'absent';

/**
 * Where an actual value differs from the expected one, path by path; empty when they are the same. The order of keys does
 * not count. An expected `{"$pattern": "…"}` stands for any text or number that the regular expression matches.
 */
export function jsonDifferences(
  expected: JsonValue | undefined,
  actual: JsonValue | undefined,
  path = '$',
): readonly JsonDifference[] {
  if (isArray(expected) && isArray(actual)) return arrayDifferences(expected, actual, path);
  const pattern = patternOf(expected);
  if (pattern !== undefined) return patternDifferences(pattern, actual, path);
  if (isObject(expected) && isObject(actual)) return objectDifferences(expected, actual, path);
  return expected === actual ? [] : [{ path, expected: printJson(expected), actual: printJson(actual) }];
}

/** The regular expression of a `{"$pattern": "…"}`; undefined for every other value. */
export function patternOf(value: JsonValue | undefined): string | undefined {
  if (!isObject(value) || Object.keys(value).length !== 1 || !Object.hasOwn(value, '$pattern'))
    return undefined;
  return typeof value.$pattern === 'string' ? value.$pattern : undefined;
}

function patternDifferences(pattern: string, actual: JsonValue | undefined, path: string): JsonDifference[] {
  const isText = typeof actual === 'string' || typeof actual === 'number';
  if (isText && new RegExp(pattern, 'u').test(String(actual))) return [];
  return [{ path, expected: `text that matches /${pattern}/`, actual: printJson(actual) }];
}

function arrayDifferences(
  expected: readonly JsonValue[],
  actual: readonly JsonValue[],
  path: string,
): JsonDifference[] {
  const length = Math.max(expected.length, actual.length);
  return Array.from({ length }).flatMap((_, at) =>
    jsonDifferences(expected[at], actual[at], `${path}[${at}]`),
  );
}

function objectDifferences(expected: JsonObject, actual: JsonObject, path: string): JsonDifference[] {
  const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...names].flatMap((name) =>
    jsonDifferences(memberOf(expected, name), memberOf(actual, name), `${path}${step(name)}`),
  );
}

function memberOf(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function step(name: string): string {
  return /^[A-Za-z_][A-Za-z_0-9]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function printJson(value: JsonValue | undefined): string {
  return value === undefined ? ABSENT : JSON.stringify(value);
}

function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
