import type { TokenStream } from '../sql/index.ts';
import { parseExpression } from './parse-expression.ts';
import { parseFrom } from './parse-from.ts';
import { parseAlias, toIdentifier } from './parse-name.ts';
import { parseNamedWindows } from './parse-window.ts';
import type { Query, Select, SelectItem, SortItem, Stagger } from './syntax.ts';

/** Queries that one UNION ALL joins. */
const MAX_UNION = 64;

/** Query : Term ( UNION ALL Term )*      Term : Select | Values | ( Query ) */
export function parseQuery(tokens: TokenStream): Query {
  return tokens.nested(() => {
    let left = parseTerm(tokens);
    for (let count = 2; ; count++) {
      const token = tokens.peek();
      if (tokens.atKeyword('EXCEPT') || tokens.atKeyword('INTERSECT')) {
        tokens.fail(
          token.start,
          `${token.keyword} is not possible on streams, UNION ALL is the only set operator`,
        );
      }
      if (!tokens.acceptKeyword('UNION')) return left;
      if (!tokens.acceptKeyword('ALL'))
        tokens.fail(token.start, 'UNION is not possible on streams, write UNION ALL');
      if (count > MAX_UNION)
        tokens.fail(
          token.start,
          `UNION ALL joins at most ${MAX_UNION} queries, write several pumps into one stream`,
        );
      left = { kind: 'union', start: left.start, left, right: parseTerm(tokens) };
    }
  });
}

function parseTerm(tokens: TokenStream): Query {
  if (tokens.acceptOperator('(')) {
    const query = parseQuery(tokens);
    tokens.expectOperator(')');
    return query;
  }
  return tokens.atKeyword('VALUES') ? parseValues(tokens) : parseSelect(tokens);
}

/** Values : VALUES [ ROW ] ( Expression [, Expression]* ) [, [ ROW ] ( … )]* */
function parseValues(tokens: TokenStream): Query {
  const { start } = tokens.expectKeyword('VALUES');
  const rows = tokens.delimited(',', () => {
    tokens.acceptKeyword('ROW');
    tokens.expectOperator('(');
    const row = tokens.delimited(',', () => parseExpression(tokens));
    tokens.expectOperator(')');
    return row;
  });
  return { kind: 'values', start, rows };
}

/**
 * Select : SELECT [ STREAM ] [ DISTINCT | ALL ] items FROM from [ WHERE … ] [ GROUP BY … ] [ WINDOWED BY STAGGER … ]
 *          [ HAVING … ] [ WINDOW … ] [ ORDER BY … ]
 * STREAM may be left out: published applications do, and the service took them.
 */
function parseSelect(tokens: TokenStream): Select {
  const { start } = tokens.expectKeyword('SELECT');
  tokens.acceptKeyword('STREAM');
  const distinct = tokens.acceptKeyword('DISTINCT');
  if (!distinct) tokens.acceptKeyword('ALL');
  const items = tokens.delimited(',', () => parseSelectItem(tokens));
  tokens.expectKeyword('FROM');
  const from = parseFrom(tokens, () => parseQuery(tokens));
  const where = tokens.acceptKeyword('WHERE') ? parseExpression(tokens) : null;
  const groupBy = tokens.acceptKeyword('GROUP', 'BY')
    ? tokens.delimited(',', () => parseExpression(tokens))
    : [];
  const stagger = parseStagger(tokens);
  const having = tokens.acceptKeyword('HAVING') ? parseExpression(tokens) : null;
  const windows = parseNamedWindows(tokens, () => parseExpression(tokens));
  const orderBy = tokens.acceptKeyword('ORDER', 'BY')
    ? tokens.delimited(',', () => parseSortItem(tokens))
    : [];
  return { kind: 'select', start, distinct, items, from, where, groupBy, stagger, having, windows, orderBy };
}

/** Item : * | name . * | Expression [ [ AS ] alias ] */
function parseSelectItem(tokens: TokenStream): SelectItem {
  const token = tokens.peek();
  if (tokens.acceptOperator('*')) return { kind: 'star', start: token.start, qualifier: null };
  if (
    (token.kind === 'word' || token.kind === 'quoted') &&
    tokens.atOperator('.', 1) &&
    tokens.atOperator('*', 2)
  ) {
    const qualifier = toIdentifier(tokens, tokens.next());
    tokens.next();
    tokens.next();
    return { kind: 'star', start: token.start, qualifier };
  }
  const expression = parseExpression(tokens);
  return { kind: 'expression', expression, alias: parseAlias(tokens) };
}

function parseSortItem(tokens: TokenStream): SortItem {
  const expression = parseExpression(tokens);
  const descending = tokens.acceptKeyword('DESC');
  if (!descending) tokens.acceptKeyword('ASC');
  return { expression, descending };
}

/** Stagger : WINDOWED BY STAGGER ( PARTITION BY expressions RANGE interval ) */
function parseStagger(tokens: TokenStream): Stagger | null {
  const { start } = tokens.peek();
  if (!tokens.acceptKeyword('WINDOWED')) return null;
  tokens.expectKeyword('BY');
  tokens.expectKeyword('STAGGER');
  tokens.expectOperator('(');
  tokens.expectKeyword('PARTITION');
  tokens.expectKeyword('BY');
  const partition = tokens.delimited(',', () => parseExpression(tokens));
  tokens.expectKeyword('RANGE');
  const range = parseExpression(tokens);
  tokens.acceptKeyword('PRECEDING');
  tokens.expectOperator(')');
  return { start, partition, range };
}
