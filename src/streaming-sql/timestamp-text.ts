const MILLIS_PER_DAY = 86_400_000;
const datetimePattern = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?Z?)?$/;
const timePattern = /^(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?$/;

/**
 * Reads `1992-02-14`, `1992-02-14 18:35:44.0` or the same with a `T`: the forms the service accepts for DATE and
 * TIMESTAMP. Answers milliseconds since the epoch (UTC), NaN for any other text or a day that does not exist.
 */
export function parseTimestampText(text: string): number {
  const match = datetimePattern.exec(text.trim());
  if (match === null) return Number.NaN;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  // Date.UTC would take the years 0 to 99 for 1900 to 1999.
  const midnight = new Date(0).setUTCFullYear(year, month - 1, day);
  if (new Date(midnight).getUTCMonth() !== month - 1) return Number.NaN;
  return midnight + (match[4] === undefined ? 0 : timeOfDay(match[4], match[5], match[6], match[7]));
}

/** Reads `18:35:44` or `18:35:44.250` as milliseconds of the day, NaN for any other text. */
export function parseTimeText(text: string): number {
  const match = timePattern.exec(text.trim());
  return match === null ? Number.NaN : timeOfDay(match[1], match[2], match[3], match[4]);
}

function timeOfDay(hour = '', minute = '', second = '', fraction = ''): number {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return Number.NaN;
  const millis = Number(fraction.padEnd(3, '0').slice(0, 3));
  return (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * 1000 + millis;
}

/** `2016-11-09 06:29:00.000`: a TIMESTAMP in UTC, always with three digits of milliseconds, so that text sorts as time. */
export function printTimestamp(millis: number): string {
  const text = new Date(millis).toISOString();
  return text.length === 24
    ? `${text.slice(0, 10)} ${text.slice(11, 23)}`
    : text.replace('T', ' ').replace('Z', '');
}

/** `2016-11-09`: a DATE. */
export function printDate(millis: number): string {
  return printTimestamp(Math.floor(millis / MILLIS_PER_DAY) * MILLIS_PER_DAY).split(' ')[0] ?? '';
}

/** `06:29:00`: a TIME. */
export function printTime(millis: number): string {
  const ofDay = ((millis % MILLIS_PER_DAY) + MILLIS_PER_DAY) % MILLIS_PER_DAY;
  return new Date(ofDay).toISOString().slice(11, ofDay % 1000 === 0 ? 19 : 23);
}

/** The first and the last millisecond of the years 0000 to 9999, which TIMESTAMP holds: what its text can write. */
const MIN_TIMESTAMP_MILLIS = -62_167_219_200_000;
const MAX_TIMESTAMP_MILLIS = 253_402_300_799_999;

/** Does a number of milliseconds since the epoch lie in the range of TIMESTAMP and DATE? */
export function isTimestamp(millis: number): boolean {
  return millis >= MIN_TIMESTAMP_MILLIS && millis <= MAX_TIMESTAMP_MILLIS;
}
