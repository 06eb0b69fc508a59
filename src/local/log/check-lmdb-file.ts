import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { CorruptDataError } from '../local-error.ts';

/** A page begins with number u64, transaction u64, pad u16, flags u16, and two u16 that bound its free room. */
const HEADER_BYTES = 24;
const [TRANSACTION_AT, FLAGS_AT, LOWER_AT, UPPER_AT] = [8, 18, 20, 22];
const [BRANCH, LEAF, OVERFLOW] = [1, 2, 4];
/** A meta page: behind its header what marks the file, page size, the roots of the free pages and of all else, the last page. */
const MAGIC = 0xbeefc0de;
const META = {
  magic: 24,
  pageBytes: 48,
  flags: 52,
  freeRoot: 88,
  mainRoot: 136,
  lastPage: 144,
  transaction: 152,
  boot: 160,
};
const META_BYTES = 168;
/** What both meta pages say alike: magic, version, address; page size; kind of all else. */
const SAME_IN_BOTH = [
  [16, 40],
  [48, 52],
  [96, 102],
] as const;
/** Of a meta page: what it names may not have been on the disk when it was written. */
const UNSYNCED = 0x1000;
/** Differs after each start of the machine; LMDB takes the first of its groups. */
const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';
/** A node: size of its data u32, flags u16, size of its key u16; a branch has the number of a page in the first six. */
const NODE_BYTES = 8;
const [IN_OVERFLOW, IS_DATABASE] = [1, 2];
/** Where the record of a database has how many entries it has, and the number of its root. */
const [ENTRIES_AT, ROOT_AT] = [32, 40];
const NO_PAGE = 2n ** 64n - 1n;
/** Deeper than any tree that fits a disk. */
const MAX_DEPTH = 32;
/** What is looked at before a file is opened: 80 MB, well below a second. */
const MAX_PAGES = 20_000;

/**
 * Looks at the pages of an LMDB file before it is opened: LMDB maps the file and follows what it finds there, so a torn or
 * flipped page could end the process, and a key that is out of order hides others. Values have checksums of their own.
 * @throws CorruptDataError that says what is wrong
 */
export function checkLmdbFile(path: string): void {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r');
  try {
    if (fstatSync(file).size > 0) new LmdbPages(path, file).check();
  } finally {
    closeSync(file);
  }
}

/** Of one database how many entries were seen, the key in front, and the one that a branch says the next is not in front of. */
interface LastKey {
  entries: number;
  key?: Buffer;
  least?: Buffer;
}

function transactionOf(meta: Buffer): bigint {
  return meta.readBigUInt64LE(META.transaction);
}

/**
 * Which of two LMDB begins with, as its `mdb_pick_meta` does: the newer one, unless the machine has been started anew since and
 * the newer one was never synced; then the older.
 */
function chooseMeta(older: Buffer, other: Buffer): Buffer {
  if (transactionOf(other) === 0n) return older;
  const [newest, oldest] = transactionOf(older) >= transactionOf(other) ? [older, other] : [other, older];
  const isSynced = (newest.readUInt16LE(META.flags) & UNSYNCED) === 0;
  return isSynced || newest.readBigInt64LE(META.boot) === bootId() ? newest : oldest;
}

/** Undefined where nothing tells: then what is not known to be synced is not trusted. */
function bootId(): bigint | undefined {
  try {
    return BigInt(`0x${readFileSync(BOOT_ID_FILE, 'utf8').split('-')[0]}`);
  } catch {
    return undefined;
  }
}

class LmdbPages {
  readonly #path: string;
  readonly #file: number;
  readonly #meta: Buffer;
  readonly #pageBytes: number;
  readonly #lastPage: bigint;
  #left = MAX_PAGES;

