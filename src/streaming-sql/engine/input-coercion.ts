import { familyOf, integerBounds, printType, type SqlType } from '../sql-type.ts';
import { parseTimestampText, parseTimeText } from '../timestamp-text.ts';
import { compileCast } from './cast.ts';
import { EvaluationError } from './engine-error.ts';
import { fitNumber } from './numeric.ts';
import type { Value } from './row.ts';

export type InputCoercion = (value: unknown) => Value;

/**
 * How a JSON value becomes a column (developer guide, "Mapping JSON Elements to SQL Input Columns"): true is 1, a number
 * is text in a text column, long text is cut, 123.4 in an integer column is an error, objects and arrays fit text only.
 */
export function compileCoercion(name: string, type: SqlType): InputCoercion {
  switch (familyOf(type)) {
    case 'numeric':
      return numberCoercion(name, type);
    case 'character':
      return textCoercion(type);
    case 'boolean':
      return (value) => {
        if (typeof value === 'boolean') return value;
        if (value === null || value === undefined) return null;
        const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
        return word === 'true' ? true : word === 'false' ? false : refuse(name, type, value);
      };
    case 'datetime':
      return datetimeCoercion(name, type);
    case 'binary':
      return binaryCoercion(name, type);
    default:
      return (value) => (value === null || value === undefined ? null : refuse(name, type, value));
  }
}

function numberCoercion(name: string, type: SqlType): InputCoercion {
  const plain = type.name === 'DOUBLE';
  const whole = type.name in integerBounds;
  const slow = (value: unknown): Value => {
    if (value === null || value === undefined || value === '') return null;
    if (typeof value === 'boolean') return value ? 1 : 0;
    const number =
      typeof value === 'number' ? value : typeof value === 'string' ? numberOf(value) : Number.NaN;
    if (!Number.isFinite(number) || (whole && !Number.isInteger(number))) return refuse(name, type, value);
    return fitNumber(number, type);
  };
  if (!plain) return slow;
  return (value) => (typeof value === 'number' && value - value === 0 ? value : slow(value));
}

function numberOf(text: string): number {
  return /^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$/.test(text) ? Number(text) : Number.NaN;
}

function textCoercion(type: SqlType): InputCoercion {
  const limit = type.length ?? 1;
  return (value) => {
    if (typeof value === 'string') return value.length <= limit ? value : value.slice(0, limit);
    if (value === null || value === undefined) return null;
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return text.length <= limit ? text : text.slice(0, limit);
  };
}

/** Only "1992-02-14" and "1992-02-14 18:35:44.0" are times; a number of milliseconds is not, map it as BIGINT. */
function datetimeCoercion(name: string, type: SqlType): InputCoercion {
  const parse = type.name === 'TIME' ? parseTimeText : parseTimestampText;
  return (value) => {
    if (value === null || value === undefined || value === '') return null;
    const millis = typeof value === 'string' ? parse(value) : Number.NaN;
    if (Number.isNaN(millis)) return refuse(name, type, value);
    return type.name === 'DATE' ? Math.floor(millis / 86_400_000) * 86_400_000 : millis;
  };
}

/** SQL reference, "Data Types": bytes travel in JSON as Base64. */
function binaryCoercion(name: string, type: SqlType): InputCoercion {
  const shape = compileCast({ name: 'VARBINARY', length: 65_534 }, type);
  return (value) => {
    if (value === null || value === undefined) return null;
    if (
      typeof value !== 'string' ||
      !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(value)
    )
      return refuse(name, type, value);
    return shape(atob(value));
  };
}

function refuse(name: string, type: SqlType, value: unknown): never {
  const text = (
    typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value))
  ).slice(0, 100);
  throw new EvaluationError('COERCION_ERROR', `Column "${name}" cannot hold ${text} as ${printType(type)}`);
}
