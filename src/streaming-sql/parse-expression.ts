import type { Token, TokenStream } from '../sql/index.ts';
import { parseCall } from './parse-call.ts';
import { isTimeUnit, parseInterval, parseIntervalQualifier } from './parse-interval.ts';
import { toIdentifier } from './parse-name.ts';
import { parseType } from './parse-type.ts';
import { isReserved } from './reserved-words.ts';
import type { BinaryOperator, Identifier, PeriodPredicate, SyntaxExpression } from './syntax.ts';

const comparisons: ReadonlySet<string> = new Set(['=', '<>', '!=', '<', '<=', '>', '>=']);

/**
 * Expression : And ( OR And )*      And : Not ( AND Not )*      Not : NOT Not | Predicate
 * SQL reference, "Operators": lowest precedence first.
 */
export function parseExpression(tokens: TokenStream): SyntaxExpression {
  return tokens.nested(() =>
    parseChain(tokens, parseAnd, () => (tokens.acceptKeyword('OR') ? 'OR' : undefined)),
  );
}

function parseAnd(tokens: TokenStream): SyntaxExpression {
  return parseChain(tokens, parseNot, () => (tokens.acceptKeyword('AND') ? 'AND' : undefined));
}

/** Operators in a row make a tree as deep as there are operators: more would exhaust the stack of who walks it. */
const MAX_CHAIN = 500;

function parseChain(
  tokens: TokenStream,
  parseOperand: (tokens: TokenStream) => SyntaxExpression,
  acceptOperator: () => BinaryOperator | undefined,
): SyntaxExpression {
  let left = parseOperand(tokens);
  for (let length = 1; ; length++) {
    const { start } = tokens.peek();
    const operator = acceptOperator();
    if (operator === undefined) return left;
    if (length > MAX_CHAIN)
      tokens.fail(start, `More than ${MAX_CHAIN} operators stand in a row, put parts of them in parentheses`);
    left = binary(operator, left, parseOperand(tokens));
  }
}

function parseNot(tokens: TokenStream): SyntaxExpression {
  const { start } = tokens.peek();
  if (!tokens.acceptKeyword('NOT')) return parsePredicate(tokens);
  return tokens.nested(() => ({ kind: 'not', start, operand: parseNot(tokens) }));
}

/** Predicate : Sum ( comparison Sum | IS … | [NOT] BETWEEN … | [NOT] IN … | [NOT] LIKE … | [NOT] SIMILAR TO … )* */
function parsePredicate(tokens: TokenStream): SyntaxExpression {
  let left = parseSum(tokens);
  for (;;) {
    const token = tokens.peek();
    if (token.kind === 'operator' && comparisons.has(token.value)) {
      tokens.next();
      const operator = token.value === '!=' ? '<>' : (token.value as BinaryOperator);
      left = binary(operator, left, parseSum(tokens));
    } else if (tokens.acceptKeyword('IS')) left = parseIs(tokens, left);
    else if (left.kind === 'period') left = parsePeriodTests(tokens, left);
    else {
      const negated = tokens.atKeyword('NOT');
      const test = parseTest(tokens, left, negated ? 1 : 0);
      if (test === null) return left;
      left = negated ? { kind: 'not', start: left.start, operand: test } : test;
    }
  }
}

/**
 * PeriodTest : Period ( predicate Period )+, each period compared with the one before it; CONTAINS also takes a time.
 * SQL reference, "Temporal Predicates", Compact chaining.
 */
function parsePeriodTests(tokens: TokenStream, first: SyntaxExpression): SyntaxExpression {
  const { start } = first;
  let left = first;
  let result: SyntaxExpression | null = null;
  for (;;) {
    const predicate = parsePeriodPredicate(tokens);
    if (predicate === null && result !== null) return result;
    if (predicate === null) return tokens.failExpected('a period predicate such as OVERLAPS or PRECEDES');
    const right = parseSum(tokens);
    const test: SyntaxExpression = { kind: 'periodTest', start, predicate, left, right };
    result = result === null ? test : binary('AND', result, test);
    left = right;
  }
}

const periodPredicates: readonly PeriodPredicate[] = [
  'IMMEDIATELY PRECEDES',
  'IMMEDIATELY SUCCEEDS',
  'STRICTLY CONTAINS',
  'STRICTLY PRECEDES',
  'STRICTLY SUCCEEDS',
  'CONTAINS',
  'OVERLAPS',
  'EQUALS',
  'PRECEDES',
  'SUCCEEDS',
];

function parsePeriodPredicate(tokens: TokenStream): PeriodPredicate | null {
  const found = periodPredicates.find((predicate) => tokens.acceptKeyword(...predicate.split(' ')));
  if (found !== undefined) return found;
  const token = tokens.peek();
  if (['LEADS', 'LAGS', 'STRICTLY', 'IMMEDIATELY'].includes(token.keyword))
    tokens.fail(
      token.start,
      'This period predicate is not supported: the documents only draw it, compare the bounds of the periods instead',
    );
  return null;
}

