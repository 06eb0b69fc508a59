import { didYouMean, type Source, TokenStream } from '../sql/index.ts';
import { parseCreateFunction } from './parse-function.ts';
import { parseIdentifier } from './parse-name.ts';
import { parseQuery } from './parse-query.ts';
import { parseType } from './parse-type.ts';
import { parseColumnList } from './parse-window.ts';
import { streamingDialect } from './streaming-dialect.ts';
import type { Application, ColumnDefinition, CreatePump, CreateStream, Statement } from './syntax.ts';

/**
 * Application : Statement ( ; Statement )* [ ; ]
 * @throws StreamingSqlError at the first token that fits no statement
 */
export function parseApplication(source: Source): Application {
  const tokens = new TokenStream(source, streamingDialect);
  const statements: Statement[] = [];
  while (tokens.peek().kind !== 'end') {
    if (tokens.acceptOperator(';')) continue;
    statements.push(parseStatement(tokens));
    if (tokens.peek().kind !== 'end' && !tokens.atOperator(';'))
      tokens.failExpected(
        tokens.atKeyword('CREATE') ? '";" between two statements' : '";" or the end of the application',
      );
  }
  if (statements.length === 0) tokens.fail(0, 'Application is empty, write CREATE STREAM and CREATE PUMP');
  return { statements };
}

/** Statement : CREATE [ OR REPLACE ] ( STREAM … | PUMP … | FUNCTION … ) */
export function parseStatement(tokens: TokenStream): Statement {
  const first = tokens.peek();
  if (!tokens.acceptKeyword('CREATE')) {
    const advice =
      first.keyword === 'SELECT' || first.keyword === 'INSERT'
        ? 'A query runs inside a pump, write'
        : 'Expected';
    return tokens.fail(
      first.start,
      `${advice} CREATE OR REPLACE PUMP "NAME" AS INSERT INTO … SELECT STREAM …`,
    );
  }
  if (tokens.acceptKeyword('OR')) tokens.expectKeyword('REPLACE');
  if (tokens.acceptKeyword('STREAM')) return parseCreateStream(tokens, first.start);
  if (tokens.acceptKeyword('PUMP')) return parseCreatePump(tokens, first.start);
  if (tokens.acceptKeyword('FUNCTION')) return parseCreateFunction(tokens, first.start);
  const found = tokens.peek();
  if (found.keyword === 'TABLE')
    tokens.fail(found.start, 'CREATE TABLE is not possible, rows live in streams, write CREATE STREAM');
  if (found.keyword === 'VIEW')
    tokens.fail(found.start, 'CREATE VIEW is not supported, write CREATE STREAM and a pump into it');
  return tokens.fail(
    found.start,
    `Expected STREAM or PUMP after CREATE, found "${found.text}"${didYouMean(found.text, ['STREAM', 'PUMP'])}`,
  );
}

/** STREAM name ( column type [ NOT NULL ], … ) [ DESCRIPTION 'text' ] */
function parseCreateStream(tokens: TokenStream, start: number): CreateStream {
  const name = parseIdentifier(tokens, 'a stream name');
  tokens.expectOperator('(');
  const columns = tokens.delimited(',', () => parseColumn(tokens));
  tokens.expectOperator(')');
  if (tokens.acceptKeyword('DESCRIPTION')) tokens.expect('string');
  return { kind: 'createStream', start, name, columns };
}

function parseColumn(tokens: TokenStream): ColumnDefinition {
  const name = parseIdentifier(tokens, 'a column name');
  const type = parseType(tokens);
  const notNull = tokens.acceptKeyword('NOT', 'NULL');
  return { name, type, notNull };
}

/** PUMP name [ STARTED | STOPPED ] AS INSERT INTO stream [ ( columns ) ] query */
function parseCreatePump(tokens: TokenStream, start: number): CreatePump {
  const name = parseIdentifier(tokens, 'a pump name');
  const stopped = tokens.acceptKeyword('STOPPED');
  if (!stopped) tokens.acceptKeyword('STARTED');
  tokens.expectKeyword('AS');
  if (!tokens.acceptKeyword('INSERT', 'INTO'))
    tokens.failExpected('INSERT INTO "STREAM" before the query of a pump');
  const into = parseIdentifier(tokens, 'a stream name');
  const query = ['SELECT', 'VALUES'].some((keyword) => tokens.atKeyword(keyword, 1));
  const columns = tokens.atOperator('(') && !query ? parseColumnList(tokens) : null;
  return { kind: 'createPump', start, name, stopped, into, columns, query: parseQuery(tokens) };
}
