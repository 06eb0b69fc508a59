/**
 * The column types of the Kinesis Data Analytics SQL dialect (SQL reference, "Data Types"), as plan data.
 * INTERVAL and NULL exist in expressions only; FLOAT, seen in real applications, is read as DOUBLE.
 */
export type SqlTypeName =
  | 'BIGINT'
  | 'INTEGER'
  | 'SMALLINT'
  | 'TINYINT'
  | 'DECIMAL'
  | 'DOUBLE'
  | 'REAL'
  | 'BOOLEAN'
  | 'CHAR'
  | 'VARCHAR'
  | 'BINARY'
  | 'VARBINARY'
  | 'DATE'
  | 'TIME'
  | 'TIMESTAMP'
  | 'INTERVAL'
  | 'NULL';

/** The fields of a day-time interval, greatest first. */
export type IntervalField = 'DAY' | 'HOUR' | 'MINUTE' | 'SECOND';
export const intervalFields: readonly IntervalField[] = ['DAY', 'HOUR', 'MINUTE', 'SECOND'];

/** A type with its length (characters or bytes), its precision and scale (decimal digits), or an interval's fields. */
export interface SqlType {
  readonly name: SqlTypeName;
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
  /** First and last field of an INTERVAL: how it reads as text and what its number counts. */
  readonly fields?: readonly [IntervalField, IntervalField];
}

/** What mixes with what without a CAST: "no implicit conversion between character, datetime and numeric". */
export type TypeFamily = 'numeric' | 'character' | 'binary' | 'boolean' | 'datetime' | 'interval' | 'null';

const families: Readonly<Record<SqlTypeName, TypeFamily>> = {
  BIGINT: 'numeric',
  INTEGER: 'numeric',
  SMALLINT: 'numeric',
  TINYINT: 'numeric',
  DECIMAL: 'numeric',
  DOUBLE: 'numeric',
  REAL: 'numeric',
  BOOLEAN: 'boolean',
  CHAR: 'character',
  VARCHAR: 'character',
  BINARY: 'binary',
  VARBINARY: 'binary',
  DATE: 'datetime',
  TIME: 'datetime',
  TIMESTAMP: 'datetime',
  INTERVAL: 'interval',
  NULL: 'null',
};

/** Inclusive bounds of the integer types. BIGINT is bounded by what a JSON number keeps exactly, 2^53 - 1. */
export const integerBounds: Readonly<Partial<Record<SqlTypeName, readonly [number, number]>>> = {
  TINYINT: [-128, 127],
  SMALLINT: [-32_768, 32_767],
  INTEGER: [-2_147_483_648, 2_147_483_647],
  BIGINT: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

export const bigint: SqlType = { name: 'BIGINT' };
export const boolean: SqlType = { name: 'BOOLEAN' };
export const double: SqlType = { name: 'DOUBLE' };
export const integer: SqlType = { name: 'INTEGER' };
export const interval: SqlType = { name: 'INTERVAL' };
export const timestamp: SqlType = { name: 'TIMESTAMP' };
export const nullType: SqlType = { name: 'NULL' };
export const intervalType = (from: IntervalField, to: IntervalField = from): SqlType => ({
  name: 'INTERVAL',
  fields: [from, to],
});
export const varchar = (length: number): SqlType => ({ name: 'VARCHAR', length });

export function familyOf(type: SqlType): TypeFamily {
  return families[type.name];
}

export function isExactInteger(type: SqlType): boolean {
  return type.name in integerBounds || (type.name === 'DECIMAL' && type.scale === 0);
}

/** `VARCHAR(32)`, `DECIMAL(10,2)`: the type as the dialect writes it. */
export function printType(type: SqlType): string {
  if (type.length !== undefined) return `${type.name}(${type.length})`;
  if (type.precision !== undefined) return `${type.name}(${type.precision},${type.scale ?? 0})`;
  if (type.fields !== undefined) {
    const [from, to] = type.fields;
    return `INTERVAL ${from === to ? from : `${from} TO ${to}`}`;
  }
  return type.name;
}

const numericRank: readonly SqlTypeName[] = [
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'DECIMAL',
  'REAL',
  'DOUBLE',
];

/**
 * The type two values share in arithmetic, comparison, CASE or UNION ALL, or undefined where the dialect wants a CAST.
 */
export function commonType(left: SqlType, right: SqlType): SqlType | undefined {
  if (left.name === 'NULL') return right;
  if (right.name === 'NULL') return left;
  if (familyOf(left) !== familyOf(right)) return undefined;
  if (familyOf(left) === 'numeric') return commonNumeric(left, right);
  if (familyOf(left) === 'interval') return commonInterval(left, right);
  if (familyOf(left) === 'datetime' && left.name !== right.name) return commonDatetime(left, right);
  if (left.length !== undefined || right.length !== undefined) {
    const name = left.name === right.name ? left.name : familyOf(left) === 'binary' ? 'VARBINARY' : 'VARCHAR';
    return { name, length: Math.max(left.length ?? 1, right.length ?? 1) };
  }
  return left;
}

function commonNumeric(left: SqlType, right: SqlType): SqlType {
  if (left.name === 'DECIMAL' && right.name === 'DECIMAL') {
    const scale = Math.max(left.scale ?? 0, right.scale ?? 0);
    return { name: 'DECIMAL', precision: 18, scale };
  }
  const wider = numericRank.indexOf(left.name) >= numericRank.indexOf(right.name) ? left : right;
  return wider;
}

/** From the greater first field to the finer last one. */
function commonInterval(left: SqlType, right: SqlType): SqlType {
  const [a, b] = [left.fields, right.fields];
  if (a === undefined || b === undefined) return left;
  const at = (field: IntervalField) => intervalFields.indexOf(field);
  return intervalType(at(a[0]) <= at(b[0]) ? a[0] : b[0], at(a[1]) >= at(b[1]) ? a[1] : b[1]);
}

function commonDatetime(left: SqlType, right: SqlType): SqlType | undefined {
  return left.name === 'TIME' || right.name === 'TIME' ? undefined : timestamp;
}
