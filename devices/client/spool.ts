import { fsync, mkdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { SpoolError, SpoolFullError } from '../device-error.ts';
import { lockSpool } from './spool-lock.ts';
import { readMark, writeMark } from './spool-mark.ts';
import { encodeRecord, type SpoolRecord } from './spool-record.ts';
import { openSegments, readSegment, removeSegment, type Segment, SegmentWriter } from './spool-segment.ts';

export interface SpoolOptions {
  /** Made when it is not there. One process at a time. */
  readonly folder: string;
  /** Bytes on the disk, 64 MiB when not given. */
  readonly maxBytes?: number;
  /**
   * What gives way when the spool or the disk is full: the oldest file of it, at most an eighth of `maxBytes` or 256 KiB, counted
   * as dropped (the default), or the newest record. The file that is being written never does.
   */
  readonly whenFull?: 'drop-oldest' | 'refuse-newest';
}

export interface SpoolStats {
  /** Records that are neither acknowledged nor dropped. */
  readonly pending: number;
  readonly bytes: number;
  /** Records that gave way to newer ones since the spool was opened. */
  readonly dropped: number;
  /** Lines found at opening whose checksum did not fit. */
  readonly damaged: number;
  /** Bytes of a record that was being written when the process or the power went, found at opening. */
  readonly tornBytes: number;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const MIN_BYTES = 4096;
const MAX_SEGMENT_BYTES = 256 * 1024;
/** The bound is kept by whole segments; so many of them make it. */
const MIN_SEGMENTS = 8;
const MARK_MILLIS = 1000;
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const sync = promisify(fsync);

/**
 * Records kept on the disk until they are acknowledged: files that are only appended to, each record with its checksum, at most
 * `maxBytes` in all. After `kill -9` at any byte it holds every record that `append` returned from; after a power cut, every
 * one for which `durable` resolved. Files are removed when all their records are acknowledged.
 */
export class Spool {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #segmentBytes: number;
  readonly #whenFull: 'drop-oldest' | 'refuse-newest';
  readonly #lock: { release(): Promise<void> };
  readonly #segments: Segment[] = [];
  #writer: SegmentWriter | undefined;
  #nextIndex = 0;
  /** Everything up to here is acknowledged or dropped. */
  #mark: number;
  #markTimer: NodeJS.Timeout | undefined;
  /** Taken and not acknowledged, in order. */
  readonly #taken = new Set<number>();
  #lastTaken: number;
  /** What remains to be taken of the segment that is being read, newest first. */
  #ahead: SpoolRecord[] = [];
  /** How far the segment is read from which was taken last. */
  #read: { readonly segment: Segment; readonly offset: number } | undefined;
  #pending = 0;
  #bytes = 0;
  #dropped = 0;
  #damaged = 0;
  #tornBytes = 0;
  #syncing: Promise<void> | undefined;
  #nextSync: Promise<void> | undefined;

  private constructor(options: SpoolOptions, lock: { release(): Promise<void> }) {
    const { folder, maxBytes = DEFAULT_MAX_BYTES, whenFull = 'drop-oldest' } = options;
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#segmentBytes = Math.min(MAX_SEGMENT_BYTES, Math.floor(maxBytes / MIN_SEGMENTS));
    this.#whenFull = whenFull;
    this.#lock = lock;
    this.#mark = readMark(folder);
    this.#recover();
    this.#lastTaken = this.#mark;
  }

  /** @throws SpoolError when the folder cannot be used, or another process uses it */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { folder, maxBytes = DEFAULT_MAX_BYTES } = options;
    if (!(maxBytes >= MIN_BYTES))
      throw new SpoolError(
        `Cannot open the spool "${folder}": maxBytes is ${maxBytes}, at least ${MIN_BYTES}`,
      );
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw spoolError(`Cannot make the spool "${folder}"`, cause);
    }
    const lock = await lockSpool(folder);
    try {
      return new Spool(options, lock);
    } catch (cause) {
      await lock.release();
      throw spoolError(`Cannot open the spool "${folder}"`, cause);
    }
  }

  get stats(): SpoolStats {
    return {
      pending: this.#pending,
      bytes: this.#bytes,
      dropped: this.#dropped,
      damaged: this.#damaged,
      tornBytes: this.#tornBytes,
    };
  }

  /**
   * Keeps a text without line ends, as JSON is.
   * @throws SpoolFullError when there is no room and the newest gives way; SpoolError when the disk refuses it otherwise
   */
  append(text: string): void {
    const record = { index: this.#nextIndex, text };
    const bytes = encodeRecord(record);
    if (bytes.length > this.#segmentBytes)
      throw new SpoolError(`Cannot spool ${bytes.length} bytes: a record has at most ${this.#segmentBytes}`);
    while (this.#bytes + bytes.length > this.#maxBytes) this.#makeRoom(`${this.#maxBytes} bytes are spooled`);
    for (;;) {
      try {
        this.#writerFor(bytes.length).append(record, bytes);
        break;
      } catch (cause) {
        const { code, message } = cause as NodeJS.ErrnoException;
        if (!NO_ROOM.has(code ?? '')) throw spoolError(`Cannot write to the spool "${this.#folder}"`, cause);
        this.#makeRoom(`the disk is full (${message})`, cause);
      }
    }
    this.#bytes += bytes.length;
    this.#nextIndex++;
    this.#pending++;
  }

  /** Resolves when all that was appended is on the disk. Calls that come together share one sync. */
  durable(): Promise<void> {
    const before = this.#syncing?.catch(() => {}) ?? Promise.resolve();
    this.#nextSync ??= before.then(() => {
      this.#syncing = this.#nextSync;
      this.#nextSync = undefined;
      return this.#sync();
    });
    return this.#nextSync;
  }

  /** The next records in order, at most `limit`; each is given once, until `rewind`. */
  take(limit: number): SpoolRecord[] {
    const records: SpoolRecord[] = [];
    while (records.length < limit) {
      const record = this.#ahead.pop() ?? this.#readAhead();
      if (!record) break;
      this.#taken.add(record.index);
      this.#lastTaken = Math.max(this.#lastTaken, record.index);
      records.push(record);
    }
    return records;
  }

  /** What was taken and not acknowledged is given again, in order, before anything newer. */
  rewind(): void {
    const first = this.#taken.values().next().value;
    if (first === undefined) return;
    const again = this.#segments
      .filter(({ firstIndex, lastIndex }) => lastIndex >= first && firstIndex <= this.#lastTaken)
      .flatMap((segment) => readSegment(segment))
      .filter(({ index }) => this.#taken.has(index));
    const newer = this.#ahead.filter(({ index }) => index > this.#lastTaken);
    this.#ahead = [...newer, ...again.reverse()];
  }

  /** These are done with, and never given again. What was dropped meanwhile is ignored. */
  acknowledge(indexes: readonly number[]): void {
    for (const index of indexes) if (this.#taken.delete(index)) this.#pending--;
    this.#moveMark();
  }

  /** Writes down what is acknowledged, and lets go of the files. What is pending stays for the next time. */
  async close(): Promise<void> {
    clearTimeout(this.#markTimer);
    await this.#syncing?.catch(() => {});
    await this.#nextSync?.catch(() => {});
    writeMark(this.#folder, this.#mark);
    this.#writer?.close();
    this.#writer = undefined;
    await this.#lock.release();
  }

  #recover(): void {
    for (const { segment, records, damaged, tornBytes } of openSegments(this.#folder)) {
      this.#damaged += damaged;
      this.#tornBytes += tornBytes;
      this.#nextIndex = Math.max(this.#nextIndex, segment.firstIndex, segment.lastIndex + 1);
      const pending = records.filter(({ index }) => index > this.#mark).length;
      if (pending === 0) {
        removeSegment(segment);
        continue;
      }
      this.#pending += pending;
      this.#bytes += segment.bytes;
      this.#segments.push(segment);
    }
    this.#nextIndex = Math.max(this.#nextIndex, this.#mark + 1);
    const last = this.#segments.at(-1);
    if (last && last.bytes < this.#segmentBytes) this.#writer = SegmentWriter.reopen(last);
  }

  #writerFor(bytes: number): SegmentWriter {
    if (this.#writer && this.#writer.segment.bytes + bytes <= this.#segmentBytes) return this.#writer;
    const writer = SegmentWriter.create(this.#folder, this.#nextIndex);
    this.#writer?.close();
    this.#writer = writer;
    this.#segments.push(writer.segment);
    return writer;
  }

  async #sync(): Promise<void> {
    // A segment that is full was synced when it was closed.
    const fd = this.#writer?.fd;
    if (fd === undefined) return;
    try {
      await sync(fd);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EBADF' && this.#writer?.fd !== fd) return;
      throw spoolError(`Cannot sync the spool "${this.#folder}"`, cause);
    }
  }

  #readAhead(): SpoolRecord | undefined {
    const segment = this.#segments.find(({ lastIndex }) => lastIndex > this.#lastTaken);
    if (!segment) return undefined;
    const offset = segment === this.#read?.segment ? this.#read.offset : 0;
    this.#read = { segment, offset: segment.bytes };
    this.#ahead = readSegment(segment, offset)
      .filter(({ index }) => index > this.#lastTaken)
      .reverse();
    return this.#ahead.pop();
  }

  #makeRoom(why: string, cause?: unknown): void {
    const [oldest] = this.#segments;
    if (this.#whenFull === 'refuse-newest' || !oldest || oldest === this.#writer?.segment)
      throw new SpoolFullError(`Cannot spool a reading: ${why}`, { cause });
    this.#drop(oldest);
  }

  #drop(segment: Segment): void {
    const isDone = (index: number) =>
      index <= this.#mark || (index <= this.#lastTaken && !this.#taken.has(index));
    const lost = readSegment(segment).filter(({ index }) => !isDone(index));
    for (const { index } of lost) this.#taken.delete(index);
    this.#ahead = this.#ahead.filter(({ index }) => index > segment.lastIndex);
    this.#lastTaken = Math.max(this.#lastTaken, segment.lastIndex);
    this.#pending -= lost.length;
    this.#dropped += lost.length;
    this.#remove(segment);
    this.#moveMark();
  }

  #moveMark(): void {
    const [first] = this.#taken;
    const mark = first === undefined ? this.#lastTaken : first - 1;
    if (mark <= this.#mark) return;
    this.#mark = mark;
    for (let [oldest] = this.#segments; oldest && oldest.lastIndex <= mark; [oldest] = this.#segments) {
      if (oldest === this.#writer?.segment) break;
      this.#remove(oldest);
    }
    this.#markTimer ??= setTimeout(() => {
      this.#markTimer = undefined;
      this.#writeMark();
    }, MARK_MILLIS).unref();
  }

  /** A mark that cannot be written is written later; until then the old one makes records be sent again, no more. */
  #writeMark(): void {
    try {
      writeMark(this.#folder, this.#mark);
    } catch (error) {
      if (!NO_ROOM.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }

  #remove(segment: Segment): void {
    removeSegment(segment);
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    this.#bytes -= segment.bytes;
  }
}

function spoolError(action: string, cause: unknown): SpoolError {
  return cause instanceof SpoolError
    ? cause
    : new SpoolError(`${action}: ${(cause as Error).message}`, { cause });
}
