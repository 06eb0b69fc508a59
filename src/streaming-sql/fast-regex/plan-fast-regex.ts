import type { FastRegexStep } from './fast-regex-step.ts';
import { containsGroup, type FastRegex, fixedLength, printRegex } from './fast-regex-syntax.ts';
import { FastRegexError, parseFastRegex } from './parse-fast-regex.ts';

/** A Fast Regex pattern as its searches, and how many columns it gives. */
export interface FastRegexPlan {
  readonly steps: readonly FastRegexStep[];
  readonly columns: number;
}

/** A piece of the pattern in reading order: where a column begins or ends, or something to match. */
type Piece =
  | { readonly kind: 'mark'; readonly mark: number }
  | { readonly kind: 'match'; readonly node: FastRegex; readonly grouped: boolean };

/**
 * Decomposes a pattern as the service does (SQL reference, "FAST_REGEX_LOG_PARSER"): one expression for what lies in a
 * group and one for what lies between groups, where parts of fixed length at an expression's start move to the end
 * of the expression before. Each is then searched on its own, lazily and without going back. The last search must
 * reach the end of the text. @throws FastRegexError at a pattern that cannot be read
 */
export function planFastRegex(text: string): FastRegexPlan {
  const pieces: Piece[] = [];
  const columns = new Decomposition(pieces).decompose(parseFastRegex(text));
  const searches: Piece[][] = [[]];
  let atBorder = false;
  for (const piece of pieces) {
    const current = searches.at(-1)!;
    if (piece.kind === 'mark') atBorder = true;
    else if (fixedLength(piece.node) === null) {
      if (atBorder && current.some(varies)) searches.push([]);
      atBorder = false;
    }
    searches.at(-1)!.push(piece);
  }
  const steps = searches.map((search, index) => printStep(search, index === searches.length - 1));
  return { steps, columns };
}

function varies(piece: Piece): boolean {
  return piece.kind === 'match' && fixedLength(piece.node) === null;
}

/** What lies between columns is taken whole where nothing in the search belongs to a column. */
function printStep(search: readonly Piece[], last: boolean): FastRegexStep {
  const lazy = search.some((piece) => piece.kind === 'match' && piece.grouped);
  const pattern = search
    .map((piece) => (piece.kind === 'mark' ? '()' : printRegex(piece.node, lazy)))
    .join('');
  const marks = search.flatMap((piece) => (piece.kind === 'mark' ? [piece.mark] : []));
  return { pattern: last ? `${pattern}\\z` : pattern, marks };
}

class Decomposition {
  readonly #pieces: Piece[];
  #columns = 0;

  constructor(pieces: Piece[]) {
    this.#pieces = pieces;
  }

  decompose(node: FastRegex): number {
    this.#walk(node, false);
    return this.#columns;
  }

  #walk(node: FastRegex, grouped: boolean): void {
    if (node.kind === 'group') {
      const column = this.#columns++;
      this.#pieces.push({ kind: 'mark', mark: 2 * column });
      this.#walk(node.item, true);
      this.#pieces.push({ kind: 'mark', mark: 2 * column + 1 });
    } else if (node.kind === 'sequence') for (const item of node.items) this.#walk(item, grouped);
    else if (containsGroup(node)) {
      const what = node.kind === 'union' ? 'an alternative' : 'a repetition';
      throw new FastRegexError(`a group gives a column and cannot stand in ${what}`);
    } else if (node.kind === 'repeat') this.#walkRepeat(node, grouped);
    else this.#pieces.push({ kind: 'match', node, grouped });
  }

  /** x+ is x x*: what must be there has a fixed length and may move to the search before. */
  #walkRepeat({ item, least, most }: FastRegex & { kind: 'repeat' }, grouped: boolean): void {
    const required = fixedLength(item) === null ? 0 : least;
    const push = (low: number, high: number | null): void => {
      this.#pieces.push({ kind: 'match', node: { kind: 'repeat', item, least: low, most: high }, grouped });
    };
    if (required > 0) push(required, required);
    if (most === null || most > required) push(least - required, most === null ? null : most - required);
  }
}
