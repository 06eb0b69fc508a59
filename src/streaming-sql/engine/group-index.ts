import type { Row, Value } from './row.ts';

/** Longest chain of groups that share a hash value before another column is tried. */
const MAX_CHAIN = 12;
/** Distinct values of a column that are worth sharing between groups. */
const MAX_SHARED = 4096;

/**
 * Finds the dense number of a group by its key columns. One column is hashed (a string's hash is cached by the
 * runtime, a concatenated key's is not) and the others compared; when too many groups share a hash value, the next
 * column is hashed, and at last the text of the whole key.
 */
export class GroupIndex {
  readonly #columns: readonly number[];
  readonly #keys: Value[][];
  readonly #shared: (Map<Value, Value> | null)[];
  #map = new Map<Value, number>();
  #next = new Int32Array(64);
  #hashBy: number;
  #size = 0;

  /** `hashBy` is the choice another table of the same operator ended with. */
  constructor(columns: readonly number[], hashBy = 0) {
    this.#columns = columns;
    this.#keys = columns.map(() => []);
    this.#shared = columns.map((_, index) => (index === hashBy ? null : new Map()));
    this.#hashBy = Math.min(hashBy, columns.length);
  }

  get size(): number {
    return this.#size;
  }

  get hashBy(): number {
    return this.#hashBy;
  }

  /** The group of a row, or -1 when there is none yet. */
  find(row: Row): number {
    const hashBy = this.#hashBy;
    const columns = this.#columns;
    const hash = hashBy < columns.length ? row[columns[hashBy]!]! : this.#wholeKey(row);
    let group = this.#map.get(hash) ?? -1;
    while (group >= 0 && !this.#equals(group, row)) group = this.#next[group]!;
    return group;
  }

  /** Adds the group of a row that {@link find} did not know; answers its number. */
  insert(row: Row): number {
    const group = this.#size++;
    for (let c = 0; c < this.#columns.length; c++)
      this.#keys[c]!.push(this.#share(c, row[this.#columns[c]!]!));
    if (group >= this.#next.length) this.#grow();
    if (this.#link(group) > MAX_CHAIN && this.#hashBy < this.#columns.length) this.#rehash();
    return group;
  }

  /** Value of the n-th key column of a group. */
  key(group: number, column: number): Value {
    return this.#keys[column]![group]!;
  }

  /** Restores the groups from their key columns. */
  load(keys: Value[][]): void {
    const row: Value[] = [];
    for (let group = 0; group < (keys[0]?.length ?? 0); group++) {
      this.#columns.forEach((column, c) => {
        row[column] = keys[c]![group]!;
      });
      this.insert(row);
    }
  }

  keyColumn(column: number): readonly Value[] {
    return this.#keys[column]!;
  }

  /** An estimate: map entry, chain, one pointer per key column, and the bytes of the hashed text. */
  bytes(): number {
    const sample = this.#keys[Math.min(this.#hashBy, this.#columns.length - 1)]?.[0];
    const text = typeof sample === 'string' ? 16 + Math.ceil(sample.length / 8) * 8 : 0;
    return this.#size * (40 + 8 * this.#columns.length + text) + this.#next.byteLength;
  }

  #equals(group: number, row: Row): boolean {
    const columns = this.#columns;
    for (let c = 0; c < columns.length; c++) {
      if (this.#keys[c]![group] !== row[columns[c]!]) return false;
    }
    return true;
  }

  /** Puts the group in front of its chain; answers how long the chain has become. */
  #link(group: number): number {
    const hashBy = this.#hashBy;
    const hash = hashBy < this.#columns.length ? this.#keys[hashBy]![group]! : this.#wholeKeyOf(group);
    const head = this.#map.get(hash) ?? -1;
    this.#next[group] = head;
    this.#map.set(hash, group);
    let length = 1;
    for (let at = head; at >= 0 && length <= MAX_CHAIN; at = this.#next[at]!) length++;
    return length;
  }

  #rehash(): void {
    this.#hashBy++;
    this.#map = new Map();
    for (let group = 0; group < this.#size; group++) this.#link(group);
  }

  #grow(): void {
    const grown = new Int32Array(Math.ceil(this.#next.length * 1.5));
    grown.set(this.#next);
    this.#next = grown;
  }

  #wholeKey(row: Row): string {
    let text = '';
    for (const column of this.#columns) text += keyPart(row[column]!);
    return text;
  }

  #wholeKeyOf(group: number): string {
    let text = '';
    for (const column of this.#keys) text += keyPart(column[group]!);
    return text;
  }

  /** Equal text in a column of few distinct values is kept once. */
  #share(column: number, value: Value): Value {
    const shared = this.#shared[column];
    if (shared === null || shared === undefined || typeof value !== 'string') return value;
    const known = shared.get(value);
    if (known !== undefined) return known;
    if (shared.size >= MAX_SHARED) this.#shared[column] = null;
    else shared.set(value, value);
    return value;
  }
}

/** Length-prefixed, so that ("a", "bc") and ("ab", "c") differ; type-tagged, so that 1 and '1' differ. */
function keyPart(value: Value): string {
  if (typeof value === 'string') return `${value.length}:${value}`;
  return `${String(value)};`;
}

/** The values of some columns of a row as one text that no other values give. */
export function keyText(row: Row, columns: readonly number[]): string {
  let text = '';
  for (const column of columns) text += keyPart(row[column]!);
  return text;
}
