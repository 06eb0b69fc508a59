import {
  type DecodedBatch,
  MAX_BATCH_READINGS,
  type RejectedElement,
  readElements,
} from './decode-elements.ts';
import { decodeJson, isJsonObject } from './decode-json.ts';
import { decodeReading, readReading } from './decode-reading.ts';
import type { Reading } from './reading.ts';
import { accept, type Decoded, type Rejection, reject } from './rejection.ts';

/** Largest message of Amazon SQS, and so of one upload (Amazon SQS developer guide, message quotas). */
export const MAX_UPLOAD_BYTES = 1024 * 1024;

const NEWLINE = 0x0a;
const SPACES = new Set([0x20, 0x09, 0x0d]);

/**
 * The body of one upload over HTTP → readings and refused elements. It is one reading, a JSON list of readings, or
 * readings one per line (NDJSON, empty lines are skipped). Each reading carries all its fields itself: there is no topic to take
 * any from. Never throws.
 * @param arrivalMillis when the body arrived, milliseconds since the epoch
 */
export function decodeUpload(bytes: Uint8Array, arrivalMillis: number): Decoded<DecodedBatch> {
  const json = decodeJson(bytes, MAX_UPLOAD_BYTES);
  if (json.ok) return readDocument(json.value, bytes, arrivalMillis);
  // A document that is too deep or too large as a whole is not looked at line by line unless it is made of lines.
  return readLines(bytes, arrivalMillis, json.rejection);
}

function readDocument(value: unknown, bytes: Uint8Array, arrivalMillis: number): Decoded<DecodedBatch> {
  if (Array.isArray(value)) {
    return value.length > MAX_BATCH_READINGS
      ? tooMany(value.length)
      : accept(readElements(value, (element) => readReading(element, arrivalMillis)));
  }
  if (!isJsonObject(value))
    return reject('wrong-type', 'the body is neither a reading nor a list of readings');
  const reading = decodeReading(bytes, arrivalMillis);
  return reading.ok ? accept({ readings: [reading.value], rejected: [] }) : reading;
}

/** NDJSON if any line is a JSON object by itself; else the body is refused whole, for the reason that it has as a document. */
function readLines(bytes: Uint8Array, arrivalMillis: number, whole: Rejection): Decoded<DecodedBatch> {
  if (bytes.length > MAX_UPLOAD_BYTES) return { ok: false, rejection: whole };
  const lines = linesOf(bytes);
  if (lines.length > MAX_BATCH_READINGS) return tooMany(lines.length);
  if (lines.length < 2 || !lines.some(isObjectText)) return { ok: false, rejection: whole };
  const readings: Reading[] = [];
  const rejected: RejectedElement[] = [];
  lines.forEach((line, index) => {
    const reading = decodeReading(line, arrivalMillis);
    if (reading.ok) readings.push(reading.value);
    else rejected.push({ index, rejection: reading.rejection, bytes: line });
  });
  return accept({ readings, rejected });
}

function isObjectText(line: Uint8Array): boolean {
  const json = decodeJson(line, MAX_UPLOAD_BYTES);
  return json.ok && isJsonObject(json.value);
}

/** The lines that are not empty. */
function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, from);
    const to = end < 0 ? bytes.length : end;
    const line = bytes.subarray(from, to);
    if (!line.every((byte) => SPACES.has(byte))) lines.push(line);
    from = to + 1;
  }
  return lines;
}

function tooMany(count: number): Decoded<never> {
  return reject('too-large', `${count} readings, at most ${MAX_BATCH_READINGS} in one message`);
}
