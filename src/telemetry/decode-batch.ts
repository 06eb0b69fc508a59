import { gunzipSync } from 'node:zlib';
import { type DecodedBatch, MAX_BATCH_READINGS, readElements } from './decode-elements.ts';
import { decodeJsonObject, type JsonObject } from './decode-json.ts';
import { MAX_READING_BYTES, readReading } from './decode-reading.ts';
import { accept, type Decoded, reject } from './rejection.ts';
import { parseWeatherTopic } from './topic.ts';

/** Largest inflated publish: 128 KB of gzip could otherwise become 128 MB. */
export const MAX_INFLATED_BYTES = 4 * 1024 * 1024;
/**
 * A packed publish `{"readings":[{"sensor","sensor_id","sensor_timestamp","sensor_value",…}]}`, plain or gzip (told by its
 * magic bytes, RFC 1952 §2.3.1), → readings and refused elements. State, city and station come from the topic, whatever
 * the elements say: the topic is what the device's policy allowed. Never throws.
 * @param arrivalMillis when the publish arrived, milliseconds since the epoch
 */
export function decodeBatch(bytes: Uint8Array, topic: string, arrivalMillis: number): Decoded<DecodedBatch> {
  const place = parseWeatherTopic(topic);
  if (place?.kind !== 'batch') return reject('not-a-batch', `"${topic}" is not a weather/…/batch topic`);
  if (bytes.length > MAX_READING_BYTES) {
    return reject('too-large', `${bytes.length} bytes, at most ${MAX_READING_BYTES} are read`);
  }
  const plain = inflate(bytes);
  if (!plain.ok) return plain;
  const json = decodeJsonObject(plain.value, MAX_INFLATED_BYTES);
  if (!json.ok) return json;
  const elements = Object.hasOwn(json.value, 'readings') ? json.value.readings : undefined;
  if (!Array.isArray(elements)) return reject('not-a-batch', 'the message has no list "readings"');
  if (elements.length > MAX_BATCH_READINGS) {
    return reject('too-large', `${elements.length} readings, at most ${MAX_BATCH_READINGS} in one publish`);
  }
  const { state, city, station_id } = place;
  return accept(
    readElements(elements, (element) =>
      readReading(withPlace(element, { state, city, station_id }), arrivalMillis),
    ),
  );
}

function inflate(bytes: Uint8Array): Decoded<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return accept(bytes);
  try {
    return accept(gunzipSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES }));
  } catch (error) {
    const tooLarge = error instanceof RangeError;
    return tooLarge
      ? reject('too-large', `the gzip data inflates to more than ${MAX_INFLATED_BYTES} bytes`)
      : reject('bad-gzip', 'the gzip data is broken');
  }
}

/** Null prototype: an element's own `__proto__` key is copied as a plain property, not as a prototype. */
function withPlace(element: JsonObject, place: JsonObject): JsonObject {
  return Object.assign(Object.create(null), element, place);
}
