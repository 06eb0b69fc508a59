import { crc32 } from 'node:zlib';
import { CorruptDataError } from '../local-error.ts';

/** A record on its way into a stream. Text is written as UTF-8. */
export interface PendingRecord {
  readonly partitionKey: string;
  readonly data: Buffer | string;
  readonly arrivalMillis: number;
}

/** A place in a stream: a block and a record in it. */
export interface BlockPosition {
  readonly block: RecordBlock;
  readonly position: number;
}

/**
 * Records that became durable together, as one value of the store: a group commit costs one write however many
 * messages it carries. Layout, little endian: version u32, crc32 u32 of all that follows, count u32, flags u8, then
 * for each record arrival f64, key length u16, data length u32, key, data. The checksum begins with the block's place, so
 * that a block that lies where another one should is damaged too; in version 1 it began with nothing.
 */
export class RecordBlock {
  readonly firstIndex: number;
  readonly bytes: Buffer;
  readonly count: number;
  /** True when every byte is ASCII, so that readers may decode it as Latin-1, which is faster than UTF-8. */
  readonly isAscii: boolean;
  readonly #starts: Uint32Array;

  private constructor(firstIndex: number, bytes: Buffer, starts: Uint32Array) {
    this.firstIndex = firstIndex;
    this.bytes = bytes;
    this.count = starts.length;
    this.isAscii = (bytes[FLAGS_AT]! & ASCII_FLAG) !== 0;
    this.#starts = starts;
  }

  /** @throws RangeError for more than {@link MAX_BLOCK_RECORDS} records */
  static encode(firstIndex: number, records: readonly PendingRecord[]): RecordBlock {
    if (records.length > MAX_BLOCK_RECORDS)
      throw new RangeError(
        `Cannot make a block of ${records.length} records: it holds ${MAX_BLOCK_RECORDS} at most`,
      );
    const bytes = scratchOf(encodedSize(records));
    const starts = new Uint32Array(records.length);
    let at = HEADER_BYTES;
    let isAscii = true;
    for (let i = 0; i < records.length; i += 1) {
      const { partitionKey, data, arrivalMillis } = records[i]!;
      starts[i] = at;
      const keyStart = at + FRAME_BYTES;
      const keyLength = bytes.write(partitionKey, keyStart);
      const dataStart = keyStart + keyLength;
      const dataLength =
        typeof data === 'string' ? bytes.write(data, dataStart) : data.copy(bytes, dataStart);
      isAscii &&= typeof data === 'string' && dataLength === data.length;
      bytes.writeDoubleLE(arrivalMillis, at);
      bytes.writeUInt16LE(keyLength, at + 8);
      bytes.writeUInt32LE(dataLength, at + 10);
      at = dataStart + dataLength;
    }
    // Not from the pool: a small block that is kept would keep a whole slab of it.
    const block = Buffer.allocUnsafeSlow(at);
    bytes.copy(block, 0, 0, at);
    block.writeUInt32LE(VERSION, 0);
    block.writeUInt32LE(records.length, COUNT_AT);
    block[FLAGS_AT] = isAscii ? ASCII_FLAG : 0;
    block.writeUInt32LE(crc32(block.subarray(COUNT_AT), placeOf(firstIndex)), 4);
    return new RecordBlock(firstIndex, block, starts);
  }

  /** @throws CorruptDataError when length, version or checksum are not what was written */
  static decode(firstIndex: number, bytes: Buffer): RecordBlock {
    const version = bytes.length < HEADER_BYTES ? 0 : bytes.readUInt32LE(0);
    if (version !== VERSION && version !== UNPLACED_VERSION) {
      throw new CorruptDataError(
        `Cannot read the record block at ${firstIndex}: not a block of version ${VERSION}`,
      );
    }
    const place = version === VERSION ? placeOf(firstIndex) : 0;
    // A damaged key may be any number.
    if (
      !Number.isSafeInteger(firstIndex) ||
      crc32(bytes.subarray(COUNT_AT), place) !== bytes.readUInt32LE(4)
    ) {
      throw new CorruptDataError(
        `Cannot read the record block at ${firstIndex}: its checksum does not match`,
      );
    }
    const starts = new Uint32Array(bytes.readUInt32LE(COUNT_AT));
    let at = HEADER_BYTES;
    for (let i = 0; i < starts.length; i += 1) {
      starts[i] = at;
      at += FRAME_BYTES + bytes.readUInt16LE(at + 8) + bytes.readUInt32LE(at + 10);
    }
    return new RecordBlock(firstIndex, bytes, starts);
  }

  /** Index of the last record plus one. */
  get endIndex(): number {
    return this.firstIndex + this.count;
  }

  arrivalMillis(position: number): number {
    return this.bytes.readDoubleLE(this.#starts[position]!);
  }

  partitionKey(position: number): string {
    const start = this.#starts[position]! + FRAME_BYTES;
    return this.bytes.toString('utf8', start, start + this.#keyLength(position));
  }

  /** The record's bytes, a view into the block. */
  data(position: number): Buffer {
    const [start, end] = this.#dataRange(position);
    return this.bytes.subarray(start, end);
  }

  /** The record's bytes as text, without an intermediate view. */
  text(position: number): string {
    const [start, end] = this.#dataRange(position);
    return this.bytes.toString(this.isAscii ? 'latin1' : 'utf8', start, end);
  }

  #keyLength(position: number): number {
    return this.bytes.readUInt16LE(this.#starts[position]! + 8);
  }

  #dataRange(position: number): [number, number] {
    const frame = this.#starts[position]!;
    const start = frame + FRAME_BYTES + this.bytes.readUInt16LE(frame + 8);
    return [start, start + this.bytes.readUInt32LE(frame + 10)];
  }
}

/** So many are never waiting in practice; the bound is for whoever numbers on behind a block that cannot be read. */
export const MAX_BLOCK_RECORDS = 16_384;

/**
 * An index that no record of a block can have that cannot be read, nor any in front of it. The block's key may be what is
 * damaged. The keys of a shard are in order, else the log is not opened; so the true first index is at most that of the block
 * in front of it plus one block, and this one's key is above that: two blocks further is behind both. Blocks of version 1 were
 * not bounded; each of their records takes a frame at least.
 */
export function indexBehind(firstIndex: number, bytes: Buffer): number {
  const isBounded = bytes.length >= HEADER_BYTES && bytes.readUInt32LE(0) === VERSION;
  const records = isBounded ? 0 : Math.floor(bytes.length / FRAME_BYTES);
  return Math.ceil(firstIndex) + Math.max(2 * MAX_BLOCK_RECORDS, records);
}

/** What a checksum begins with: a CRC of the same bytes from another start is another. */
function placeOf(firstIndex: number): number {
  return crc32(String(firstIndex));
}

const VERSION = 2;
const UNPLACED_VERSION = 1;
const ASCII_FLAG = 1;
const COUNT_AT = 8;
const FLAGS_AT = 12;
const HEADER_BYTES = 13;
const FRAME_BYTES = 14;

let scratch = Buffer.alloc(64 * 1024);

/** Room to encode in, used again and again: text is bounded generously, and the block gets only what it fills. */
function scratchOf(size: number): Buffer {
  if (scratch.length < size) scratch = Buffer.alloc(size * 2);
  return scratch;
}

/** An upper bound: text takes at most three bytes for each UTF-16 unit. */
function encodedSize(records: readonly PendingRecord[]): number {
  let size = HEADER_BYTES;
  for (const { partitionKey, data } of records) {
    size +=
      FRAME_BYTES + partitionKey.length * 3 + (typeof data === 'string' ? data.length * 3 : data.length);
  }
  return size;
}
