import { decodeName, decodeNumber, ownField } from './decode-field.ts';
import { decodeJsonObject, type JsonObject } from './decode-json.ts';
import { accept, type Decoded, reject } from './rejection.ts';
import type { PublishedWindow } from './window.ts';

const MAX_WINDOW_BYTES = 64 * 1024;
const NAMES = ['sensor_id', 'sensor', 'station_id'] as const;
const NULLABLE_NUMBERS = [
  'sensor_avg_value',
  'sensor_smooth_avg_value',
  '60sec_sum_of_sensor_value',
  'sensor_min_value',
  'sensor_max_value',
] as const;
const TIMESTAMP = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?$/;

/** Bytes of one record of the stream "windows" → window, or why it is refused for good. Never throws. */
export function decodeWindow(bytes: Uint8Array): Decoded<PublishedWindow> {
  const json = decodeJsonObject(bytes, MAX_WINDOW_BYTES);
  return json.ok ? readWindow(json.value) : json;
}

function readWindow(source: JsonObject): Decoded<PublishedWindow> {
  const fields: Record<string, string | number | null> = Object.create(null);
  for (const name of NAMES) {
    const field = decodeName(source, name);
    if (!field.ok) return field;
    fields[name] = field.value;
  }
  for (const name of NULLABLE_NUMBERS) {
    const field = ownField(source, name) == null ? accept(null) : decodeNumber(source, name);
    if (!field.ok) return field;
    fields[name] = field.value;
  }
  const count = decodeCount(source, '60sec_number_of_msg');
  if (!count.ok) return count;
  const revision = ownField(source, 'revision') == null ? accept(0) : decodeCount(source, 'revision');
  if (!revision.ok) return revision;
  const end = decodeName(source, 'record_timestamp');
  if (!end.ok) return end;
  if (parseRecordTimestamp(end.value) === undefined) {
    return reject(
      'wrong-type',
      `"record_timestamp" is ${JSON.stringify(end.value)}, not yyyy-MM-dd HH:mm:ss.fff`,
    );
  }
  fields['60sec_number_of_msg'] = count.value;
  fields.record_timestamp = end.value;
  fields.revision = revision.value;
  return accept({ ...fields } as unknown as PublishedWindow);
}

function decodeCount(source: JsonObject, name: string): Decoded<number> {
  const count = decodeNumber(source, name);
  if (!count.ok || (Number.isSafeInteger(count.value) && count.value >= 0)) return count;
  return reject('wrong-type', `"${name}" is ${count.value}, not a whole number from 0`);
}

/**
 * `2016-11-09 06:29:00.0` → milliseconds since the epoch, UTC; undefined when it is no such instant. Digits below the
 * millisecond are cut.
 */
export function parseRecordTimestamp(text: string): number | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const millis = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  const instant = Date.UTC(year, month - 1, day, hour, minute, second, millis);
  return new Date(instant).toISOString().slice(0, 19) === text.slice(0, 19).replace(' ', 'T')
    ? instant
    : undefined;
}

/** The inverse of {@link parseRecordTimestamp}: `2016-11-09 06:29:00.000`. */
export function printRecordTimestamp(millis: number): string {
  return new Date(millis).toISOString().slice(0, 23).replace('T', ' ');
}
