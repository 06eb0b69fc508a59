import { MONTHS, type PatternPart, splitDatePattern, WEEKDAYS } from './date-pattern.ts';
import { findTimeZone, momentOf, type TimeZone, UTC } from './time-zone.ts';

/** What the fields of a text say. */
interface Fields {
  era?: number;
  year?: number;
  month?: number;
  day?: number;
  dayOfYear?: number;
  weekday?: number;
  hour?: number;
  halfDayHour?: number;
  isAfternoon?: boolean;
  minute?: number;
  second?: number;
  millis?: number;
  millisOfDay?: number;
  zone?: TimeZone;
}

/** Reads one field at the start of a text; the number of characters it took, or undefined when it does not fit. */
type ReadField = (text: string, count: number, fields: Fields, isAdjacent: boolean) => number | undefined;

/** Digits: as many as there are letters, with one letter up to `most`. */
function digits(most: number, keep: (value: number, fields: Fields) => void): ReadField {
  return (text, count, fields, isAdjacent) => {
    const least = count;
    const limit = count === 1 && !isAdjacent ? most : count;
    const match = /^\d+/.exec(text.slice(0, limit));
    if (match === null || match[0].length < least) return undefined;
    keep(Number(match[0]), fields);
    return match[0].length;
  };
}

/** Two letters are a year of this century, four or more letters at least as many digits. */
const readYear: ReadField = (text, count, fields, isAdjacent) => {
  const match = (
    isAdjacent || count === 2 ? new RegExp(`^\\d{${count}}`) : new RegExp(`^-?\\d{${count},9}`)
  ).exec(text);
  if (match === null) return undefined;
  fields.year = count === 2 ? 2000 + Number(match[0]) : Number(match[0]);
  return match[0].length;
};

/** A name from a list, full with four letters, its first three characters with fewer. */
function named(names: readonly string[], keep: (index: number, fields: Fields) => void): ReadField {
  return (text, count, fields) => {
    const index = names.findIndex((name) => text.startsWith(count >= 4 ? name : name.slice(0, 3)));
    if (index < 0) return undefined;
    keep(index, fields);
    return count >= 4 ? names[index]!.length : 3;
  };
}

const monthNumber = digits(2, (value, fields) => {
  fields.month = value;
});
const monthName = named(MONTHS, (index, fields) => {
  fields.month = index + 1;
});
const readMonth: ReadField = (text, count, fields, isAdjacent) =>
  (count >= 3 ? monthName : monthNumber)(text, count, fields, isAdjacent);

const readFraction: ReadField = (text, count, fields) => {
  const match = new RegExp(`^\\d{${count}}`).exec(text);
  if (match === null) return undefined;
  fields.millis = Math.floor(Number(`0.${match[0]}`) * 1000 + 1e-9);
  return match[0].length;
};

/** A zone id, offset or name, as long as it can be read. */
function zoned(pattern: RegExp): ReadField {
  return (text, _count, fields) => {
    const match = pattern.exec(text);
    const zone = match === null ? undefined : findTimeZone(match[0]);
    if (match === null || zone === undefined) return undefined;
    fields.zone = zone;
    return match[0].length;
  };
}

const OFFSET = '[+-]\\d{2}(?::?\\d{2}(?::?\\d{2})?)?';
const readOffset = zoned(new RegExp(`^(?:Z|${OFFSET})`));
const readZone = zoned(new RegExp(`^(?:(?:UTC|GMT|UT)?${OFFSET}|[A-Za-z][A-Za-z0-9_/+-]*)`));

