import { decodeBatch } from '../telemetry/decode-batch.ts';
import { decodeJsonObject } from '../telemetry/decode-json.ts';
import { decodeReading, MAX_READING_BYTES, readReading } from '../telemetry/decode-reading.ts';
import type { Reading } from '../telemetry/reading.ts';
import { accept, type Decoded, reject } from '../telemetry/rejection.ts';
import { parseWeatherTopic } from '../telemetry/topic.ts';

/** One message as it was found in an object, and the reading that the pipeline makes of it when it arrives now. */
export interface FoundMessage {
  readonly decoded: Decoded<Reading>;
  /** The time that decides whether it lies in the range, milliseconds since the epoch; the object's place does if absent. */
  readonly timeMillis?: number;
  /** The record as it was in the stream; absent when it never was there. */
  readonly text?: string;
  /** Where it came from first: two copies of one message have the same. */
  readonly source?: string;
}

/** A record of the readings stream, exactly as it was. */
export function foundRecord(
  bytes: Uint8Array,
  nowMillis: number,
  more: Pick<FoundMessage, 'timeMillis' | 'source'> = {},
): FoundMessage {
  const decoded = decodeReading(bytes, nowMillis);
  return { decoded, ...(decoded.ok && { text: Buffer.from(bytes).toString() }), ...more };
}

/** What a device published: one reading on a topic of six levels, many on `…/batch`. */
export function foundPublish(
  topic: string,
  bytes: Uint8Array,
  nowMillis: number,
  more: Pick<FoundMessage, 'timeMillis' | 'source'> = {},
): FoundMessage[] {
  if (parseWeatherTopic(topic)?.kind === 'reading')
    return [{ decoded: readingOnTopic(topic, bytes, nowMillis), ...more }];
  const batch = decodeBatch(bytes, topic, nowMillis);
  if (!batch.ok) return [{ decoded: batch, ...more }];
  const { source, ...time } = more;
  const readings = batch.value.readings.map((reading) => ({ decoded: accept(reading), ...time }));
  const rejected = batch.value.rejected.map(({ index, rejection }) => ({
    decoded: { ok: false as const, rejection },
    ...time,
    ...(source !== undefined && { source: `${source} readings[${index}]` }),
  }));
  return [...readings, ...rejected];
}

/** One element of a packed publish on the topic of its station. */
export function readingOnTopic(topic: string, bytes: Uint8Array, nowMillis: number): Decoded<Reading> {
  const place = parseWeatherTopic(topic);
  if (place === undefined) return reject('not-a-batch', `"${topic}" is not a weather topic`);
  const json = decodeJsonObject(bytes, MAX_READING_BYTES);
  if (!json.ok) return json;
  const { kind: _, ...names } = place;
  // Null prototype: the message's own `__proto__` key is copied as a plain property.
  return readReading(Object.assign(Object.create(null), json.value, names), nowMillis);
}
