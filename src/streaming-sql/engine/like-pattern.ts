import { EvaluationError } from './engine-error.ts';

const ANY = Symbol('%');
const ONE = Symbol('_');
type Piece = string | typeof ANY | typeof ONE;

/** LIKE: % is any text, _ any character. Matching takes time in proportion to text × pattern at worst. */
export function compileLike(pattern: string, escapeCharacter: string | null): (text: string) => boolean {
  const pieces = likePieces(pattern, escapeCharacter);
  return (text) => matchPieces(pieces, text);
}

function likePieces(pattern: string, escapeCharacter: string | null): Piece[] {
  if (escapeCharacter !== null && escapeCharacter.length !== 1) {
    throw new EvaluationError('INVALID_PATTERN', `ESCAPE must be one character, found '${escapeCharacter}'`);
  }
  const pieces: Piece[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === escapeCharacter && at + 1 < pattern.length) pieces.push(pattern[++at]!);
    else if (character === '%') pieces.push(ANY);
    else if (character === '_') pieces.push(ONE);
    else pieces.push(character);
  }
  return pieces;
}

/** Greedy wildcard matching: after a mismatch only the last % is extended. */
function matchPieces(pieces: readonly Piece[], text: string): boolean {
  let at = 0;
  let piece = 0;
  let lastAny = -1;
  let retry = 0;
  while (at < text.length) {
    if (piece < pieces.length && (pieces[piece] === ONE || pieces[piece] === text[at])) {
      at++;
      piece++;
    } else if (piece < pieces.length && pieces[piece] === ANY) {
      lastAny = piece++;
      retry = at;
    } else if (lastAny >= 0) {
      piece = lastAny + 1;
      at = ++retry;
    } else return false;
  }
  while (pieces[piece] === ANY) piece++;
  return piece === pieces.length;
}