function parseIs(tokens: TokenStream, operand: SyntaxExpression): SyntaxExpression {
  const negated = tokens.acceptKeyword('NOT');
  const test = parseIsTest(tokens, operand);
  return negated ? { kind: 'not', start: operand.start, operand: test } : test;
}

function parseIsTest(tokens: TokenStream, operand: SyntaxExpression): SyntaxExpression {
  const { start } = operand;
  if (tokens.acceptKeyword('DISTINCT', 'FROM'))
    return { kind: 'isDistinct', start, left: operand, right: parseSum(tokens) };
  for (const test of ['NULL', 'TRUE', 'FALSE', 'UNKNOWN'] as const) {
    if (tokens.acceptKeyword(test)) return { kind: 'is', start, operand, test };
  }
  return tokens.failExpected('NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM');
}

function parseTest(tokens: TokenStream, operand: SyntaxExpression, ahead: number): SyntaxExpression | null {
  const { keyword } = tokens.peek(ahead);
  const { start } = operand;
  if (!['BETWEEN', 'IN', 'LIKE', 'SIMILAR'].includes(keyword)) return null;
  for (let skip = 0; skip <= ahead; skip++) tokens.next();
  if (keyword === 'BETWEEN') {
    const symmetric = tokens.acceptKeyword('SYMMETRIC');
    if (!symmetric) tokens.acceptKeyword('ASYMMETRIC');
    const low = parseSum(tokens);
    tokens.expectKeyword('AND');
    return { kind: 'between', start, operand, symmetric, low, high: parseSum(tokens) };
  }
  if (keyword === 'IN') return { kind: 'in', start, operand, list: parseInList(tokens) };
  if (keyword === 'SIMILAR') tokens.expectKeyword('TO');
  const pattern = parseSum(tokens);
  const escaped = tokens.acceptKeyword('ESCAPE') ? parseSum(tokens) : null;
  return { kind: 'like', start, operand, pattern, escape: escaped, similar: keyword === 'SIMILAR' };
}

function parseInList(tokens: TokenStream): SyntaxExpression[] {
  tokens.expectOperator('(');
  if (tokens.atKeyword('SELECT'))
    tokens.fail(tokens.peek().start, 'IN with a sub-query is not supported, join the two streams');
  const list = tokens.delimited(',', () => parseExpression(tokens));
  tokens.expectOperator(')');
  return list;
}

/** Sum : Product ( ( + | - | || ) Product )* */
function parseSum(tokens: TokenStream): SyntaxExpression {
  return parseChain(tokens, parseProduct, () =>
    (['+', '-', '||'] as const).find((candidate) => tokens.acceptOperator(candidate)),
  );
}

/** Product : Unary ( ( * | / ) Unary )* */
function parseProduct(tokens: TokenStream): SyntaxExpression {
  return parseChain(tokens, parseUnary, () =>
    (['*', '/'] as const).find((candidate) => tokens.acceptOperator(candidate)),
  );
}

function parseUnary(tokens: TokenStream): SyntaxExpression {
  const { start } = tokens.peek();
  while (tokens.acceptOperator('+'));
  if (!tokens.acceptOperator('-')) return parsePostfix(tokens);
  return tokens.nested(() => ({ kind: 'negate', start, operand: parseUnary(tokens) }));
}

/** Postfix : Primary [ Qualifier ], the interval qualifier after a difference of times: ( a - b ) MINUTE TO SECOND */
function parsePostfix(tokens: TokenStream): SyntaxExpression {
  const parenthesised = tokens.atOperator('(');
  const operand = parsePrimary(tokens);
  if (!parenthesised || !isTimeUnit(tokens.peek().keyword)) return operand;
  return { kind: 'intervalOf', start: operand.start, operand, ...parseIntervalQualifier(tokens) };
}

/** Primary : literal | name | call | CASE … | CAST ( … ) | ( Expression ) */
function parsePrimary(tokens: TokenStream): SyntaxExpression {
  const token = tokens.peek();
  const { start } = token;
  if (token.kind === 'number') return { kind: 'number', start, text: tokens.next().value };
  if (token.kind === 'string') return { kind: 'string', start, value: tokens.next().value };
  if (token.kind === 'quoted') return parseName(tokens);
  if (tokens.acceptOperator('(')) {
    if (tokens.atKeyword('SELECT')) tokens.fail(tokens.peek().start, 'A sub-query is only supported in FROM');
    const inner = parseExpression(tokens);
    const second = tokens.acceptOperator(',') ? parseExpression(tokens) : null;
    tokens.expectOperator(')');
    return second === null ? inner : { kind: 'period', start, from: inner, to: second };
  }
  if (token.kind === 'word') return parseWordExpression(tokens, token);
  return tokens.failExpected('an expression');
}

