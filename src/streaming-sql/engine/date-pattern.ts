import { EvaluationError } from './engine-error.ts';

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const tokenPattern = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/g;

type Print = (date: Date, width: number) => string;

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

/** Letters of java.text.SimpleDateFormat that conversions use; `hh` is the 12-hour clock. All times are UTC. */
const printers: Readonly<Record<string, Print>> = {
  y: (date, width) => (width === 2 ? pad(date.getUTCFullYear() % 100, 2) : pad(date.getUTCFullYear(), width)),
  M: (date, width) => {
    const name = months[date.getUTCMonth()] ?? '';
    return width >= 4 ? name : width === 3 ? name.slice(0, 3) : pad(date.getUTCMonth() + 1, width);
  },
  d: (date, width) => pad(date.getUTCDate(), width),
  D: (date, width) =>
    pad(Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1, width),
  E: (date, width) => (width >= 4 ? days[date.getUTCDay()]! : days[date.getUTCDay()]!.slice(0, 3)),
  u: (date, width) => pad(date.getUTCDay() === 0 ? 7 : date.getUTCDay(), width),
  a: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  H: (date, width) => pad(date.getUTCHours(), width),
  k: (date, width) => pad(date.getUTCHours() === 0 ? 24 : date.getUTCHours(), width),
  K: (date, width) => pad(date.getUTCHours() % 12, width),
  h: (date, width) => pad(date.getUTCHours() % 12 === 0 ? 12 : date.getUTCHours() % 12, width),
  m: (date, width) => pad(date.getUTCMinutes(), width),
  s: (date, width) => pad(date.getUTCSeconds(), width),
  S: (date, width) => pad(date.getUTCMilliseconds(), width),
  G: () => 'AD',
  z: () => 'UTC',
  Z: () => '+0000',
  X: () => 'Z',
};

/** Prints a time by a SimpleDateFormat pattern. @throws EvaluationError at a letter that is not supported */
export function formatDate(pattern: string, millis: number): string {
  const date = new Date(millis);
  return pattern.replace(tokenPattern, (token, quoted: string | undefined, letter: string | undefined) => {
    if (quoted !== undefined) return quoted === '' ? "'" : quoted.replaceAll("''", "'");
    return letter === undefined ? token : printer(letter)(date, token.length);
  });
}

function printer(letter: string): Print {
  if (Object.hasOwn(printers, letter)) return printers[letter]!;
  throw new EvaluationError('INVALID_PATTERN', `Date pattern letter "${letter}" is not supported`);
}

interface Fields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  millis: number;
  afternoon: boolean | null;
  offsetMinutes: number;
}

/** Reads a time by a SimpleDateFormat pattern; NaN when the text does not fit it. */
export function parseDate(pattern: string, text: string): number {
  const fields: Fields = {
    year: 1970,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    millis: 0,
    afternoon: null,
    offsetMinutes: 0,
  };
  const tokens = [...pattern.matchAll(tokenPattern)];
  let at = 0;
  for (const [index, [token, quoted, letter]] of tokens.entries()) {
    const follows = tokens[index + 1]?.[2] !== undefined;
    const end =
      letter === undefined
        ? readLiteral(quoted ?? token, text, at)
        : readField(letter, follows ? token.length : 19, text, at, fields);
    if (end < 0) return Number.NaN;
    at = end;
  }
  return toMillis(fields);
}

function readLiteral(literal: string, text: string, at: number): number {
  return text.startsWith(literal, at) ? at + literal.length : -1;
}

const numberFields: Readonly<Record<string, keyof Fields>> = {
  y: 'year',
  M: 'month',
  d: 'day',
  H: 'hour',
  h: 'hour',
  K: 'hour',
  k: 'hour',
  m: 'minute',
  s: 'second',
  S: 'millis',
};

function readField(letter: string, maxDigits: number, text: string, at: number, fields: Fields): number {
  const rest = text.slice(at);
  if (letter === 'a')
    return readWord(/^(am|pm)/i, rest, at, (word) => (fields.afternoon = word.toUpperCase() === 'PM'));
  if (letter === 'E') return readWord(/^[A-Za-z]+/, rest, at, () => undefined);
  if (letter === 'z' || letter === 'Z' || letter === 'X') {
    return readWord(
      /^(Z|UTC|GMT|[+-]\d{2}:?\d{2})/,
      rest,
      at,
      (word) => (fields.offsetMinutes = zoneMinutes(word)),
    );
  }
  if (letter === 'M' && /^[A-Za-z]/.test(rest))
    return readWord(/^[A-Za-z]+/, rest, at, (word) => (fields.month = monthOf(word)));
  const name = Object.hasOwn(numberFields, letter) ? numberFields[letter] : undefined;
  const digits = /^\d+/.exec(rest)?.[0].slice(0, maxDigits);
  if (name === undefined || digits === undefined) return -1;
  let value = Number(digits);
  if (letter === 'y' && digits.length === 2) value += value < 70 ? 2000 : 1900;
  if (letter === 'k' && value === 24) value = 0;
  (fields as unknown as Record<string, number>)[name] = value;
  return at + digits.length;
}

function readWord(pattern: RegExp, rest: string, at: number, take: (word: string) => unknown): number {
  const word = pattern.exec(rest)?.[0];
  if (word === undefined) return -1;
  take(word);
  return at + word.length;
}

function monthOf(word: string): number {
  const at = months.findIndex((name) => name.toUpperCase().startsWith(word.toUpperCase()));
  return at < 0 || word.length < 3 ? Number.NaN : at + 1;
}

function zoneMinutes(word: string): number {
  if (!/^[+-]/.test(word)) return 0;
  const digits = word.slice(1).replace(':', '');
  return (word.startsWith('-') ? -1 : 1) * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2)));
}

function toMillis(fields: Fields): number {
  const { year, month, day, minute, second, millis, afternoon, offsetMinutes } = fields;
  const hour = afternoon === null ? fields.hour : (fields.hour % 12) + (afternoon ? 12 : 0);
  const time = Date.UTC(year, month - 1, day, hour, minute, second, millis);
  const valid =
    new Date(Date.UTC(year, month - 1, day)).getUTCMonth() === month - 1 &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  return valid ? time - offsetMinutes * 60_000 : Number.NaN;
}
