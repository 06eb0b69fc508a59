import type { JsonObject } from './decode-json.ts';
import { accept, type Decoded, reject } from './rejection.ts';

/** Longest identifier in UTF-8 bytes: an MQTT topic of AWS IoT Core ends there, and table keys hold it. */
export const MAX_NAME_BYTES = 256;

/** The own property only: `{"__proto__": …}` or an inherited name never reaches a field. */
export function ownField(source: JsonObject, name: string): unknown {
  return Object.hasOwn(source, name) ? source[name] : undefined;
}

/** A required, non-empty identifier that can be a table key: at most 256 bytes, no lone surrogate. */
export function decodeName(source: JsonObject, name: string): Decoded<string> {
  const value = ownField(source, name);
  if (value === undefined || value === null || value === '')
    return reject('missing-field', `"${name}" is missing`);
  if (typeof value !== 'string')
    return reject('wrong-type', `"${name}" is a ${jsonType(value)}, not a string`);
  if (!value.isWellFormed()) return reject('bad-utf8', `"${name}" holds half of a surrogate pair`);
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_NAME_BYTES)
    return reject('too-large', `"${name}" has ${bytes} bytes, at most ${MAX_NAME_BYTES}`);
  return accept(value);
}

/** A required finite number. `1e400` parses to Infinity and is refused here, so that it never becomes null later. */
export function decodeNumber(source: JsonObject, name: string): Decoded<number> {
  const value = ownField(source, name);
  if (value === undefined || value === null) return reject('missing-field', `"${name}" is missing`);
  if (typeof value !== 'number')
    return reject('wrong-type', `"${name}" is a ${jsonType(value)}, not a number`);
  if (!Number.isFinite(value)) return reject('wrong-type', `"${name}" is not a finite number`);
  return accept(value);
}

/** A field that may be absent or null. */
export function decodeOptional<T>(
  source: JsonObject,
  name: string,
  decode: (source: JsonObject, name: string) => Decoded<T>,
): Decoded<T | undefined> {
  const value = ownField(source, name);
  return value === undefined || value === null ? accept(undefined) : decode(source, name);
}

function jsonType(value: unknown): string {
  return Array.isArray(value) ? 'list' : typeof value;
}
