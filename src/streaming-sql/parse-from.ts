import type { TokenStream } from '../sql/index.ts';
import { parseExpression } from './parse-expression.ts';
import { parseAlias, parseIdentifier } from './parse-name.ts';
import { parseColumnList, parseOver } from './parse-window.ts';
import type { FromItem, Identifier, Query, SyntaxExpression, WindowSpecification } from './syntax.ts';

type ParseQuery = () => Query;
type JoinWord = 'inner' | 'left' | 'right' | 'full' | 'cross';

/** From : Source ( , Source | join Source [ ON Expression ] )* */
export function parseFrom(tokens: TokenStream, parseQuery: ParseQuery): FromItem {
  let left = parseSource(tokens, parseQuery);
  for (;;) {
    const { start } = tokens.peek();
    const join = parseJoinWord(tokens);
    if (join === null) return left;
    const right = parseSource(tokens, parseQuery);
    if (join === 'cross' && tokens.atKeyword('ON'))
      tokens.fail(tokens.peek().start, 'CROSS JOIN takes no condition, write JOIN … ON or a WHERE');
    if (join !== 'cross' && !tokens.atKeyword('ON')) {
      tokens.fail(tokens.peek().start, 'JOIN needs a condition, write ON left."key" = right."key"');
    }
    const condition = join !== 'cross' && tokens.acceptKeyword('ON') ? parseExpression(tokens) : null;
    left = { kind: 'join', start, join, left, right, condition };
  }
}

function parseJoinWord(tokens: TokenStream): JoinWord | null {
  if (tokens.acceptOperator(',')) return 'cross';
  if (tokens.atKeyword('NATURAL'))
    tokens.fail(tokens.peek().start, 'NATURAL JOIN is not supported, write JOIN … ON');
  if (tokens.acceptKeyword('CROSS')) return tokens.expectKeyword('JOIN') && 'cross';
  for (const side of ['left', 'right', 'full'] as const) {
    if (tokens.acceptKeyword(side.toUpperCase())) {
      tokens.acceptKeyword('OUTER');
      tokens.expectKeyword('JOIN');
      return side;
    }
  }
  if (tokens.acceptKeyword('INNER')) return tokens.expectKeyword('JOIN') && 'inner';
  return tokens.acceptKeyword('JOIN') ? 'inner' : null;
}

/** Source : name [ OVER window ] alias | ( Query ) [ OVER window ] alias | TABLE ( function ( CURSOR ( Query ), … ) ) alias */
function parseSource(tokens: TokenStream, parseQuery: ParseQuery): FromItem {
  const { start } = tokens.peek();
  if (tokens.acceptKeyword('TABLE')) return parseTableFunction(tokens, start, parseQuery);
  if (tokens.acceptOperator('(')) {
    const query = parseQuery();
    tokens.expectOperator(')');
    const over = parseSourceWindow(tokens);
    return { kind: 'subquery', start, query, over, ...parseCorrelation(tokens) };
  }
  const name = parseIdentifier(tokens, 'a stream');
  const over = parseSourceWindow(tokens);
  return { kind: 'table', start, name, over, ...parseCorrelation(tokens) };
}

/** OVER ( specification ), or OVER name of the WINDOW clause. */
function parseSourceWindow(tokens: TokenStream): WindowSpecification | null {
  if (!tokens.acceptKeyword('OVER')) return null;
  const over = parseOver(tokens, () => parseExpression(tokens));
  return 'value' in over ? { start: over.start, base: over, partition: [], frame: null } : over;
}

/** Correlation : [ [ AS ] alias [ ( columns ) ] ] */
function parseCorrelation(tokens: TokenStream): { alias: Identifier | null; columns: readonly Identifier[] } {
  const alias = parseAlias(tokens);
  return { alias, columns: alias !== null && tokens.atOperator('(') ? parseColumnList(tokens) : [] };
}

function parseTableFunction(tokens: TokenStream, start: number, parseQuery: ParseQuery): FromItem {
  tokens.expectOperator('(');
  const name = parseIdentifier(tokens, 'a table function');
  tokens.expectOperator('(');
  tokens.expectKeyword('CURSOR');
  tokens.expectOperator('(');
  const query = parseQuery();
  tokens.expectOperator(')');
  const values: SyntaxExpression[] = [];
  while (tokens.acceptOperator(',')) values.push(parseExpression(tokens));
  tokens.expectOperator(')');
  tokens.expectOperator(')');
  return { kind: 'tableFunction', start, name, query, arguments: values, ...parseCorrelation(tokens) };
}
