import { columnNames } from './column-sink.ts';
import { SnapshotError } from './engine-error.ts';
import { generate } from './generate.ts';
import { hashValue } from './key-hash.ts';
import type { Row, Value } from './row.ts';
import { SharedText } from './shared-text.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** Keys of one hash value, and steps to a free place, before another hash is tried. */
const MAX_EQUAL = 8;
const MAX_STEPS = 512;
const FIRST_SEED = 0x811c9dc5 | 0;
/** Most identifiers differ in their last characters. */
const TAIL = 8;
const WHOLE = 0x7fff_ffff;

/** Open addressing: two numbers a place, the hash and the key's number plus one. */
interface HashTable {
  places: Int32Array;
  mask: number;
  /** How many of the key's columns are hashed; the others are only compared. */
  hashed: number;
  seed: number;
  /** Characters of a text that are hashed, from its end. */
  reach: number;
  /** Key columns of all keys, one key after the other. */
  values: Value[];
}

/**
 * Numbers the keys of a GROUP BY, once for all its open windows: a new window costs no text. Most keys are told apart by
 * the end of their first column, so only that is hashed until too many keys share a value; then all of it, then one more
 * column, at last with another seed.
 */
export class KeyDictionary {
  readonly #columns: readonly number[];
  readonly #shared = new SharedText();
  readonly #table: HashTable;
  readonly #hashOf: (key: number) => number;
  /** Number of the key with these values of the key columns, or -1. */
  readonly find: (...values: Value[]) => number;
  /** Number of a row's key, or -1. */
  readonly findRow: (row: Row) => number;
  #size = 0;

  constructor(columns: readonly number[]) {
    this.#columns = columns;
    const hashed = Math.min(1, columns.length);
    this.#table = { places: new Int32Array(64), mask: 31, hashed, seed: FIRST_SEED, reach: TAIL, values: [] };
    const names = columnNames([...columns.keys()]);
    const hash = hashCode(names);
    this.find = generate({ table: this.#table, hashValue }, findCode(names, hash));
    const rowValues = columns.map((column) => `row[${column}]`).join(', ');
    this.findRow = generate({ find: this.find }, `(row) => find(${rowValues})`);
    const kept = names.map((name, c) => `const ${name} = table.values[key * ${columns.length} + ${c}];`);
    this.#hashOf = generate(
      { table: this.#table, hashValue },
      `(key) => { ${kept.join('\n')} ${hash} return hash; }`,
    );
  }

  get size(): number {
    return this.#size;
  }

  /** Adds the key of a row that {@link findRow} did not know; answers its number. */
  add(row: Row): number {
    return this.#append(this.#columns.map((column) => row[column]!));
  }

  /** Value of the n-th key column of a key. */
  value(key: number, column: number): Value {
    return this.#table.values[key * this.#columns.length + column]!;
  }

  /** Forgets the keys that are not marked; answers the new number of each. */
  keep(marked: Uint8Array): Int32Array {
    const { values } = this.#table;
    const numbers = new Int32Array(this.#size).fill(-1);
    const width = this.#columns.length;
    const count = this.#size;
    this.#clear();
    for (let key = 0; key < count; key++)
      if (marked[key] === 1) numbers[key] = this.#append(values.slice(key * width, (key + 1) * width));
    return numbers;
  }

  /** An estimate: the table, a pointer for each key column, and the text of the keys that is not shared. */
  bytes(): number {
    const { places, values } = this.#table;
    const first = values[0];
    const text = typeof first === 'string' ? 16 + Math.ceil(first.length / 8) * 8 : 16;
    return places.byteLength + values.length * 8 + this.#size * text;
  }

  save(writer: SnapshotWriter): void {
    writer.uint32(this.#size);
    writer.values(this.#table.values);
  }

  load(reader: SnapshotReader): void {
    this.#clear();
    const count = reader.uint32();
    const values = reader.values();
    const width = this.#columns.length;
    if (values.length !== count * width)
      throw new SnapshotError('Cannot restore snapshot: keys differ in length');
    for (let key = 0; key < count; key++) this.#append(values.slice(key * width, (key + 1) * width));
  }

  #clear(): void {
    this.#table.values = [];
    this.#size = 0;
    this.#spread(64);
  }

  #append(values: readonly Value[]): number {
    const key = this.#size++;
    // A first column that tells the keys apart has nothing to share.
    const isTelling = this.#table.hashed === 1;
    values.forEach((value, c) => {
      this.#table.values.push(c === 0 && isTelling ? value : this.#shared.share(c, value));
    });
    // Four places out of five at most are taken: they lie side by side.
    if (this.#size * 5 > this.#table.mask * 4) this.#grow();
    if (!this.#enter(key)) this.#spread(this.#table.places.length);
    return key;
  }

  /** The hashes are known: no key is looked at. */
  #grow(): void {
    const known = this.#table.places;
    const places = new Int32Array(known.length * 2);
    const mask = known.length - 1;
    for (let from = 0; from < known.length; from += 2) {
      if (known[from + 1] === 0) continue;
      let at = known[from]! & mask;
      while (places[at * 2 + 1] !== 0) at = (at + 1) & mask;
      places[at * 2] = known[from]!;
      places[at * 2 + 1] = known[from + 1]!;
    }
    this.#table.places = places;
    this.#table.mask = mask;
  }

  /** Enters all keys anew, into a table of so many numbers. */
  #spread(length: number): void {
    let key = 0;
    do {
      this.#table.places = new Int32Array(length);
      this.#table.mask = length / 2 - 1;
      for (key = 0; key < this.#size && this.#enter(key); ) key++;
    } while (key < this.#size);
  }

  /** False when the hash has turned out bad and another one been chosen: all keys must be entered anew. */
  #enter(key: number): boolean {
    const { places, mask } = this.#table;
    const hash = this.#hashOf(key);
    let at = hash & mask;
    let equal = 0;
    for (let steps = 0; places[at * 2 + 1] !== 0; steps++) {
      if (places[at * 2] === hash) equal++;
      if ((equal >= MAX_EQUAL || steps >= MAX_STEPS) && this.#hashOtherwise()) return false;
      at = (at + 1) & mask;
    }
    places[at * 2] = hash;
    places[at * 2 + 1] = key + 1;
    return true;
  }

  /** Chooses another hash; false once all has been tried. */
  #hashOtherwise(): boolean {
    const table = this.#table;
    if (table.reach === TAIL) table.reach = WHOLE;
    else if (table.hashed < this.#columns.length) table.hashed++;
    else if (table.seed !== FIRST_SEED || this.#columns.length === 0) return false;
    else table.seed = hashValue(this.#size, table.seed, WHOLE);
    return true;
  }
}

function hashCode(names: readonly string[]): string {
  const steps = names.map(
    (name, c) => `if (table.hashed > ${c}) hash = hashValue(${name}, hash, table.reach);`,
  );
  return `let hash = table.seed; ${steps.join('\n')}`;
}

function findCode(names: readonly string[], hash: string): string {
  const width = names.length;
  const same = names.map((name, c) => `values[first + ${c}] === ${name}`).join(' && ') || 'true';
  return `(${names.join(', ')}) => {
    ${hash}
    const { places, mask, values } = table;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const key = places[at * 2 + 1] - 1;
      if (key < 0) return -1;
      if (places[at * 2] !== hash) continue;
      const first = key * ${width};
      if (${same}) return key;
    }
  }`;
}