  constructor(path: string, file: number) {
    this.#path = path;
    this.#file = file;
    const first = this.#read(0n, META_BYTES);
    if (first.readUInt32LE(META.magic) !== MAGIC) throw new CorruptDataError(`'${path}' is not an LMDB file`);
    this.#pageBytes = first.readUInt32LE(META.pageBytes);
    if (![4096, 8192, 16_384, 32_768].includes(this.#pageBytes)) this.#refuse('its pages have no known size');
    const second = this.#read(BigInt(this.#pageBytes), META_BYTES);
    const areAlike = SAME_IN_BOTH.every(
      ([start, end]) => first.subarray(start, end).compare(second, start, end) === 0,
    );
    if (!areAlike) this.#refuse('its first two pages contradict each other');
    const synced = this.#read(BigInt(this.#pageBytes / 2), META_BYTES);
    this.#meta = [second, synced].reduce(chooseMeta, first);
    this.#lastPage = this.#meta.readBigUInt64LE(META.lastPage);
  }

  check(): void {
    const { size } = fstatSync(this.#file, { bigint: true });
    const wanted = (this.#lastPage + 1n) * BigInt(this.#pageBytes);
    if (size < wanted) this.#refuse(`it has ${size} bytes of ${wanted}`);
    // Keys of the free pages are numbers, in an order of their own.
    this.#walk(this.#meta.readBigUInt64LE(META.freeRoot), 0, undefined);
    this.#walkDatabase(this.#meta.subarray(META.mainRoot - ROOT_AT), 0);
  }

  /** @param database its record: among others how many entries it has, and the number of its root */
  #walkDatabase(database: Buffer, depth: number): void {
    const seen: LastKey = { entries: 0 };
    this.#walk(database.readBigUInt64LE(ROOT_AT), depth, seen);
    const entries = database.readBigUInt64LE(ENTRIES_AT);
    if (this.#left > 0 && BigInt(seen.entries) !== entries)
      this.#refuse(`it has ${seen.entries} of ${entries} entries`);
  }

  #walk(number: bigint, depth: number, last: LastKey | undefined): void {
    if (number === NO_PAGE || this.#left-- <= 0) return;
    if (depth > MAX_DEPTH) this.#refuse('its pages form a circle');
    const page = this.#page(number, this.#pageBytes);
    const kind = page.readUInt16LE(FLAGS_AT) & (BRANCH! | LEAF! | OVERFLOW!);
    if (kind !== BRANCH && kind !== LEAF) this.#refuse(`page ${number} is of no known kind`);
    const room = this.#pageBytes - HEADER_BYTES;
    const [lower, upper] = [page.readUInt16LE(LOWER_AT), page.readUInt16LE(UPPER_AT)];
    if (lower % 2 === 1 || lower > upper || upper > room)
      this.#refuse(`page ${number} has impossible bounds`);
    for (let at = 0; at < lower; at += 2) {
      const start = page.readUInt16LE(HEADER_BYTES + at);
      if (start < upper || start + NODE_BYTES > room)
        this.#refuse(`page ${number} has a node beyond its end`);
      const node = page.subarray(HEADER_BYTES + start);
      if (kind === BRANCH) this.#walkBranch(number, node, { isFirst: at === 0, depth, last });
      else this.#checkLeafNode(number, node, depth, last);
    }
  }

  /** A branch whose keys are wrong leads searches astray. The first one has none. */
  #walkBranch(
    number: bigint,
    node: Buffer,
    { isFirst, depth, last }: { isFirst: boolean; depth: number; last: LastKey | undefined },
  ): void {
    const end = NODE_BYTES + node.readUInt16LE(6);
    if (end > node.length) this.#refuse(`page ${number} has a node beyond its end`);
    if (last && !isFirst) {
      const key = node.subarray(NODE_BYTES, end);
      this.#checkOrder(number, key, last);
      last.least = key;
    }
    this.#walk(BigInt(node.readUIntLE(0, 6)), depth + 1, last);
  }

  #checkLeafNode(number: bigint, node: Buffer, depth: number, last: LastKey | undefined): void {
    const [size, flags, keySize] = [node.readUInt32LE(0), node.readUInt16LE(4), node.readUInt16LE(6)];
    const dataAt = NODE_BYTES + keySize;
    const isApart = (flags & IN_OVERFLOW!) !== 0;
    const end = dataAt + (isApart ? 8 : size);
    if (end > node.length) this.#refuse(`page ${number} has a node beyond its end`);
    if (last) {
      const key = node.subarray(NODE_BYTES, dataAt);
      this.#checkOrder(number, key, last);
      last.key = key;
      last.entries += 1;
    } else this.#checkFreed(number, node.subarray(dataAt), { size, keySize, isApart });
    if (isApart) this.#checkOverflow(node.readBigUInt64LE(dataAt), size);
    else if ((flags & IS_DATABASE!) !== 0) {
      if (size < ROOT_AT + 8) this.#refuse(`page ${number} has half a database`);
      this.#walkDatabase(node.subarray(dataAt), depth + 1);
    }
  }

  /** What a transaction freed: its number, and under it how many entries, then these. */
  #checkFreed(
    number: bigint,
    data: Buffer,
    { size, keySize, isApart }: { size: number; keySize: number; isApart: boolean },
  ): void {
    const list = isApart ? this.#valueApart(data.readBigUInt64LE(0), size) : data.subarray(0, size);
    const isList = keySize === 8 && size >= 8 && size % 8 === 0;
    if (!isList || (Number(list.readBigUInt64LE(0)) + 1) * 8 > size)
      this.#refuse(`page ${number} has a list of free pages that is none`);
    // An entry is the number of a page, or below zero how many follow on it.
    for (let at = 8; at < (Number(list.readBigUInt64LE(0)) + 1) * 8; at += 8)
      if (list.readBigInt64LE(at) > this.#lastPage)
        this.#refuse(`page ${number} frees a page beyond the last`);
  }

  #valueApart(number: bigint, size: number): Buffer {
    this.#checkOverflow(number, size);
    return this.#read(number * BigInt(this.#pageBytes) + BigInt(HEADER_BYTES), size);
  }

  #checkOrder(number: bigint, key: Buffer, last: LastKey): void {
    const isBehind = !last.key || Buffer.compare(last.key, key) < 0;
    if (!isBehind || (last.least && Buffer.compare(last.least, key) > 0))
      this.#refuse(`page ${number} has a key that is out of order`);
  }

