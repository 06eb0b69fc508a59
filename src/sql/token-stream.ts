import type { SqlDialect } from './dialect.ts';
import { tokenize } from './lexer.ts';
import type { Source } from './source.ts';
import type { SqlError } from './sql-error.ts';
import { describeToken, type Token, type TokenKind } from './token.ts';

const KIND_NAMES: Readonly<Record<TokenKind, string>> = {
  word: 'a name',
  quoted: 'a name in quotes',
  string: 'a string',
  number: 'a number',
  operator: 'an operator',
  variable: 'a variable',
  end: 'the end of the statement',
};

/** The tokens of one statement and a reading position; what both parsers are built on. */
export class TokenStream {
  readonly source: Source;
  readonly #dialect: SqlDialect;
  readonly #tokens: readonly Token[];
  #position = 0;
  #depth = 0;

  /** @throws the dialect's error when the text does not split into tokens */
  constructor(source: Source, dialect: SqlDialect) {
    this.source = source;
    this.#dialect = dialect;
    this.#tokens = tokenize(source, dialect);
  }

  /** The token `ahead` places from here (0 = the next one); past the end it is the `end` token. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#position + ahead, this.#tokens.length - 1)]!;
  }

  /** Takes the next token. */
  next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#position++;
    return token;
  }

  /** Where the last taken token ended, for the extent of a node. */
  get lastEnd(): number {
    return this.#position === 0 ? 0 : this.#tokens[this.#position - 1]!.end;
  }

  /** A mark to come back to with {@link rewind}. */
  mark(): number {
    return this.#position;
  }

  /** Goes back to a mark; a grammar should need it at few places, each bounded. */
  rewind(mark: number): void {
    this.#position = mark;
  }

  /** Is the next token (or one `ahead` places on) one of these keywords? */
  atKeyword(keyword: string, ahead = 0): boolean {
    return this.peek(ahead).keyword === keyword;
  }

  atOperator(operator: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'operator' && token.value === operator;
  }

  /** Takes a sequence of keywords if all of them come next. */
  acceptKeyword(...keywords: readonly string[]): boolean {
    if (!keywords.every((keyword, index) => this.atKeyword(keyword, index))) return false;
    this.#position += keywords.length;
    return true;
  }

  acceptOperator(operator: string): boolean {
    if (!this.atOperator(operator)) return false;
    this.#position++;
    return true;
  }

  /** Takes the next token if it is of this kind. */
  accept(kind: TokenKind): Token | undefined {
    return this.peek().kind === kind ? this.next() : undefined;
  }

  /** Takes a keyword. @throws `Expected "FROM", found …` */
  expectKeyword(keyword: string): Token {
    return this.atKeyword(keyword) ? this.next() : this.failExpected(`"${keyword}"`);
  }

  /** Takes an operator or punctuation mark. @throws `Expected ")", found …` */
  expectOperator(operator: string): Token {
    return this.atOperator(operator) ? this.next() : this.failExpected(`"${operator}"`);
  }

  /** Takes a token of a kind. @throws `Expected a string, found …` */
  expect(kind: TokenKind, what: string = KIND_NAMES[kind]): Token {
    return this.peek().kind === kind ? this.next() : this.failExpected(what);
  }

  /** Nothing may follow. @throws `Expected the end of the statement, found …` */
  expectEnd(): void {
    if (this.peek().kind !== 'end') this.failExpected(KIND_NAMES.end);
  }

  /** Items separated by a mark, at least one. */
  delimited<Item>(separator: string, parseItem: () => Item): Item[] {
    const items = [parseItem()];
    while (this.acceptOperator(separator)) items.push(parseItem());
    return items;
  }

  /** Runs a recursive part of the grammar one level deeper. @throws when nested deeper than the dialect allows */
  nested<Node>(parse: () => Node): Node {
    if (this.#depth >= this.#dialect.maxDepth) {
      this.fail(this.peek().start, `Statement is nested deeper than ${this.#dialect.maxDepth} levels`);
    }
    this.#depth++;
    try {
      return parse();
    } finally {
      this.#depth--;
    }
  }

  /** @throws `Expected X, found Y` at the next token */
  failExpected(expected: string): never {
    const found = this.peek();
    this.fail(found.start, `Expected ${expected}, found ${describeToken(found)}`);
  }

  /** @throws the dialect's error at an offset */
  fail(offset: number, reason: string): never {
    throw this.error(offset, reason);
  }

  /** The dialect's error, for callers that collect instead of throwing. */
  error(offset: number, reason: string): SqlError {
    return new this.#dialect.error(this.source, offset, reason);
  }
}
