import {
  appendFileSync,
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { decodeSegment, encodeRecord, type SpoolRecord } from './spool-record.ts';

const SUFFIX = '.spool';
const DAMAGED_FILE = 'damaged';
/** What was damaged is kept for whoever wants to look, up to this. */
const MAX_DAMAGED_BYTES = 1_048_576;

/** A file of the spool. Its name is the index of its first record. */
export interface Segment {
  readonly path: string;
  readonly firstIndex: number;
  /** Of its last record; `firstIndex - 1` when it has none. */
  lastIndex: number;
  bytes: number;
}

/** A segment as it was found, with what was mended. */
export interface FoundSegment {
  readonly segment: Segment;
  readonly records: readonly SpoolRecord[];
  readonly damaged: number;
  readonly tornBytes: number;
}

/** The segments of a folder, oldest first. What is torn or damaged is taken out of them. */
export function openSegments(folder: string): FoundSegment[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(SUFFIX) && /^\d+$/.test(name.slice(0, -SUFFIX.length)))
    .map((name) => ({ path: join(folder, name), firstIndex: Number(name.slice(0, -SUFFIX.length)) }))
    .sort((a, b) => a.firstIndex - b.firstIndex)
    .map((found) => openSegment(folder, found));
}

function openSegment(
  folder: string,
  { path, firstIndex }: Pick<Segment, 'path' | 'firstIndex'>,
): FoundSegment {
  const { records, damaged, tornBytes } = decodeSegment(readFileSync(path));
  if (damaged.length > 0) keepDamaged(folder, damaged);
  if (damaged.length > 0 || tornBytes > 0) rewrite(path, records);
  const segment = {
    path,
    firstIndex,
    lastIndex: records.at(-1)?.index ?? firstIndex - 1,
    bytes: statSync(path).size,
  };
  return { segment, records, damaged: damaged.length, tornBytes };
}

/** Beside it first, then in its place: a kill in between leaves the one or the other. */
function rewrite(path: string, records: readonly SpoolRecord[]): void {
  writeFileSync(`${path}.new`, Buffer.concat(records.map(encodeRecord)), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

function keepDamaged(folder: string, lines: readonly Uint8Array[]): void {
  const path = join(folder, DAMAGED_FILE);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
  if (size + bytes.length <= MAX_DAMAGED_BYTES) appendFileSync(path, bytes, { mode: 0o600 });
}

/** The records of a segment from a byte on at which one begins, oldest first. */
export function readSegment({ path, bytes }: Segment, offset = 0): SpoolRecord[] {
  const buffer = Buffer.alloc(bytes - offset);
  const fd = openSync(path, 'r');
  try {
    const length = readSync(fd, buffer, 0, buffer.length, offset);
    return [...decodeSegment(buffer.subarray(0, length)).records];
  } finally {
    closeSync(fd);
  }
}

export function removeSegment({ path }: Segment): void {
  rmSync(path, { force: true });
}

/** The segment that is being written. */
export class SegmentWriter {
  readonly segment: Segment;
  readonly #fd: number;

  private constructor(segment: Segment, fd: number) {
    this.segment = segment;
    this.#fd = fd;
  }

  static create(folder: string, firstIndex: number): SegmentWriter {
    const path = join(folder, `${String(firstIndex).padStart(15, '0')}${SUFFIX}`);
    const fd = openSync(path, 'a', 0o600);
    syncFolder(folder);
    const segment = { path, firstIndex, lastIndex: firstIndex - 1, bytes: fstatSync(fd).size };
    return new SegmentWriter(segment, fd);
  }

  static reopen(segment: Segment): SegmentWriter {
    return new SegmentWriter(segment, openSync(segment.path, 'a', 0o600));
  }

  get fd(): number {
    return this.#fd;
  }

  /** Writes a record whole or, when the disk does not take it, not at all. */
  append(record: SpoolRecord, bytes: Buffer): void {
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#fd, bytes, written);
    } catch (error) {
      ftruncateSync(this.#fd, this.segment.bytes);
      throw error;
    }
    this.segment.bytes += bytes.length;
    this.segment.lastIndex = record.index;
  }

  close(): void {
    fsyncSync(this.#fd);
    closeSync(this.#fd);
  }
}

/** A file that was made is there after a power cut only when its folder was synced (open(2), fsync(2)). Windows has no such call. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
