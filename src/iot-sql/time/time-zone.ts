/** A time zone: how far local time is ahead of UTC, and what it is called. */
export interface TimeZone {
  readonly id: string;
  /** Milliseconds that local time is ahead of UTC at a moment (milliseconds since the epoch). */
  offsetMillis(moment: number): number;
  /** `PST` or `Pacific Standard Time`. */
  nameAt(moment: number, style: 'short' | 'long'): string;
}

const OFFSET = /^(?:(UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?)$/;

const MINUTE = 60_000;
const HOUR = 3_600_000;

/** Zones by name; the set of names is finite, so this is bounded. */
const known = new Map<string, TimeZone>();

/** UTC itself. */
export const UTC: TimeZone = fixedZone('UTC', 0);

/** A zone by its id: `UTC`, `Z`, `+01:00`, `UTC+01:00`, `America/Los_Angeles`; undefined when there is none. */
export function findTimeZone(id: string): TimeZone | undefined {
  if (id === 'UTC' || id === 'Z' || id === 'UT') return UTC;
  const offset = OFFSET.exec(id);
  if (offset !== null) return zoneOfOffset(id, offset);
  const zone = known.get(id) ?? createNamedZone(id);
  if (zone !== undefined) known.set(id, zone);
  return zone;
}

function zoneOfOffset(
  id: string,
  [, , sign, hours, minutes = '0', seconds = '0']: RegExpExecArray,
): TimeZone | undefined {
  const size = Number(hours) * HOUR + Number(minutes) * MINUTE + Number(seconds) * 1000;
  if (size > 18 * HOUR || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  return fixedZone(id, sign === '-' ? -size : size);
}

function fixedZone(id: string, offset: number): TimeZone {
  return { id, offsetMillis: () => offset, nameAt: () => id };
}

/** The runtime carries the IANA zone database behind Intl. */
function createNamedZone(id: string): TimeZone | undefined {
  const format = createFormat(id, 'longOffset');
  if (format === undefined) return undefined;
  return {
    id,
    offsetMillis: (moment) => parseOffset(zoneName(format, moment)),
    nameAt: (moment, style) => zoneName(createFormat(id, style) ?? format, moment),
  };
}

function createFormat(
  timeZone: string,
  timeZoneName: 'short' | 'long' | 'longOffset',
): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName });
  } catch {
    return undefined;
  }
}

function zoneName(format: Intl.DateTimeFormat, moment: number): string {
  return format.formatToParts(moment).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
}

/** `GMT-08:00` */
function parseOffset(name: string): number {
  const match = OFFSET.exec(name);
  return match === null ? 0 : (zoneOfOffset(name, match)?.offsetMillis(0) ?? 0);
}

/** The moment of a local time; in an autumn overlap the earlier of the two, in a spring gap the time after it. */
export function momentOf(localMillis: number, zone: TimeZone): number {
  const before = zone.offsetMillis(localMillis - 24 * HOUR);
  const guess = localMillis - before;
  if (zone.offsetMillis(guess) === before) return guess;
  const after = zone.offsetMillis(localMillis + 24 * HOUR);
  return zone.offsetMillis(localMillis - after) === after ? localMillis - after : guess;
}
