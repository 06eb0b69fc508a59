/** The kinds of token: a `quoted` is an identifier in double quotes. */
export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'operator' | 'variable' | 'end';

/** One piece of a statement. Offsets count UTF-16 code units from 0; `end` is exclusive. */
export interface Token {
  readonly kind: TokenKind;
  /** The characters as written, quotes included. */
  readonly text: string;
  /** What they mean: the string without quotes and escapes, the variable without `@`, the folded identifier. */
  readonly value: string;
  /** The upper-case spelling of a word, for keyword comparison; empty for every other kind. */
  readonly keyword: string;
  readonly start: number;
  readonly end: number;
}

/** How an error sentence names what was found. */
export function describeToken(token: Token): string {
  if (token.kind === 'end') return 'the end of the statement';
  const text = token.text.length > 40 ? `${token.text.slice(0, 40)}…` : token.text;
  return token.kind === 'string' ? `the string ${text}` : `"${text}"`;
}
