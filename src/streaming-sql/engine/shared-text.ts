import type { Value } from './row.ts';

/** Distinct values of a column that are worth sharing. */
const MAX_SHARED = 4096;

/** Keeps equal text of a column with few distinct values once. */
export class SharedText {
  readonly #columns: (Map<string, string> | null)[] = [];

  /** The value, or the equal one that is kept already. */
  share(column: number, value: Value): Value {
    if (typeof value !== 'string') return value;
    let kept = this.#columns[column];
    if (kept === null) return value;
    if (kept === undefined) {
      kept = new Map();
      this.#columns[column] = kept;
    }
    const known = kept.get(value);
    if (known !== undefined) return known;
    if (kept.size >= MAX_SHARED) this.#columns[column] = null;
    else kept.set(value, value);
    return value;
  }
}
