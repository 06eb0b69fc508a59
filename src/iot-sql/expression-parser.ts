import type { Token, TokenStream } from '../sql/index.ts';
import type {
  BinaryNode,
  BinaryOperator,
  CaseNode,
  ExpressionNode,
  ObjectNode,
  SubqueryNode,
} from './nodes.ts';
import { explainRefusal } from './refusals.ts';

/** Words that end or join clauses and therefore cannot name an attribute at the start of a path. */
const RESERVED = new Set(
  'SELECT FROM WHERE AS AND OR NOT IN EXISTS CASE WHEN THEN ELSE END'
    .split(' ')
    .concat(['NULL', 'TRUE', 'FALSE']),
);

const COMPARISONS: Readonly<Record<string, BinaryOperator>> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

/**
 * Most operators and path steps in one statement. A chain `a + b + …` makes a tree as deep as it is long, so this bounds
 * the stack of everything that walks or runs it.
 */
const MAX_OPERATORS = 2000;

/** Parses the body of a nested SELECT; the statement parser supplies it. */
export type ParseSubquery = (start: number) => SubqueryNode;

/** Reads expressions by recursive descent; the doc comment of each method is its grammar. */
export class ExpressionParser {
  readonly #tokens: TokenStream;
  readonly #parseSubquery: ParseSubquery;
  #operatorCount = 0;

  constructor(tokens: TokenStream, parseSubquery: ParseSubquery) {
    this.#tokens = tokens;
    this.#parseSubquery = parseSubquery;
  }

  /** Expression : Or */
  parseExpression(): ExpressionNode {
    return this.#tokens.nested(() => this.#parseOr());
  }

  /** Or : And ( OR And )* */
  #parseOr(): ExpressionNode {
    let left = this.#parseAnd();
    while (this.#tokens.acceptKeyword('OR')) left = this.#binary('OR', left, this.#parseAnd());
    return left;
  }

  /** And : Not ( AND Not )* */
  #parseAnd(): ExpressionNode {
    let left = this.#parseNot();
    while (this.#tokens.acceptKeyword('AND')) left = this.#binary('AND', left, this.#parseNot());
    return left;
  }

  /** Not : NOT Not | Comparison */
  #parseNot(): ExpressionNode {
    const start = this.#tokens.peek().start;
    if (!this.#tokens.acceptKeyword('NOT')) return this.#parseComparison();
    const operand = this.#tokens.nested(() => this.#parseNot());
    return { kind: 'unary', operator: 'NOT', operand, start, end: operand.end };
  }

