import type { Token, TokenStream } from '../sql/index.ts';
import { isReserved } from './reserved-words.ts';
import type { Identifier } from './syntax.ts';

/** SQL reference, "Identifiers": at most 128 characters. */
const MAX_IDENTIFIER = 128;

/**
 * Identifier : word | "quoted"
 * A reserved word is only a name in quotes; `what` names the role in the error.
 */
export function parseIdentifier(tokens: TokenStream, what: string): Identifier {
  const token = tokens.peek();
  if (token.kind === 'word' && isReserved(token.keyword)) {
    tokens.fail(
      token.start,
      `"${token.text}" is a reserved word, write it in double quotes to use it as ${what}`,
    );
  }
  if (token.kind !== 'word' && token.kind !== 'quoted') tokens.failExpected(what);
  return toIdentifier(tokens, tokens.next());
}

/** A name where keywords may stand too (`s.ROWTIME`). */
export function toIdentifier(tokens: TokenStream, token: Token): Identifier {
  if (token.value.length > MAX_IDENTIFIER) {
    tokens.fail(
      token.start,
      `Identifier of ${token.value.length} characters is longer than ${MAX_IDENTIFIER}`,
    );
  }
  return { value: token.value, quoted: token.kind === 'quoted', start: token.start };
}

/** [ AS ] Identifier, or null. ROWTIME is a legal alias: it sets the time of the row. */
export function parseAlias(tokens: TokenStream): Identifier | null {
  if (tokens.acceptKeyword('AS')) {
    if (tokens.atKeyword('ROWTIME')) return toIdentifier(tokens, tokens.next());
    return parseIdentifier(tokens, 'an alias');
  }
  const token = tokens.peek();
  if (token.kind === 'quoted') return toIdentifier(tokens, tokens.next());
  if (['LIMIT', 'OFFSET'].includes(token.keyword) && tokens.peek(1).kind === 'number')
    tokens.fail(
      token.start,
      `${token.keyword} is not possible on a stream, which has no end, write TOP_K_ITEMS_TUMBLING or a window`,
    );
  if (token.kind === 'word' && !isReserved(token.keyword)) return toIdentifier(tokens, tokens.next());
  return null;
}
