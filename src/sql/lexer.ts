import { isDigit, isWhiteSpace, isWordPart, isWordStart } from './characters.ts';
import type { SqlDialect } from './dialect.ts';
import { meantCharacter } from './look-alikes.ts';
import type { Source } from './source.ts';
import type { Token, TokenKind } from './token.ts';
import { decodeUnicodeEscapes } from './unicode-escapes.ts';

/**
 * Splits a statement into tokens, the last of kind `end`. Every character is looked at a bounded number of times.
 * @throws the dialect's error at the first character that begins no token, at an unclosed quote or comment, and
 * when the text is longer than the dialect allows
 */
export function tokenize(source: Source, dialect: SqlDialect): Token[] {
  return new Lexer(source, dialect).run();
}

class Lexer {
  readonly #source: Source;
  readonly #text: string;
  readonly #dialect: SqlDialect;
  readonly #operators: ReadonlyMap<string, readonly string[]>;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(source: Source, dialect: SqlDialect) {
    this.#source = source;
    this.#text = source.text;
    this.#dialect = dialect;
    this.#operators = operatorsByFirstCharacter(dialect.operators);
  }

  run(): Token[] {
    const { maxLength } = this.#dialect;
    if (this.#text.length > maxLength) {
      this.#fail(
        maxLength,
        `Statement of ${this.#text.length} characters is longer than the limit of ${maxLength}`,
      );
    }
    this.#skipBlanks();
    while (this.#at < this.#text.length) {
      this.#readToken();
      this.#skipBlanks();
    }
    this.#push('end', this.#at, '');
    return this.#tokens;
  }

  #readToken(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code === 0x27) this.#readQuoted("'", 'string');
    else if (code === 0x22)
      this.#readQuoted('"', this.#dialect.doubleQuotes === 'string' ? 'string' : 'quoted');
    else if (this.#startsUnicodeLiteral()) this.#readUnicodeLiteral();
    else if (isWordStart(code)) this.#readWord();
    else if (isDigit(code) || this.#startsLeadingDotNumber(code)) this.#readNumber();
    else if (code === 0x40 && this.#dialect.variables) this.#readVariable();
    else this.#readOperator();
  }

  #skipBlanks(): void {
    const { lineComments, blockComments } = this.#dialect;
    for (;;) {
      while (this.#at < this.#text.length && isWhiteSpace(this.#text.charCodeAt(this.#at))) this.#at++;
      if (lineComments && this.#text.startsWith('--', this.#at)) this.#skipLineComment();
      else if (blockComments && this.#text.startsWith('/*', this.#at)) this.#skipBlockComment();
      else return;
    }
  }

  #skipLineComment(): void {
    while (this.#at < this.#text.length && !/[\r\n]/.test(this.#text[this.#at]!)) this.#at++;
  }

  #skipBlockComment(): void {
    const end = this.#text.indexOf('*/', this.#at + 2);
    if (end < 0) this.#fail(this.#at, 'Comment opened by "/*" is not closed');
    this.#at = end + 2;
  }

  /** A quote inside is written twice. */
  #readQuoted(quote: string, kind: TokenKind): void {
    const start = this.#at;
    const value = this.#readQuotedText(quote, start);
    if (kind === 'quoted' && value === '') this.#fail(start, 'An identifier in quotes may not be empty');
    this.#push(kind, start, value);
  }

  #readQuotedText(quote: string, open: number): string {
    let at = open + 1;
    for (;;) {
      const close = this.#text.indexOf(quote, at);
      if (close < 0) this.#fail(open, `Text opened by ${quote} is not closed`);
      if (this.#text[close + 1] !== quote) {
        this.#at = close + 1;
        return this.#text.slice(open + 1, close).replaceAll(quote + quote, quote);
      }
      at = close + 2;
    }
  }

  #startsUnicodeLiteral(): boolean {
    return this.#dialect.unicodeLiterals && /^[uU]&'$/.test(this.#text.slice(this.#at, this.#at + 3));
  }

  #readUnicodeLiteral(): void {
    const start = this.#at;
    const written = this.#readQuotedText("'", start + 2);
    const clause = /^\s+UESCAPE\s+'([^0-9a-fA-F+'"\s])'/i.exec(this.#text.slice(this.#at, this.#at + 64));
    const value = decodeUnicodeEscapes(written, clause?.[1]);
    this.#at += clause?.[0].length ?? 0;
    if (value === undefined) this.#fail(start, 'A Unicode escape is \\ and four hex digits, or \\+ and six');
    this.#push('string', start, value);
  }

  #readWord(): void {
    const start = this.#at;
    this.#skipWord();
    const text = this.#text.slice(start, this.#at);
    this.#push('word', start, this.#dialect.identifierCase === 'upper' ? text.toUpperCase() : text);
  }

  #skipWord(): void {
    const { identifierExtras } = this.#dialect;
    while (
      this.#at < this.#text.length &&
      (isWordPart(this.#text.charCodeAt(this.#at)) || identifierExtras.includes(this.#text[this.#at]!))
    ) {
      this.#at++;
    }
  }

  #startsLeadingDotNumber(code: number): boolean {
    return code === 0x2e && this.#dialect.leadingDotNumbers && isDigit(this.#text.charCodeAt(this.#at + 1));
  }

  /** Number : Digits ( "." Digits )? ( [eE] [+-]? Digits )? */
  #readNumber(): void {
    const start = this.#at;
    this.#skipDigits();
    if (this.#text[this.#at] === '.' && isDigit(this.#text.charCodeAt(this.#at + 1))) {
      this.#at++;
      this.#skipDigits();
    }
    const exponent = /^[eE][+-]?[0-9]/.exec(this.#text.slice(this.#at, this.#at + 3));
    if (exponent !== null) {
      this.#at += exponent[0].length;
      this.#skipDigits();
    }
    if (this.#at < this.#text.length && isWordPart(this.#text.charCodeAt(this.#at))) {
      this.#skipWord();
      const text = this.#text.slice(start, this.#at);
      this.#fail(
        start,
        `"${text.slice(0, 64)}" is neither a number nor a name, a name may not start with a digit`,
      );
    }
    this.#push('number', start, this.#text.slice(start, this.#at));
  }

  #skipDigits(): void {
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at++;
  }

  #readVariable(): void {
    const start = this.#at;
    this.#at++;
    this.#skipWord();
    if (this.#at === start + 1) this.#fail(start, 'Expected a variable name after "@"');
    this.#push('variable', start, this.#text.slice(start + 1, this.#at));
  }

  #readOperator(): void {
    const start = this.#at;
    const candidates = this.#operators.get(this.#text[start]!) ?? [];
    const operator = candidates.find((candidate) => this.#text.startsWith(candidate, start));
    if (operator === undefined) {
      const character = String.fromCodePoint(this.#text.codePointAt(start)!);
      this.#fail(start, `Unexpected character ${JSON.stringify(character)}${meantCharacter(character)}`);
    }
    this.#at += operator.length;
    this.#push('operator', start, operator);
  }

  #push(kind: TokenKind, start: number, value: string): void {
    const text = this.#text.slice(start, this.#at);
    const keyword = kind === 'word' ? text.toUpperCase() : '';
    this.#tokens.push({ kind, text, value, keyword, start, end: this.#at });
  }

  #fail(offset: number, reason: string): never {
    throw new this.#dialect.error(this.#source, offset, reason);
  }
}

function operatorsByFirstCharacter(operators: readonly string[]): Map<string, string[]> {
  const byFirst = new Map<string, string[]>();
  for (const operator of [...operators].sort((a, b) => b.length - a.length)) {
    const first = operator[0]!;
    byFirst.set(first, [...(byFirst.get(first) ?? []), operator]);
  }
  return byFirst;
}
