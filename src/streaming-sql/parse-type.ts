import type { TokenStream } from '../sql/index.ts';
import { didYouMean } from '../sql/index.ts';
import type { SqlType, SqlTypeName } from './sql-type.ts';

interface TypeRule {
  readonly name: SqlTypeName;
  /** Highest length, for types that take one. */
  readonly maxLength?: number;
}

const typeRules: Readonly<Record<string, TypeRule>> = {
  BIGINT: { name: 'BIGINT' },
  INTEGER: { name: 'INTEGER' },
  INT: { name: 'INTEGER' },
  SMALLINT: { name: 'SMALLINT' },
  TINYINT: { name: 'TINYINT' },
  DOUBLE: { name: 'DOUBLE' },
  FLOAT: { name: 'DOUBLE' },
  REAL: { name: 'REAL' },
  BOOLEAN: { name: 'BOOLEAN' },
  DATE: { name: 'DATE' },
  TIME: { name: 'TIME' },
  TIMESTAMP: { name: 'TIMESTAMP' },
  DECIMAL: { name: 'DECIMAL' },
  DEC: { name: 'DECIMAL' },
  NUMERIC: { name: 'DECIMAL' },
  CHAR: { name: 'CHAR', maxLength: 65_534 },
  CHARACTER: { name: 'CHAR', maxLength: 65_534 },
  VARCHAR: { name: 'VARCHAR', maxLength: 65_534 },
  BINARY: { name: 'BINARY', maxLength: 65_534 },
  VARBINARY: { name: 'VARBINARY', maxLength: 65_534 },
};

/** Types of other dialects, and what to write here. */
const elsewhere: Readonly<Record<string, string>> = {
  STRING: 'VARCHAR(64)',
  TEXT: 'VARCHAR(65534)',
  NUMBER: 'DECIMAL(18,4) or DOUBLE',
  LONG: 'BIGINT',
  BOOL: 'BOOLEAN',
  DATETIME: 'TIMESTAMP',
  TIMESTAMPTZ: 'TIMESTAMP, which is UTC',
};

/**
 * Type : BIGINT | INT[EGER] | … | DOUBLE [PRECISION] | DECIMAL [( p [, s] )] | VARCHAR ( n )
 * SQL reference, "Data Types": DECIMAL holds at most 18 digits and is (18,0) without arguments.
 */
export function parseType(tokens: TokenStream): SqlType {
  const token = tokens.expect('word', 'a data type');
  if (token.keyword === 'INTERVAL')
    tokens.fail(token.start, 'INTERVAL is a type of expressions only, keep the milliseconds in a BIGINT');
  const rule = Object.hasOwn(typeRules, token.keyword) ? typeRules[token.keyword] : undefined;
  if (rule === undefined) {
    const hint = Object.hasOwn(elsewhere, token.keyword)
      ? `, write ${elsewhere[token.keyword]}`
      : didYouMean(token.text, Object.keys(typeRules)) || ', write for example VARCHAR(32) or DOUBLE';
    return tokens.fail(token.start, `Unknown data type "${token.text}"${hint}`);
  }
  if (token.keyword === 'DOUBLE') tokens.acceptKeyword('PRECISION');
  if (token.keyword === 'CHARACTER' && tokens.acceptKeyword('VARYING')) {
    return parseLength(tokens, 'VARCHAR', 65_534, token.start);
  }
  if (rule.name === 'DECIMAL') return parseDecimal(tokens);
  if (rule.maxLength !== undefined) return parseLength(tokens, rule.name, rule.maxLength, token.start);
  if (rule.name === 'TIMESTAMP' || rule.name === 'TIME') skipPrecision(tokens);
  return { name: rule.name };
}

function parseLength(tokens: TokenStream, name: SqlTypeName, maxLength: number, start: number): SqlType {
  if (!tokens.atOperator('(')) {
    if (name === 'CHAR' || name === 'BINARY') return { name, length: 1 };
    return tokens.fail(start, `${name} needs a length, write ${name}(64)`);
  }
  const [length = 0] = parseArguments(tokens, 1);
  if (length < 1 || length > maxLength) {
    tokens.fail(start, `${name}(${length}) is out of range, the length lies between 1 and ${maxLength}`);
  }
  return { name, length };
}

function parseDecimal(tokens: TokenStream): SqlType {
  const start = tokens.peek().start;
  const [precision = 18, scale = 0] = tokens.atOperator('(') ? parseArguments(tokens, 2) : [];
  if (precision < 1 || precision > 18 || scale > precision) {
    tokens.fail(
      start,
      `DECIMAL(${precision},${scale}) is out of range, precision is 1 to 18 and scale at most that`,
    );
  }
  return { name: 'DECIMAL', precision, scale };
}

/** TIMESTAMP(3) and TIME(0) are written in some applications; the service keeps milliseconds whatever they say. */
function skipPrecision(tokens: TokenStream): void {
  if (tokens.atOperator('(')) parseArguments(tokens, 1);
}

function parseArguments(tokens: TokenStream, limit: number): number[] {
  tokens.expectOperator('(');
  const values = tokens.delimited(',', () => parseWholeNumber(tokens));
  if (values.length > limit) tokens.fail(tokens.peek().start, `Data type takes at most ${limit} argument(s)`);
  tokens.expectOperator(')');
  return values;
}

function parseWholeNumber(tokens: TokenStream): number {
  const token = tokens.expect('number', 'a whole number');
  if (!/^\d{1,9}$/.test(token.value))
    tokens.fail(token.start, `Expected a whole number, found "${token.text}"`);
  return Number(token.value);
}
