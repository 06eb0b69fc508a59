import { decodeName, decodeNumber, decodeOptional } from './decode-field.ts';
import { decodeJsonObject, type JsonObject } from './decode-json.ts';
import type { Reading } from './reading.ts';
import { accept, type Decoded, reject } from './rejection.ts';

/** Largest publish of AWS IoT Core (AWS IoT Core quotas, "Publish payload size"), and so of a reading. */
export const MAX_READING_BYTES = 128 * 1024;
/** A timestamp further ahead of its arrival is a broken clock, not a late message. */
export const MAX_AHEAD_MILLIS = 24 * 60 * 60 * 1000;

const NAMES = ['sensor_id', 'station_id', 'sensor', 'state', 'city'] as const;
const OPTIONAL_NUMBERS = ['sensor_value_smoothed', 'direction', 'sequence'] as const;
const OPTIONAL_NAMES = ['device_id', 'boot_id'] as const;

/**
 * Bytes of one stream record → reading, or why it is refused for good. Never throws, keeps only the known fields.
 * @param arrivalMillis when the message arrived, milliseconds since the epoch
 */
export function decodeReading(bytes: Uint8Array, arrivalMillis: number): Decoded<Reading> {
  const json = decodeJsonObject(bytes, MAX_READING_BYTES);
  return json.ok ? readReading(json.value, arrivalMillis) : json;
}

/** As {@link decodeReading}, from an object parsed already (the elements of a packed publish). */
export function readReading(source: JsonObject, arrivalMillis: number): Decoded<Reading> {
  const fields: Record<string, string | number> = Object.create(null);
  for (const name of NAMES) {
    const field = decodeName(source, name);
    if (!field.ok) return field;
    fields[name] = field.value;
  }
  const timestamp = readTimestamp(source, arrivalMillis);
  if (!timestamp.ok) return timestamp;
  const value = decodeNumber(source, 'sensor_value');
  if (!value.ok) return value;
  for (const name of OPTIONAL_NUMBERS) {
    const field = decodeOptional(source, name, decodeNumber);
    if (!field.ok) return field;
    if (field.value !== undefined) fields[name] = field.value;
  }
  for (const name of OPTIONAL_NAMES) {
    const field = decodeOptional(source, name, decodeName);
    if (!field.ok) return field;
    if (field.value !== undefined) fields[name] = field.value;
  }
  const reading = { ...fields, sensor_timestamp: timestamp.value, sensor_value: value.value };
  return accept(reading as unknown as Reading);
}

function readTimestamp(source: JsonObject, arrivalMillis: number): Decoded<number> {
  const timestamp = decodeNumber(source, 'sensor_timestamp');
  if (!timestamp.ok) return timestamp;
  const millis = timestamp.value;
  if (millis < 0) return reject('timestamp-negative', `"sensor_timestamp" is ${millis}`);
  if (millis > arrivalMillis + MAX_AHEAD_MILLIS) return ahead(millis, arrivalMillis);
  if (!Number.isInteger(millis)) {
    return reject('wrong-type', `"sensor_timestamp" is ${millis}, not whole milliseconds`);
  }
  return timestamp;
}

function ahead(millis: number, arrivalMillis: number): Decoded<never> {
  const hours = Math.floor((millis - arrivalMillis) / 3_600_000);
  return reject('timestamp-ahead', `"sensor_timestamp" is ${millis}, ${hours} hours after its arrival`);
}
