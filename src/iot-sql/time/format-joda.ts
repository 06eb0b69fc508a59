import { MONTHS, type PatternPart, splitDatePattern, WEEKDAYS } from './date-pattern.ts';
import type { TimeZone } from './time-zone.ts';

const DAY = 86_400_000;

/** A moment and the same as local time of its zone. */
interface LocalTime {
  readonly moment: number;
  readonly zone: TimeZone;
  readonly offset: number;
  /** Its UTC fields are the local ones. */
  readonly local: Date;
}

type FormatField = (time: LocalTime, count: number) => string;

const number =
  (read: (local: Date) => number): FormatField =>
  ({ local }, count) =>
    String(read(local)).padStart(count, '0');

/** A year of two letters is its last two digits. */
const year =
  (read: (local: Date) => number): FormatField =>
  ({ local }, count) =>
    String(count === 2 ? read(local) % 100 : read(local)).padStart(count, '0');

/** Four letters and more are the full name, fewer its first three. */
const name = (full: string, count: number) => (count >= 4 ? full : full.slice(0, 3));

/** The pattern letters of Joda-Time's DateTimeFormat. */
const FIELDS: Readonly<Record<string, FormatField>> = {
  G: ({ local }) => (local.getUTCFullYear() > 0 ? 'AD' : 'BC'),
  C: number((local) => Math.floor(local.getUTCFullYear() / 100)),
  Y: year((local) => local.getUTCFullYear()),
  y: year((local) => local.getUTCFullYear()),
  x: year((local) => isoWeek(local).year),
  w: number((local) => isoWeek(local).week),
  e: number((local) => local.getUTCDay() || 7),
  E: ({ local }, count) => name(WEEKDAYS[local.getUTCDay()]!, count),
  D: number(dayOfYear),
  M: ({ local }, count) =>
    count >= 3
      ? name(MONTHS[local.getUTCMonth()]!, count)
      : String(local.getUTCMonth() + 1).padStart(count, '0'),
  d: number((local) => local.getUTCDate()),
  a: ({ local }) => (local.getUTCHours() < 12 ? 'AM' : 'PM'),
  K: number((local) => local.getUTCHours() % 12),
  h: number((local) => local.getUTCHours() % 12 || 12),
  H: number((local) => local.getUTCHours()),
  k: number((local) => local.getUTCHours() || 24),
  m: number((local) => local.getUTCMinutes()),
  s: number((local) => local.getUTCSeconds()),
  S: ({ local }, count) =>
    String(local.getUTCMilliseconds()).padStart(3, '0').padEnd(count, '0').slice(0, count),
  z: ({ zone, moment }, count) => zone.nameAt(moment, count >= 4 ? 'long' : 'short'),
  Z: ({ zone, offset }, count) => (count >= 3 ? zone.id : formatOffset(offset, count === 2 ? ':' : '')),
};

/** Formats a moment with a Joda-Time pattern; undefined when the pattern is malformed. */
export function formatJoda(pattern: string, moment: number, zone: TimeZone): string | undefined {
  const parts = splitDatePattern(pattern);
  const offset = zone.offsetMillis(moment);
  const local = new Date(moment + offset);
  if (parts === undefined || !parts.every(isKnown) || Number.isNaN(local.getTime())) return undefined;
  const time: LocalTime = { moment, zone, offset, local };
  return parts
    .map((part) => (part.kind === 'text' ? part.text : FIELDS[part.letter]!(time, part.count)))
    .join('');
}

function isKnown(part: PatternPart): boolean {
  return part.kind === 'text' || Object.hasOwn(FIELDS, part.letter);
}

function formatOffset(offset: number, separator: string): string {
  const minutes = Math.abs(offset) / 60_000;
  const [hour, minute] = [Math.floor(minutes / 60), Math.floor(minutes % 60)].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `${offset < 0 ? '-' : '+'}${hour}${separator}${minute}`;
}

function dayOfYear(local: Date): number {
  return Math.floor((local.getTime() - Date.UTC(local.getUTCFullYear(), 0, 1)) / DAY) + 1;
}

/** The week that holds the Thursday belongs to that Thursday's year (ISO 8601). */
function isoWeek(local: Date): { year: number; week: number } {
  const thursday = new Date(local.getTime() + (4 - (local.getUTCDay() || 7)) * DAY);
  return { year: thursday.getUTCFullYear(), week: Math.floor((dayOfYear(thursday) - 1) / 7) + 1 };
}