/** The pattern letters of java.time.format.DateTimeFormatter that a moment can be read from. */
const FIELDS: Readonly<Record<string, ReadField>> = {
  G: (text, _count, fields) => {
    if (!text.startsWith('AD') && !text.startsWith('BC')) return undefined;
    fields.era = text.startsWith('AD') ? 1 : 0;
    return 2;
  },
  u: readYear,
  y: readYear,
  M: readMonth,
  L: readMonth,
  d: digits(2, (value, fields) => {
    fields.day = value;
  }),
  D: digits(3, (value, fields) => {
    fields.dayOfYear = value;
  }),
  E: named(WEEKDAYS, (index, fields) => {
    fields.weekday = index;
  }),
  a: (text, _count, fields) => {
    const match = /^[AP]M/.exec(text);
    if (match === null) return undefined;
    fields.isAfternoon = match[0] === 'PM';
    return 2;
  },
  H: digits(2, (value, fields) => {
    fields.hour = value;
  }),
  k: digits(2, (value, fields) => {
    fields.hour = value % 24;
  }),
  h: digits(2, (value, fields) => {
    fields.halfDayHour = value % 12;
  }),
  K: digits(2, (value, fields) => {
    fields.halfDayHour = value;
  }),
  m: digits(2, (value, fields) => {
    fields.minute = value;
  }),
  s: digits(2, (value, fields) => {
    fields.second = value;
  }),
  S: readFraction,
  A: digits(8, (value, fields) => {
    fields.millisOfDay = value;
  }),
  n: digits(9, (value, fields) => {
    fields.millis = Math.floor(value / 1e6);
  }),
  V: readZone,
  z: readZone,
  O: readZone,
  X: readOffset,
  x: readOffset,
  Z: readOffset,
};

const NUMERIC = new Set('uyMLdDHkhKmsSAn');

/**
 * Reads a moment, in milliseconds since the epoch, from a text by a java.time pattern; without a zone in the text it is
 * UTC. Undefined when the text does not fit, or the pattern has letters that no moment can be read from.
 */
export function parseJavaTime(text: string, pattern: string): number | undefined {
  const parts = splitDatePattern(pattern);
  if (parts === undefined) return undefined;
  const fields: Fields = {};
  let rest = text;
  for (const [index, part] of parts.entries()) {
    const length = readPart(part, rest, fields, parts[index + 1]);
    if (length === undefined) return undefined;
    rest = rest.slice(length);
  }
  return rest === '' ? resolve(fields) : undefined;
}

function readPart(
  part: PatternPart,
  text: string,
  fields: Fields,
  next: PatternPart | undefined,
): number | undefined {
  if (part.kind === 'text') return text.startsWith(part.text) ? part.text.length : undefined;
  if (!Object.hasOwn(FIELDS, part.letter)) return undefined;
  const isAdjacent =
    next?.kind === 'field' && NUMERIC.has(next.letter) && !(next.letter === 'M' && next.count > 2);
  return FIELDS[part.letter]!(text, part.count, fields, isAdjacent);
}

function resolve(fields: Fields): number | undefined {
  const date = resolveDate(fields);
  const time = resolveTime(fields);
  if (date === undefined || time === undefined) return undefined;
  if (fields.weekday !== undefined && new Date(date).getUTCDay() !== fields.weekday) return undefined;
  return momentOf(date + time, fields.zone ?? UTC);
}

/** Midnight of the date as if it were UTC. */
function resolveDate({ era, year, month, day, dayOfYear }: Fields): number | undefined {
  if (year === undefined) return undefined;
  const fullYear = era === 0 ? 1 - year : year;
  if (dayOfYear !== undefined)
    return dayOfYear >= 1 && dayOfYear <= 366 ? dateOf(fullYear, 1, 1) + (dayOfYear - 1) * 864e5 : undefined;
  if (month === undefined || day === undefined || day > 31) return undefined;
  const date = dateOf(fullYear, month, Math.min(day, daysIn(fullYear, month)));
  return month >= 1 && month <= 12 && day >= 1 ? date : undefined;
}

/** Date.UTC takes years below 100 for 19xx. */
function dateOf(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day);
}

function daysIn(year: number, month: number): number {
  return new Date(dateOf(year, month + 1, 0)).getUTCDate();
}

/** Milliseconds since midnight; what the text does not say is zero. */
function resolveTime(fields: Fields): number | undefined {
  const { millisOfDay, minute = 0, second = 0, millis = 0 } = fields;
  if (millisOfDay !== undefined) return millisOfDay < 864e5 ? millisOfDay : undefined;
  const hour = fields.halfDayHour === undefined ? (fields.hour ?? 0) : halfDayHour(fields);
  if (hour === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  return ((hour * 60 + minute) * 60 + second) * 1000 + millis;
}

function halfDayHour({ halfDayHour: hour = 0, isAfternoon }: Fields): number | undefined {
  if (isAfternoon === undefined || hour > 11) return undefined;
  return isAfternoon ? hour + 12 : hour;
}
