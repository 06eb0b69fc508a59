import type { TokenStream } from '../sql/index.ts';
import { parseIdentifier, toIdentifier } from './parse-name.ts';
import type {
  Identifier,
  NamedWindow,
  SyntaxExpression,
  SyntaxFrame,
  WindowSpecification,
} from './syntax.ts';

type ParseExpression = () => SyntaxExpression;

/** Windows : WINDOW name AS ( … ) [, name AS ( … )]* */
export function parseNamedWindows(tokens: TokenStream, parseExpression: ParseExpression): NamedWindow[] {
  if (!tokens.acceptKeyword('WINDOW')) return [];
  return tokens.delimited(',', () => {
    const name = parseIdentifier(tokens, 'a window name');
    tokens.expectKeyword('AS');
    return { name, window: parseWindowSpecification(tokens, parseExpression) };
  });
}

/** Over : OVER ( name | ( specification ) ) */
export function parseOver(
  tokens: TokenStream,
  parseExpression: ParseExpression,
): WindowSpecification | Identifier {
  if (tokens.atOperator('(')) return parseWindowSpecification(tokens, parseExpression);
  return parseIdentifier(tokens, 'a window name');
}

/** Specification : ( [ name ] [ PARTITION BY expressions ] [ frame ] ), without ORDER BY: a stream has its order. */
export function parseWindowSpecification(
  tokens: TokenStream,
  parseExpression: ParseExpression,
): WindowSpecification {
  const { start } = tokens.expectOperator('(');
  const base = startsClause(tokens) ? null : parseIdentifier(tokens, 'a window name');
  const partition = tokens.acceptKeyword('PARTITION', 'BY') ? tokens.delimited(',', parseExpression) : [];
  if (tokens.atKeyword('ORDER')) {
    tokens.fail(
      tokens.peek().start,
      'ORDER BY may not be written in a window, rows are already in ROWTIME order, remove it',
    );
  }
  const frame = tokens.atOperator(')') ? null : parseFrame(tokens, parseExpression);
  tokens.expectOperator(')');
  return { start, base, partition, frame };
}

function startsClause(tokens: TokenStream): boolean {
  return tokens.atOperator(')') || ['PARTITION', 'ORDER', 'RANGE', 'ROWS'].includes(tokens.peek().keyword);
}

/** Frame : ( RANGE | ROWS ) ( bound | BETWEEN bound AND CURRENT ROW ) */
function parseFrame(tokens: TokenStream, parseExpression: ParseExpression): SyntaxFrame {
  const token = tokens.peek();
  const unit = tokens.acceptKeyword('RANGE') ? 'range' : tokens.acceptKeyword('ROWS') ? 'rows' : null;
  if (unit === null) return tokens.failExpected('RANGE or ROWS');
  const between = tokens.acceptKeyword('BETWEEN');
  const preceding = parseBound(tokens, parseExpression);
  if (between) {
    tokens.expectKeyword('AND');
    if (!tokens.acceptKeyword('CURRENT', 'ROW')) {
      tokens.fail(
        tokens.peek().start,
        'A window over a stream ends at the current row, write AND CURRENT ROW',
      );
    }
  }
  return { start: token.start, unit, preceding };
}

function parseBound(tokens: TokenStream, parseExpression: ParseExpression): SyntaxFrame['preceding'] {
  if (tokens.acceptKeyword('CURRENT', 'ROW')) return 'current';
  const { start } = tokens.peek();
  const preceding = tokens.acceptKeyword('UNBOUNDED') ? 'unbounded' : parseExpression();
  if (tokens.atKeyword('FOLLOWING')) {
    tokens.fail(start, 'A window over a stream cannot hold rows that follow, write PRECEDING');
  }
  tokens.expectKeyword('PRECEDING');
  return preceding;
}

/** Identifiers in parentheses, as in a column list: ( a, b, c ) */
export function parseColumnList(tokens: TokenStream): Identifier[] {
  tokens.expectOperator('(');
  const names = tokens.delimited(',', () =>
    tokens.atKeyword('ROWTIME')
      ? toIdentifier(tokens, tokens.next())
      : parseIdentifier(tokens, 'a column name'),
  );
  tokens.expectOperator(')');
  return names;
}