function parseWordExpression(tokens: TokenStream, token: Token): SyntaxExpression {
  const { start, keyword } = token;
  if (keyword === 'NULL') return tokens.next() && { kind: 'null', start };
  if (keyword === 'TRUE' || keyword === 'FALSE')
    return tokens.next() && { kind: 'boolean', start, value: keyword === 'TRUE' };
  if (keyword === 'UNKNOWN') return tokens.next() && { kind: 'boolean', start, value: null };
  if (keyword === 'X' && tokens.peek(1).kind === 'string') return parseBytes(tokens);
  if (keyword === 'CASE') return parseCase(tokens);
  if (keyword === 'CAST') return parseCast(tokens);
  if (keyword === 'INTERVAL') return parseInterval(tokens);
  if (keyword === 'TIMESTAMP' || keyword === 'DATE' || keyword === 'TIME')
    return parseDatetime(tokens, keyword);
  const call = parseCall(
    tokens,
    () => parseExpression(tokens),
    () => parseSum(tokens),
  );
  const [from, to, more] = call?.arguments ?? [];
  if (call?.name === 'PERIOD' && from !== undefined && to !== undefined && more === undefined)
    return { kind: 'period', start, from, to };
  if (call !== null) return call;
  if (keyword === 'ROWTIME' || !isReserved(keyword)) return parseName(tokens);
  if (keyword === 'EXISTS') tokens.fail(start, 'EXISTS is not supported, join the two streams');
  if (['SELECT', 'FROM', 'WHERE', 'GROUP', 'AS', 'END', 'THEN', 'WHEN'].includes(keyword))
    return tokens.failExpected('an expression');
  return tokens.fail(
    start,
    `"${token.text}" is a reserved word, write it in double quotes to use it as a column name`,
  );
}

/** Bytes : X 'hexadecimal digits, two for each byte' */
function parseBytes(tokens: TokenStream): SyntaxExpression {
  const { start } = tokens.next();
  const { value } = tokens.next();
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(value))
    tokens.fail(start, "Bytes are pairs of hexadecimal digits, write X'0aff'");
  const bytes = value.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)));
  return { kind: 'bytes', start, value: bytes };
}

/** Name : Identifier ( . Identifier )* */
function parseName(tokens: TokenStream): SyntaxExpression {
  const { start } = tokens.peek();
  const parts: Identifier[] = [toIdentifier(tokens, tokens.next())];
  while (tokens.atOperator('.')) {
    tokens.next();
    const token = tokens.peek();
    if (token.kind !== 'word' && token.kind !== 'quoted') tokens.failExpected('a column name');
    parts.push(toIdentifier(tokens, tokens.next()));
  }
  return { kind: 'name', start, parts };
}

/** Case : CASE [ operand ] ( WHEN Expression THEN Expression )+ [ ELSE Expression ] END */
function parseCase(tokens: TokenStream): SyntaxExpression {
  const { start } = tokens.expectKeyword('CASE');
  const operand = tokens.atKeyword('WHEN') ? null : parseExpression(tokens);
  const branches: { when: SyntaxExpression; result: SyntaxExpression }[] = [];
  while (tokens.acceptKeyword('WHEN')) {
    const when = parseExpression(tokens);
    tokens.expectKeyword('THEN');
    branches.push({ when, result: parseExpression(tokens) });
  }
  if (branches.length === 0) tokens.failExpected('WHEN');
  const otherwise = tokens.acceptKeyword('ELSE') ? parseExpression(tokens) : null;
  tokens.expectKeyword('END');
  return { kind: 'case', start, operand, branches, otherwise };
}

/** Cast : CAST ( Expression AS ( Type | INTERVAL Qualifier ) ) */
function parseCast(tokens: TokenStream): SyntaxExpression {
  const { start } = tokens.expectKeyword('CAST');
  tokens.expectOperator('(');
  const operand = parseExpression(tokens);
  tokens.expectKeyword('AS');
  const type = tokens.acceptKeyword('INTERVAL') ? parseIntervalQualifier(tokens).type : parseType(tokens);
  tokens.expectOperator(')');
  return { kind: 'cast', start, operand, type };
}

function parseDatetime(tokens: TokenStream, type: 'TIMESTAMP' | 'DATE' | 'TIME'): SyntaxExpression {
  const { start } = tokens.next();
  if (tokens.peek().kind !== 'string') {
    tokens.fail(
      start,
      `"${type.toLowerCase()}" is a reserved word, write "${type.toLowerCase()}" in double quotes for a column of that name`,
    );
  }
  return { kind: 'datetime', start, type, text: tokens.next().value };
}

function binary(operator: BinaryOperator, left: SyntaxExpression, right: SyntaxExpression): SyntaxExpression {
  return { kind: 'binary', start: left.start, operator, left, right };
}
