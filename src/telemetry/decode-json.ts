import { accept, type Decoded, reject } from './rejection.ts';

/** Deepest nesting of arrays and objects that is parsed at all. */
export const MAX_JSON_DEPTH = 64;

export type JsonObject = Readonly<Record<string, unknown>>;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENERS = new Set([0x5b, 0x7b]);
const CLOSERS = new Set([0x5d, 0x7d]);

/** A byte order mark is kept, so that JSON.parse refuses it: RFC 8259 §8.1 forbids to send one. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Deepest nesting of brackets outside strings. Iterative, because `JSON.parse` accepts 120 KB of `[` and the first
 * recursive walk over its result then overflows the stack. In UTF-8 no byte of a longer character equals an ASCII one.
 */
export function jsonDepth(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (OPENERS.has(byte)) deepest = Math.max(deepest, ++depth);
    else if (CLOSERS.has(byte)) depth--;
  }
  return deepest;
}

/**
 * UTF-8 JSON bytes → object. Refuses what {@link decodeJson} refuses, and anything but an object at the top. Never throws.
 */
export function decodeJsonObject(bytes: Uint8Array, maxBytes: number): Decoded<JsonObject> {
  const json = decodeJson(bytes, maxBytes);
  if (!json.ok) return json;
  return isJsonObject(json.value)
    ? accept(json.value)
    : reject('wrong-type', 'the message is not a JSON object');
}

/**
 * UTF-8 JSON bytes → value. Refuses more than `maxBytes`, invalid UTF-8 and nesting above {@link MAX_JSON_DEPTH}. Never
 * throws.
 */
export function decodeJson(bytes: Uint8Array, maxBytes: number): Decoded<unknown> {
  if (bytes.length > maxBytes)
    return reject('too-large', `${bytes.length} bytes, at most ${maxBytes} are read`);
  const depth = jsonDepth(bytes);
  if (depth > MAX_JSON_DEPTH)
    return reject('too-large', `nested ${depth} deep, at most ${MAX_JSON_DEPTH} is read`);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return reject('bad-utf8', 'the bytes are not valid UTF-8');
  }
  try {
    return accept(JSON.parse(text) as unknown);
  } catch {
    return reject('not-json', 'the message is not valid JSON');
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
