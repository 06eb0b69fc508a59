import { familyOf, integerBounds, printType, type SqlType } from '../sql-type.ts';
import {
  parseTimestampText,
  parseTimeText,
  printDate,
  printTime,
  printTimestamp,
} from '../timestamp-text.ts';
import { EvaluationError } from './engine-error.ts';
import { countOfInterval, parseIntervalText, printInterval } from './interval-text.ts';
import { fitNumber, roundTo } from './numeric.ts';
import type { Value } from './row.ts';

export type Conversion = (value: Value) => Value;

const MILLIS_PER_DAY = 86_400_000;

/** How a value of one type becomes a value of another, by CAST or when a pump inserts it. NULL stays NULL. */
export function compileCast(from: SqlType, to: SqlType): Conversion {
  const convert = compileConversion(from, to);
  return (value) => (value === null ? null : convert(value));
}

function compileConversion(from: SqlType, to: SqlType): Conversion {
  switch (familyOf(to)) {
    case 'numeric':
      return compileNumeric(from, to);
    case 'character': {
      const print = compilePrint(from);
      return fitText(print, to);
    }
    case 'boolean':
      return (value) => (typeof value === 'string' ? parseBoolean(value) : value);
    case 'datetime':
      return compileDatetime(from, to);
    case 'interval':
      return familyOf(from) === 'character'
        ? (value) => parseInterval(value as string, to)
        : (value) => value;
    case 'binary':
      return (value) => fitBytes(value as string, to);
    default:
      return (value) => value;
  }
}

/** SQL reference, "CAST": a fraction is rounded, half away from zero; only the count of an interval is cut. */
function compileNumeric(from: SqlType, to: SqlType): Conversion {
  if (familyOf(from) === 'interval') return (value) => fitNumber(countOfInterval(value as number, from), to);
  const round = to.name in integerBounds ? (value: number) => roundTo(value, 0) : (value: number) => value;
  if (familyOf(from) === 'character') return (value) => fitNumber(round(parseNumber(value, to)), to);
  if (from.name in integerBounds) return (value) => fitNumber(value as number, to);
  return (value) => fitNumber(round(value as number), to);
}

/** BINARY(n) is filled up with zero bytes, VARBINARY(n) only cut. A byte is a character of code 0 to 255. */
function fitBytes(bytes: string, { name, length = 1 }: SqlType): string {
  const cut = bytes.length > length ? bytes.slice(0, length) : bytes;
  return name === 'BINARY' ? cut.padEnd(length, '\0') : cut;
}

/** Text longer than VARCHAR(n) is cut, as the service does; CHAR(n) is not padded. */
function fitText(print: (value: Value) => string, to: SqlType): Conversion {
  const limit = to.length ?? Number.POSITIVE_INFINITY;
  return (value) => {
    const text = print(value);
    return text.length > limit ? text.slice(0, limit) : text;
  };
}

/** A value as text: what CAST(… AS VARCHAR) gives and what output records carry. */
export function compilePrint(type: SqlType): (value: Value) => string {
  if (type.name === 'TIMESTAMP') return (value) => printTimestamp(value as number);
  if (type.name === 'DATE') return (value) => printDate(value as number);
  if (type.name === 'TIME') return (value) => printTime(value as number);
  if (type.name === 'BOOLEAN') return (value) => (value === true ? 'TRUE' : 'FALSE');
  if (type.name === 'INTERVAL') return (value) => printInterval(value as number, type);
  if (familyOf(type) === 'binary') return (value) => btoa(value as string);
  return (value) => String(value);
}

function compileDatetime(from: SqlType, to: SqlType): Conversion {
  const read: Conversion =
    familyOf(from) === 'character' ? (value) => parseDatetime(value as string, to) : (value) => value;
  if (to.name === 'DATE')
    return (value) => Math.floor((read(value) as number) / MILLIS_PER_DAY) * MILLIS_PER_DAY;
  if (to.name === 'TIME' && from.name === 'TIMESTAMP') {
    return (value) => (((value as number) % MILLIS_PER_DAY) + MILLIS_PER_DAY) % MILLIS_PER_DAY;
  }
  return read;
}

function parseDatetime(text: string, to: SqlType): number {
  const millis = to.name === 'TIME' ? parseTimeText(text) : parseTimestampText(text);
  if (Number.isNaN(millis)) throw new EvaluationError('INVALID_CAST', `Text '${text}' is no ${to.name}`);
  return millis;
}

function parseInterval(text: string, to: SqlType): number {
  const millis = parseIntervalText(text, to);
  if (Number.isNaN(millis))
    throw new EvaluationError('INVALID_CAST', `Text '${text}' is no ${printType(to)}`);
  return millis;
}

function parseNumber(value: Value, to: SqlType): number {
  const text = String(value).trim();
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    throw new EvaluationError('INVALID_CAST', `Text '${text}' is no ${printType(to)}`);
  }
  return Number(text);
}

function parseBoolean(text: string): boolean | null {
  const word = text.trim().toUpperCase();
  if (word === 'UNKNOWN') return null;
  if (word === 'TRUE' || word === 'FALSE') return word === 'TRUE';
  throw new EvaluationError('INVALID_CAST', `Text '${text}' is no BOOLEAN`);
}
