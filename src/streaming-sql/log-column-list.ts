import { Source, SqlError, TokenStream } from '../sql/index.ts';
import { unknownDateLetter } from './literal-pattern.ts';
import type { FixedSpan, LogField } from './log-parse-plan.ts';
import { parseIdentifier } from './parse-name.ts';
import { parseType } from './parse-type.ts';
import { familyOf, printType, varchar } from './sql-type.ts';
import { streamingDialect } from './streaming-dialect.ts';

/** A column of a log parser's column list; the span where the list gives one. */
export interface LogColumn {
  readonly field: LogField;
  readonly span: FixedSpan | null;
}

/** SQL reference, log parsing functions: the type of a column that has none. */
export const defaultLogType = varchar(1024);

/**
 * Columns : Column ( , Column )*
 * Column : name [ [ TYPE ] type [ 'date pattern' ] ] [ NOT NULL ] [ START n [ FOR n ] ]
 * The list is the text of a string literal. @throws SqlError with a place in that text
 */
export function parseLogColumns(text: string): LogColumn[] {
  const tokens = new TokenStream(new Source(text, 'column list'), streamingDialect);
  const names = new Set<string>();
  const columns = tokens.delimited(',', () => {
    const { start } = tokens.peek();
    const column = parseColumn(tokens);
    if (names.has(column.field.name)) tokens.fail(start, `Column "${column.field.name}" is listed twice`);
    names.add(column.field.name);
    return column;
  });
  tokens.expectEnd();
  return columns;
}

/** The reason of a failure in a column list, for an error at the place of the literal. */
export function columnListProblem(error: unknown): string {
  if (!(error instanceof SqlError)) throw error;
  return `${error.reason}, at ${error.line}:${error.column} of the column list`;
}

function parseColumn(tokens: TokenStream): LogColumn {
  const name = parseIdentifier(tokens, 'a column').value;
  const typed = tokens.acceptKeyword('TYPE') || isTypeNext(tokens);
  const type = typed ? parseType(tokens) : defaultLogType;
  const format =
    tokens.peek().kind === 'string'
      ? parseFormat(tokens, familyOf(type) === 'datetime', printType(type))
      : undefined;
  const notNull = tokens.acceptKeyword('NOT', 'NULL');
  const span = tokens.acceptKeyword('START') ? parseSpan(tokens) : null;
  const field = {
    name,
    type,
    ...(format === undefined ? {} : { format }),
    ...(notNull ? ({ notNull: true } as const) : {}),
  };
  return { field, span };
}

function isTypeNext(tokens: TokenStream): boolean {
  return tokens.peek().kind === 'word' && !tokens.atKeyword('NOT') && !tokens.atKeyword('START');
}

function parseFormat(tokens: TokenStream, datetime: boolean, type: string): string {
  const { start, value } = tokens.next();
  if (!datetime) tokens.fail(start, `A pattern only fits DATE, TIME and TIMESTAMP, this column is ${type}`);
  const letter = unknownDateLetter(value);
  if (letter !== null) tokens.fail(start, `Date pattern letter "${letter}" is not supported`);
  return value;
}

function parseSpan(tokens: TokenStream): FixedSpan {
  const start = parseNumber(tokens);
  return tokens.acceptKeyword('FOR') ? { start, length: parseNumber(tokens) } : { start };
}

function parseNumber(tokens: TokenStream): number {
  const token = tokens.expect('number', 'a whole number');
  if (!/^\d{1,6}$/.test(token.value))
    tokens.fail(token.start, `Expected a whole number, found "${token.text}"`);
  return Number(token.value);
}
