import { COLLECTION_FUNCTIONS } from './collection.ts';
import { ENCODING_FUNCTIONS } from './encoding.ts';
import { EXTERNAL_FUNCTIONS } from './external.ts';
import type { FunctionSpec, FunctionTable } from './function-spec.ts';
import { HASH_FUNCTIONS } from './hash.ts';
import { MATH_FUNCTIONS } from './math.ts';
import { MESSAGE_FUNCTIONS } from './message.ts';
import { REGEXP_FUNCTIONS } from './regexp.ts';
import { TEXT_FUNCTIONS } from './text.ts';
import { TIME_FUNCTIONS } from './time.ts';

/** Every function of the language by its name in lower case (AWS IoT developer guide, iot-sql-functions). */
export const FUNCTIONS: FunctionTable = {
  ...MATH_FUNCTIONS,
  ...TEXT_FUNCTIONS,
  ...REGEXP_FUNCTIONS,
  ...HASH_FUNCTIONS,
  ...TIME_FUNCTIONS,
  ...COLLECTION_FUNCTIONS,
  ...ENCODING_FUNCTIONS,
  ...MESSAGE_FUNCTIONS,
  ...EXTERNAL_FUNCTIONS,
};

/** The function of a name, in any case; undefined when there is none. */
export function findFunction(name: string): FunctionSpec | undefined {
  return Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
}
