import { compileCast } from '../cast.ts';
import { toText } from '../conversion.ts';
import { jsonText } from '../json-text.ts';
import { MAX_ARRAY_LENGTH, MAX_TEXT_LENGTH } from '../limits.ts';
import { toNearestInt } from '../number.ts';
import { attributeOf, isArray, isObject, setAttribute, type Value } from '../value.ts';
import type { FunctionTable } from './function-spec.ts';

/** AWS: the result of transform is at most 128 KiB (AWS IoT developer guide, iot-sql-functions, "transform"). */
const MAX_TRANSFORM_BYTES = 131_072;

/** `get(collection, key)`: arrays and strings by index from 0, objects by key, everything else Undefined. */
export function elementOf(collection: Value, key: Value): Value {
  if (isObject(collection)) return typeof key === 'string' ? attributeOf(collection, key) : undefined;
  if (!isArray(collection) && typeof collection !== 'string') return undefined;
  const index = toNearestInt(key);
  return index === undefined ? undefined : collection[Number(index)];
}

/** No argument: Undefined; one: itself; with an array: one flat array; else all joined as text. */
function concatenate(...values: readonly Value[]): Value {
  if (values.length === 0) return undefined;
  if (values.length === 1) return values[0];
  if (values.includes(undefined)) return undefined;
  if (values.some(isArray)) return concatenateArrays(values);
  const texts = values.map(toText);
  const length = texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
  return texts.includes(undefined) || length > MAX_TEXT_LENGTH ? undefined : texts.join('');
}

function concatenateArrays(values: readonly Value[]): Value {
  const length = values.reduce((sum: number, value) => sum + (isArray(value) ? value.length : 1), 0);
  return length > MAX_ARRAY_LENGTH
    ? undefined
    : values.flatMap((value) => (isArray(value) ? value : [value]));
}

/** `nanvl(value, default)`: the default when the value is Undefined, Null or no number; NaN itself never occurs. */
function firstKnown(value: Value, fallback: Value): Value {
  return value === undefined || value === null ? fallback : value;
}

/** `transform('enrichArray', attributes, array)`: each element of the array with the attributes added. */
function transform(mode: Value, attributes: Value, array: Value): Value {
  if (mode !== 'enrichArray' || !isObject(attributes) || !isArray(array)) return undefined;
  const enriched = array.map((element) => enrich(element, attributes));
  return Buffer.byteLength(jsonText(enriched)) > MAX_TRANSFORM_BYTES ? undefined : enriched;
}

function enrich(element: Value, attributes: Readonly<Record<string, Value>>): Value {
  if (!isObject(element)) return element;
  const enriched: Record<string, Value> = {};
  for (const part of [element, attributes]) {
    for (const key of Object.keys(part)) setAttribute(enriched, key, part[key]);
  }
  return enriched;
}

/** Arrays, objects, types and missing values (AWS IoT developer guide, iot-sql-functions). */
export const COLLECTION_FUNCTIONS: FunctionTable = {
  cast: { minArguments: 1, maxArguments: 1, compile: compileCast },
  concat: { minArguments: 0, maxArguments: Number.POSITIVE_INFINITY, evaluate: concatenate },
  get: { minArguments: 2, maxArguments: 2, evaluate: elementOf },
  get_or_default: { minArguments: 2, maxArguments: 2, since: '2016-03-23', evaluate: firstKnown },
  isnull: { minArguments: 1, maxArguments: 1, evaluate: (value) => value === null },
  isundefined: {
    minArguments: 1,
    maxArguments: 1,
    since: '2016-03-23',
    evaluate: (value) => value === undefined,
  },
  nanvl: { minArguments: 2, maxArguments: 2, evaluate: firstKnown },
  transform: {
    minArguments: 3,
    maxArguments: 3,
    since: '2016-03-23',
    fixedArguments: [0],
    evaluate: transform,
  },
};
