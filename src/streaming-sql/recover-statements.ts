import { Source, SqlError, TokenStream } from '../sql/index.ts';
import { parseStatement } from './parse-application.ts';
import { streamingDialect } from './streaming-dialect.ts';
import type { Statement } from './syntax.ts';

/** One statement of a text that may hold broken ones. */
export interface RecoveredStatement {
  /** Offset of its first character. */
  readonly start: number;
  /** The words it begins with, for example `CREATE PUMP`. */
  readonly kind: string;
  /** The name that follows them, empty where there is none. */
  readonly name: string;
  /** Absent where the statement cannot be read; `error` then says why. */
  readonly statement?: Statement;
  readonly error?: SqlError;
}

/** Reads every statement of an application by itself: a broken one does not hide those behind it. */
export function recoverStatements(source: Source): RecoveredStatement[] {
  const { tokens, errors } = tokenizeLeniently(source);
  const found: RecoveredStatement[] = [];
  while (tokens.peek().kind !== 'end') {
    if (tokens.acceptOperator(';')) continue;
    found.push(recoverStatement(tokens));
  }
  return placeErrors(found, errors);
}

function recoverStatement(tokens: TokenStream): RecoveredStatement {
  const head = { start: tokens.peek().start, ...titleOf(tokens) };
  const mark = tokens.mark();
  try {
    const statement = parseStatement(tokens);
    if (tokens.peek().kind !== 'end' && !tokens.atOperator(';'))
      tokens.failExpected('";" or the end of the application');
    return { ...head, statement };
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    tokens.rewind(mark);
    tokens.next();
    while (!atBoundary(tokens)) tokens.next();
    return { ...head, error };
  }
}

/** Where a new statement may begin, also when the semicolon between two was forgotten. */
function atBoundary(tokens: TokenStream): boolean {
  if (tokens.peek().kind === 'end' || tokens.atOperator(';')) return true;
  const next = tokens.peek(1).keyword;
  return tokens.atKeyword('CREATE') && ['OR', 'STREAM', 'PUMP', 'FUNCTION', 'VIEW'].includes(next);
}

function titleOf(tokens: TokenStream): { kind: string; name: string } {
  if (!tokens.atKeyword('CREATE')) return { kind: tokens.peek().keyword || tokens.peek().text, name: '' };
  const at = tokens.atKeyword('OR', 1) ? 3 : 1;
  const name = tokens.peek(at + 1);
  const isName = name.kind === 'word' || name.kind === 'quoted';
  return { kind: `CREATE ${tokens.peek(at).keyword}`.trim(), name: isName ? nameOf(name) : '' };
}

function nameOf(token: { readonly kind: string; readonly value: string }): string {
  return token.kind === 'quoted' ? token.value : token.value.toUpperCase();
}

const MAX_LEXICAL_ERRORS = 100;

/** What does not split into tokens is blanked up to the end of its statement, so that offsets stay true. */
function tokenizeLeniently(source: Source): { tokens: TokenStream; errors: SqlError[] } {
  const errors: SqlError[] = [];
  let { text } = source;
  for (;;) {
    try {
      return { tokens: new TokenStream(new Source(text, source.name), streamingDialect), errors };
    } catch (error) {
      if (!(error instanceof SqlError) || errors.length >= MAX_LEXICAL_ERRORS) throw error;
      errors.push(error);
      const semicolon = text.indexOf(';', error.offset + 1);
      const end = semicolon < 0 ? text.length : semicolon;
      const blank = text.slice(error.offset, end).replace(/[^\r\n]/g, ' ');
      text = text.slice(0, error.offset) + blank + text.slice(end);
    }
  }
}

/** An error of the text belongs to the statement it lies in, and is what was wrong with it in the first place. */
function placeErrors(
  found: readonly RecoveredStatement[],
  errors: readonly SqlError[],
): RecoveredStatement[] {
  const placed = [...found];
  for (const error of errors) {
    const at = placed.findLastIndex(({ start }) => start < error.offset);
    const owner = placed[at];
    if (owner === undefined) placed.unshift({ start: error.offset, kind: '', name: '', error });
    else placed[at] = { start: owner.start, kind: owner.kind, name: owner.name, error };
  }
  return placed;
}
