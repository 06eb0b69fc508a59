import { familyOf, printType, type SqlType } from '../sql-type.ts';
import {
  parseTimestampText,
  parseTimeText,
  printDate,
  printTime,
  printTimestamp,
} from '../timestamp-text.ts';
import { EvaluationError } from './engine-error.ts';
import { fitNumber } from './numeric.ts';
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
      if (familyOf(from) === 'character') return (value) => fitNumber(parseNumber(value, to), to);
      return (value) => fitNumber(typeof value === 'boolean' ? Number(value) : (value as number), to);
    case 'character': {
      const print = compilePrint(from);
      return fitText(print, to);
    }
    case 'boolean':
      return (value) => (typeof value === 'string' ? parseBoolean(value) : value);
    case 'datetime':
      return compileDatetime(from, to);
    default:
      return (value) => value;
  }
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

function parseNumber(value: Value, to: SqlType): number {
  const text = String(value).trim();
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
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
