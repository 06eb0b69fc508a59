import {
  bigint,
  commonType,
  double,
  familyOf,
  integer,
  intervalType,
  type SqlType,
  type TypeFamily,
  timestamp,
  varchar,
} from './sql-type.ts';

type Accepts = TypeFamily | 'any' | 'character or binary';

/** How a scalar function is called: what each argument must be and what comes out. */
export interface FunctionSignature {
  readonly parameters: readonly Accepts[];
  /** How many of the parameters must be given; all by default. */
  readonly required?: number;
  /** The last parameter may repeat. */
  readonly variadic?: boolean;
  readonly result: (types: readonly SqlType[]) => SqlType;
}

const first = (types: readonly SqlType[]): SqlType => types[0] ?? double;
const text = (types: readonly SqlType[]): SqlType => varchar(first(types).length ?? 65_534);
const always = (type: SqlType) => (): SqlType => type;
const shared = (types: readonly SqlType[]): SqlType =>
  types.reduce((left, right) => commonType(left, right) ?? left, { name: 'NULL' } as SqlType);

const numeric = (result: FunctionSignature['result'], count = 1): FunctionSignature => ({
  parameters: Array.from({ length: count }, () => 'numeric' as const),
  result,
});

/**
 * The scalar functions of the SQL reference ("Streaming SQL functions"). Pattern arguments come first in the
 * conversions; UNIX_TIMESTAMP and TO_TIMESTAMP count milliseconds.
 */
export const functionSignatures: Readonly<Record<string, FunctionSignature>> = {
  ABS: numeric(first),
  CEIL: numeric((types) =>
    first(types).name === 'DECIMAL' ? { name: 'DECIMAL', precision: 18, scale: 0 } : first(types),
  ),
  FLOOR: numeric((types) =>
    first(types).name === 'DECIMAL' ? { name: 'DECIMAL', precision: 18, scale: 0 } : first(types),
  ),
  EXP: numeric(always(double)),
  LN: numeric(always(double)),
  LOG10: numeric(always(double)),
  SQRT: numeric(always(double)),
  MOD: numeric((types) => types[1] ?? bigint, 2),
  POWER: numeric(always(double), 2),
  CHAR_LENGTH: { parameters: ['character'], result: always(integer) },
  CHARACTER_LENGTH: { parameters: ['character'], result: always(integer) },
  INITCAP: { parameters: ['character'], result: text },
  LOWER: { parameters: ['character'], result: text },
  UPPER: { parameters: ['character'], result: text },
  SUBSTRING: {
    parameters: ['character or binary', 'numeric', 'numeric'],
    required: 2,
    result: (types) =>
      familyOf(first(types)) === 'binary' ? { ...first(types), name: 'VARBINARY' } : text(types),
  },
  POSITION: { parameters: ['character', 'character'], result: always(integer) },
  OVERLAY: {
    parameters: ['character', 'character', 'numeric', 'numeric'],
    required: 3,
    result: always(varchar(65_534)),
  },
  TRIM: {
    parameters: ['character', 'character', 'character'],
    result: (types) => varchar(types[2]?.length ?? 65_534),
  },
  REGEX_REPLACE: {
    parameters: ['character', 'character', 'character', 'numeric', 'numeric'],
    result: always(varchar(65_534)),
  },
  COALESCE: { parameters: ['any', 'any'], variadic: true, result: shared },
  NULLIF: { parameters: ['any', 'any'], result: first },
  UNIX_TIMESTAMP: { parameters: ['datetime'], result: always(bigint) },
  TO_TIMESTAMP: { parameters: ['numeric'], result: always(timestamp) },
  TSDIFF: { parameters: ['any', 'any'], result: always(bigint) },
  TIMESTAMP_TO_CHAR: { parameters: ['character', 'datetime'], result: always(varchar(64)) },
  DATE_TO_CHAR: { parameters: ['character', 'datetime'], result: always(varchar(64)) },
  TIME_TO_CHAR: { parameters: ['character', 'datetime'], result: always(varchar(64)) },
  CHAR_TO_TIMESTAMP: { parameters: ['character', 'character'], result: always(timestamp) },
  CHAR_TO_DATE: { parameters: ['character', 'character'], result: always({ name: 'DATE' }) },
  CHAR_TO_TIME: { parameters: ['character', 'character'], result: always({ name: 'TIME' }) },
  CURRENT_ROW_TIMESTAMP: { parameters: [], result: always(timestamp) },
  MONOTONIC: { parameters: ['any'], result: first },
};

/** Is an argument of this type what the parameter takes? NULL fits everywhere. */
export function accepts(parameter: Accepts, type: SqlType): boolean {
  const families: readonly string[] = parameter.split(' or ');
  return parameter === 'any' || type.name === 'NULL' || families.includes(familyOf(type));
}

/** Type of `left operator right`, undefined where the dialect has no such operation. */
export function arithmeticType(operator: string, left: SqlType, right: SqlType): SqlType | undefined {
  const families = `${familyOf(left)} ${operator} ${familyOf(right)}`;
  if (familyOf(left) === 'null' || familyOf(right) === 'null')
    return familyOf(left) === 'null' ? right : left;
  const mixed = mixedArithmetic[families];
  if (mixed !== undefined) return mixed(left, right);
  if (familyOf(left) !== 'numeric' || familyOf(right) !== 'numeric') return undefined;
  if (left.name === 'DECIMAL' || right.name === 'DECIMAL') return decimalType(operator, left, right);
  return commonType(left, right);
}

const mixedArithmetic: Readonly<Record<string, (left: SqlType, right: SqlType) => SqlType>> = {
  'datetime - datetime': () => intervalType('DAY', 'SECOND'),
  'datetime + interval': (left) => left,
  'interval + datetime': (_, right) => right,
  'datetime - interval': (left) => left,
  'interval + interval': (left, right) => commonType(left, right) ?? left,
  'interval - interval': (left, right) => commonType(left, right) ?? left,
  'interval * numeric': (left) => left,
  'numeric * interval': (_, right) => right,
  'interval / numeric': (left) => left,
};

/** SQL reference, "Numeric operators": scale of a quotient max(6, s1 + p2 + 1), everything capped at 18 digits. */
function decimalType(operator: string, left: SqlType, right: SqlType): SqlType {
  if ([left.name, right.name].some((name) => name === 'DOUBLE' || name === 'REAL')) return double;
  const [ls, rs] = [left.scale ?? 0, right.scale ?? 0];
  const rp = right.precision ?? 10;
  const lp = left.precision ?? 10;
  if (operator === '*')
    return { name: 'DECIMAL', precision: Math.min(18, lp + rp), scale: Math.min(18, ls + rs) };
  if (operator === '/')
    return { name: 'DECIMAL', precision: 18, scale: Math.min(18, Math.max(6, ls + rp + 1)) };
  return { name: 'DECIMAL', precision: 18, scale: Math.max(ls, rs) };
}