  #checkOverflow(number: bigint, size: number): void {
    if (this.#left-- <= 0) return;
    const page = this.#page(number, HEADER_BYTES);
    const pages = page.readUInt32LE(LOWER_AT);
    const isWhole =
      pages * this.#pageBytes >= size + HEADER_BYTES && number + BigInt(pages) - 1n <= this.#lastPage;
    if ((page.readUInt16LE(FLAGS_AT) & OVERFLOW!) === 0 || !isWhole)
      this.#refuse(`page ${number} does not hold the value that it should`);
  }

  #page(number: bigint, bytes: number): Buffer {
    if (number < 2n || number > this.#lastPage) this.#refuse(`it names page ${number} of ${this.#lastPage}`);
    const page = this.#read(number * BigInt(this.#pageBytes), bytes);
    if (page.readBigUInt64LE(0) !== number) this.#refuse(`page ${number} says that it is another`);
    if (page.readBigUInt64LE(TRANSACTION_AT) > this.#meta.readBigUInt64LE(META.transaction))
      this.#refuse(`page ${number} is of a transaction that has not been`);
    return page;
  }

  #read(position: bigint, bytes: number): Buffer {
    const page = Buffer.alloc(bytes);
    if (readSync(this.#file, page, 0, bytes, position) < bytes) this.#refuse('it is cut off');
    return page;
  }

  #refuse(why: string): never {
    throw new CorruptDataError(`'${this.#path}' is damaged: ${why}`);
  }
}
