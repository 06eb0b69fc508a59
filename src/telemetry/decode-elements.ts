import { isJsonObject, type JsonObject } from './decode-json.ts';
import type { Reading } from './reading.ts';
import { type Decoded, type Rejection, reject } from './rejection.ts';

/** Most readings that one message may carry. */
export const MAX_BATCH_READINGS = 20_000;

/** One of many readings in a message that is refused, with its own JSON text. */
export interface RejectedElement {
  /** Which of them, from 0. */
  readonly index: number;
  readonly rejection: Rejection;
  readonly bytes: Uint8Array;
}

/** A message of many readings: the good ones, and the refused ones beside them. */
export interface DecodedBatch {
  readonly readings: readonly Reading[];
  readonly rejected: readonly RejectedElement[];
}

/** Reads the elements of a JSON list one by one; a bad one does not stand in front of good ones. */
export function readElements(
  elements: readonly unknown[],
  read: (element: JsonObject) => Decoded<Reading>,
): DecodedBatch {
  const readings: Reading[] = [];
  const rejected: RejectedElement[] = [];
  elements.forEach((element, index) => {
    const reading = isJsonObject(element)
      ? read(element)
      : reject('wrong-type', 'the element of the list is not an object');
    if (reading.ok) readings.push(reading.value);
    else rejected.push({ index, rejection: reading.rejection, bytes: Buffer.from(JSON.stringify(element)) });
  });
  return { readings, rejected };
}