  /** Comparison : Sum ( ( = | <> | != | < | <= | > | >= | IN ) Sum )* */
  #parseComparison(): ExpressionNode {
    let left = this.#parseSum();
    for (;;) {
      const operator = this.#acceptComparison();
      if (operator === undefined) break;
      left = this.#binary(operator, left, this.#parseSum());
    }
    this.failRefused();
    return left;
  }

  #acceptComparison(): BinaryOperator | undefined {
    if (this.#tokens.acceptKeyword('IN')) return 'IN';
    const token = this.#tokens.peek();
    if (token.kind !== 'operator' || !Object.hasOwn(COMPARISONS, token.value)) return undefined;
    this.#tokens.next();
    return COMPARISONS[token.value];
  }

  /** Sum : Product ( ( + | - ) Product )* */
  #parseSum(): ExpressionNode {
    let left = this.#parseProduct();
    for (;;) {
      const operator = this.#tokens.atOperator('+') ? '+' : this.#tokens.atOperator('-') ? '-' : undefined;
      if (operator === undefined) return left;
      this.#tokens.next();
      left = this.#binary(operator, left, this.#parseProduct());
    }
  }

  /** Product : Sign ( ( * | / | % ) Sign )* */
  #parseProduct(): ExpressionNode {
    let left = this.#parseSign();
    for (;;) {
      const token = this.#tokens.peek();
      if (token.kind !== 'operator' || (token.value !== '*' && token.value !== '/' && token.value !== '%'))
        return left;
      this.#tokens.next();
      left = this.#binary(token.value, left, this.#parseSign());
    }
  }

  /** Sign : - Sign | Path; a minus before a number is part of the number */
  #parseSign(): ExpressionNode {
    const minus = this.#tokens.peek();
    if (!this.#tokens.acceptOperator('-')) return this.#parsePath();
    const operand = this.#tokens.nested(() => this.#parseSign());
    return { kind: 'unary', operator: '-', operand, start: minus.start, end: operand.end };
  }

  /** Path : Primary ( . Name | [ Expression ] )*; a `.*` is left for the select item */
  #parsePath(): ExpressionNode {
    let base = this.#parsePrimary();
    for (;;) {
      if (this.#tokens.atOperator('.') || this.#tokens.atOperator('[')) this.#countOperator();
      if (this.#tokens.atOperator('.') && !this.#tokens.atOperator('*', 1)) {
        this.#tokens.next();
        const name = this.#tokens.expect('word', 'an attribute name');
        base = { kind: 'member', base, name: name.value, start: base.start, end: name.end };
      } else if (this.#tokens.acceptOperator('[')) {
        const index = this.parseExpression();
        this.#tokens.expectOperator(']');
        base = { kind: 'index', base, index, start: base.start, end: this.#tokens.lastEnd };
      } else {
        return base;
      }
    }
  }

  /** Primary : Number | String | TRUE | FALSE | NULL | Variable | * | Group | Array | Object | Case | Exists | Call | Attribute */
  #parsePrimary(): ExpressionNode {
    const token = this.#tokens.peek();
    switch (token.kind) {
      case 'number':
        return this.#parseNumber();
      case 'string':
        this.#tokens.next();
        return { kind: 'literal', value: token.value, digits: undefined, start: token.start, end: token.end };
      case 'variable':
        this.#tokens.next();
        return { kind: 'variable', name: token.value, start: token.start, end: token.end };
      case 'word':
        return this.#parseWord(token);
      default:
        return this.#parsePunctuated(token);
    }
  }

  /** Number : an Int of at most 34 digits kept exact, or a Decimal as an IEEE double */
  #parseNumber(): ExpressionNode {
    const token = this.#tokens.next();
    const value = parseNumberLiteral(token.value);
    if (value === undefined) this.#tokens.fail(token.start, `Number ${token.value} is out of range`);
    return { kind: 'literal', value, digits: token.value, start: token.start, end: token.end };
  }

  #parsePunctuated(token: Token): ExpressionNode {
    if (this.#tokens.atOperator('(')) return this.#parseGroup();
    if (this.#tokens.atOperator('[')) return this.#parseArray();
    if (this.#tokens.atOperator('{')) return this.#parseObject();
    if (this.#tokens.acceptOperator('*')) return { kind: 'payload', start: token.start, end: token.end };
    return this.failExpression();
  }

  #parseWord(token: Token): ExpressionNode {
    const { start, end } = token;
    if (token.keyword === 'TRUE' || token.keyword === 'FALSE' || token.keyword === 'NULL') {
      this.#tokens.next();
      const value = token.keyword === 'NULL' ? null : token.keyword === 'TRUE';
      return { kind: 'literal', value, digits: undefined, start, end };
    }
    if (token.keyword === 'CASE') return this.#parseCase();
    if (token.keyword === 'EXISTS') return this.#parseExists();
    if (RESERVED.has(token.keyword)) return this.failExpression();
    this.#tokens.next();
    if (this.#tokens.atOperator('(')) return this.#parseCall(token);
    return { kind: 'attribute', name: token.value, start, end };
  }

  /** Group : ( Expression ) | ( Select FROM Expression … ) */
  #parseGroup(): ExpressionNode {
    const open = this.#tokens.next();
    if (this.#tokens.atKeyword('SELECT')) {
      const query = this.#tokens.nested(() => this.#parseSubquery(open.start));
      this.#tokens.expectOperator(')');
      return { ...query, end: this.#tokens.lastEnd };
    }
    const inner = this.parseExpression();
    if (this.#tokens.atOperator(',')) {
      this.#tokens.fail(this.#tokens.peek().start, 'A list is written in brackets, as in a IN [1, 2]');
    }
    this.#tokens.expectOperator(')');
    return { ...inner, start: open.start, end: this.#tokens.lastEnd };
  }

  /** Array : [ ] | [ Expression ( , Expression )* ] */
  #parseArray(): ExpressionNode {
    const { start } = this.#tokens.next();
    const elements = this.#tokens.atOperator(']')
      ? []
      : this.#tokens.delimited(',', () => this.parseExpression());
    this.#tokens.expectOperator(']');
    return { kind: 'array', elements, start, end: this.#tokens.lastEnd };
  }

  /** Object : { } | { String : Expression ( , String : Expression )* } */
  #parseObject(): ExpressionNode {
    const { start } = this.#tokens.next();
    const entries = this.#tokens.atOperator('}') ? [] : this.#tokens.delimited(',', () => this.#parseEntry());
    this.#tokens.expectOperator('}');
    return { kind: 'object', entries, start, end: this.#tokens.lastEnd };
  }

  #parseEntry(): ObjectNode['entries'][number] {
    const key = this.#tokens.expect('string', 'a key in quotes').value;
    this.#tokens.expectOperator(':');
    return { key, value: this.parseExpression() };
  }

  /** Case : CASE Expression ( WHEN Expression THEN Expression )+ ( ELSE Expression )? END */
  #parseCase(): CaseNode {
    const { start } = this.#tokens.next();
    if (this.#tokens.atKeyword('WHEN')) {
      this.#tokens.fail(
        this.#tokens.peek().start,
        'Expected a value after CASE, a CASE without one is not supported',
      );
    }
    const subject = this.parseExpression();
    const branches = [];
    while (this.#tokens.acceptKeyword('WHEN')) {
      const match = this.parseExpression();
      this.#tokens.expectKeyword('THEN');
      branches.push({ match, result: this.parseExpression() });
    }
    if (branches.length === 0) this.#tokens.failExpected('"WHEN"');
    const otherwise = this.#tokens.acceptKeyword('ELSE') ? this.parseExpression() : undefined;
    this.#tokens.expectKeyword('END');
    return { kind: 'case', subject, branches, otherwise, start, end: this.#tokens.lastEnd };
  }

  /** Exists : EXISTS ( Select FROM Expression … ) */
  #parseExists(): ExpressionNode {
    const { start } = this.#tokens.next();
    const open = this.#tokens.expectOperator('(');
    if (!this.#tokens.atKeyword('SELECT')) this.#tokens.failExpected('"SELECT"');
    const query = this.#tokens.nested(() => this.#parseSubquery(open.start));
    this.#tokens.expectOperator(')');
    const end = this.#tokens.lastEnd;
    return { kind: 'exists', query: { ...query, end }, start, end };
  }

  /** Call : Name ( ) | Name ( Argument ( , Argument )* ) | CAST ( Argument AS Type ) */
  #parseCall(name: Token): ExpressionNode {
    this.#tokens.next();
    const parsed = this.#tokens.atOperator(')')
      ? []
      : this.#tokens.delimited(',', () => this.#parseArgument());
    let castType: string | undefined;
    if (name.keyword === 'CAST') {
      this.#tokens.expectKeyword('AS');
      castType = this.#tokens.expect('word', 'a type name').keyword;
    }
    this.#tokens.expectOperator(')');
    const end = this.#tokens.lastEnd;
    return {
      kind: 'call',
      name: name.value.toLowerCase(),
      arguments: parsed,
      castType,
      start: name.start,
      end,
    };
  }

  /** Argument : Expression | Select FROM Expression …, which needs no parentheses of its own here: `isNull(SELECT a FROM b)` */
  #parseArgument(): ExpressionNode {
    if (!this.#tokens.atKeyword('SELECT')) return this.parseExpression();
    const { start } = this.#tokens.peek();
    return this.#tokens.nested(() => this.#parseSubquery(start));
  }

  #binary(operator: BinaryOperator, left: ExpressionNode, right: ExpressionNode): BinaryNode {
    this.#countOperator();
    return { kind: 'binary', operator, left, right, start: left.start, end: right.end };
  }

  #countOperator(): void {
    if (++this.#operatorCount > MAX_OPERATORS) {
      this.#tokens.fail(this.#tokens.peek().start, `Statement holds more than ${MAX_OPERATORS} operators`);
    }
  }

  /** @throws what an expression must begin with, or why the word or operator found exists in no rule */
  failExpression(): never {
    if (this.#tokens.peek().kind === 'operator') this.failRefused();
    return this.#tokens.failExpected('an expression');
  }

  /** To be called where an operand has ended. @throws if the next token is one that people bring from other SQL dialects */
  failRefused(): void {
    const token = this.#tokens.peek();
    const refusal = explainRefusal(token);
    if (refusal !== undefined) this.#tokens.fail(token.start, refusal);
  }
}

/** The value of a number as written; undefined when it is larger than any Decimal. */
function parseNumberLiteral(digits: string): number | bigint | undefined {
  const value = Number(digits);
  if (/^\d+$/.test(digits) && !Number.isSafeInteger(value)) {
    return digits.length <= 34 ? BigInt(digits) : Number.isFinite(value) ? value : undefined;
  }
  return Number.isFinite(value) ? value : undefined;
}
