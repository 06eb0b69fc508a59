import type { Token, TokenStream } from '../sql/index.ts';
import { parseTimeUnit } from './parse-interval.ts';
import { parseOver } from './parse-window.ts';
import { isReserved } from './reserved-words.ts';
import type { CallSyntax, SyntaxExpression, TimeUnit } from './syntax.ts';

type ParseExpression = () => SyntaxExpression;

/** Functions written without parentheses. */
const bareFunctions: ReadonlySet<string> = new Set([
  'CURRENT_DATE',
  'CURRENT_TIME',
  'CURRENT_TIMESTAMP',
  'CURRENT_ROW_TIMESTAMP',
  'LOCALTIME',
  'LOCALTIMESTAMP',
]);

/** Reserved words that are functions when a parenthesis follows. */
const reservedFunctions: ReadonlySet<string> = new Set(
  'ANY CEIL CEILING COALESCE COUNT EVERY EXP_AVG EXTRACT FLOOR MONOTONIC NULLIF OVERLAY POSITION STEP SUBSTRING TRIM'.split(
    ' ',
  ),
);

interface Arguments {
  readonly values: readonly SyntaxExpression[];
  readonly star?: boolean;
  readonly distinct?: boolean;
  readonly unit?: TimeUnit | null;
}

/** Call : name ( arguments ) [ OVER window ], or null when the next word begins no call. */
export function parseCall(
  tokens: TokenStream,
  parseExpression: ParseExpression,
  parseOperand: ParseExpression,
): CallSyntax | null {
  const token = tokens.peek();
  const { start } = token;
  const name = token.keyword === 'CEILING' ? 'CEIL' : token.keyword;
  if (bareFunctions.has(name)) {
    tokens.next();
    if (tokens.acceptOperator('(')) tokens.expectOperator(')');
    return { kind: 'call', start, name, arguments: [], star: false, distinct: false, unit: null, over: null };
  }
  if (!tokens.atOperator('(', 1) || (isReserved(name) && !reservedFunctions.has(name))) return null;
  tokens.next();
  tokens.next();
  const {
    values,
    star = false,
    distinct = false,
    unit = null,
  } = parseArguments(tokens, token, parseExpression, parseOperand);
  tokens.expectOperator(')');
  const over = tokens.acceptKeyword('OVER') ? parseOver(tokens, parseExpression) : null;
  return { kind: 'call', start, name, arguments: values, star, distinct, unit, over };
}

function parseArguments(
  tokens: TokenStream,
  name: Token,
  parseExpression: ParseExpression,
  parseOperand: ParseExpression,
): Arguments {
  const special = specialForms[name.keyword];
  if (special !== undefined && Object.hasOwn(specialForms, name.keyword))
    return special(tokens, parseExpression, parseOperand);
  if (tokens.atOperator(')')) return { values: [] };
  if (tokens.acceptOperator('*')) return { values: [], star: true };
  const distinct = tokens.acceptKeyword('DISTINCT');
  if (!distinct) tokens.acceptKeyword('ALL');
  return { values: tokens.delimited(',', parseExpression), distinct };
}

type SpecialForm = (
  tokens: TokenStream,
  parseExpression: ParseExpression,
  parseOperand: ParseExpression,
) => Arguments;

/** FLOOR ( x [ TO unit ] ) */
const roundForm: SpecialForm = (tokens, parseExpression) => {
  const values = [parseExpression()];
  return { values, unit: tokens.acceptKeyword('TO') ? parseTimeUnit(tokens) : null };
};

/** Arguments parted by a keyword or a comma: SUBSTRING ( x FROM 2 FOR 3 ), POSITION ( a IN b ), STEP ( x BY n ) */
const keywordForm =
  (parse: readonly string[]): SpecialForm =>
  (tokens, parseExpression) => {
    const values = [parseExpression()];
    while (parse.some((keyword) => tokens.acceptKeyword(keyword)) || tokens.acceptOperator(','))
      values.push(parseExpression());
    return { values };
  };

const specialForms: Readonly<Record<string, SpecialForm>> = {
  FLOOR: roundForm,
  CEIL: roundForm,
  CEILING: roundForm,
  STEP: keywordForm(['BY']),
  SUBSTRING: keywordForm(['FROM', 'FOR']),
  OVERLAY: keywordForm(['PLACING', 'FROM', 'FOR']),
  EXTRACT: (tokens, parseExpression) => {
    const unit = parseTimeUnit(tokens);
    tokens.expectKeyword('FROM');
    return { values: [parseExpression()], unit };
  },
  /** POSITION ( needle IN text ): the needle is no whole expression, which would take IN for the predicate. */
  POSITION: (tokens, parseExpression, parseOperand) => {
    const needle = parseOperand();
    tokens.expectKeyword('IN');
    return { values: [needle, parseExpression()] };
  },
  TRIM: (tokens, parseExpression) => parseTrim(tokens, parseExpression),
};

/** TRIM ( [ BOTH | LEADING | TRAILING ] [ characters ] [ FROM ] text ) */
function parseTrim(tokens: TokenStream, parseExpression: ParseExpression): Arguments {
  const { start } = tokens.peek();
  const mode =
    (['BOTH', 'LEADING', 'TRAILING'] as const).find((keyword) => tokens.acceptKeyword(keyword)) ?? 'BOTH';
  const modeArgument: SyntaxExpression = { kind: 'string', start, value: mode };
  const blank: SyntaxExpression = { kind: 'string', start, value: ' ' };
  if (tokens.acceptKeyword('FROM')) return { values: [modeArgument, blank, parseExpression()] };
  const first = parseExpression();
  if (!tokens.acceptKeyword('FROM')) return { values: [modeArgument, blank, first] };
  return { values: [modeArgument, first, parseExpression()] };
}
