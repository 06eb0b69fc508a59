import { once } from 'node:events';
import { constants, createGzip, type Gzip } from 'node:zlib';
import type { BlockPosition } from '../log/record-block.ts';

/** What names an object. */
export interface FirstRecord {
  readonly sequenceNumber: string;
  readonly arrivalMillis: number;
}

/** The bytes of one object, compressed while it grows: a large buffer costs only its compressed size. */
export class ObjectBody {
  readonly #gzip: Gzip | undefined;
  readonly #chunks: Buffer[] = [];
  readonly #delimiter: Buffer;
  #failure: Error | undefined;
  first: FirstRecord | undefined;
  lastSequenceNumber: string | undefined;
  records = 0;
  /** Records that should be between these, and cannot be read. */
  damaged = 0;
  /** Before compression. */
  bytes = 0;

  /** Behind each record comes the delimiter. */
  constructor(compression: 'GZIP' | 'UNCOMPRESSED', delimiter: string) {
    this.#delimiter = Buffer.from(delimiter);
    if (compression !== 'GZIP') return;
    // The fastest level: at full load the compressor shares two cores with everything else.
    this.#gzip = createGzip({ level: constants.Z_BEST_SPEED });
    this.#gzip.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    this.#gzip.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** Takes records of a block until the body holds `limit` bytes; the rest is left for the next object. */
  append(
    { block, position }: BlockPosition,
    limit: number,
  ): { count: number; arrivalMillis: number; written: Promise<void> } {
    const taken: Buffer[] = [];
    let count = 0;
    for (let at = position; at < block.count && this.bytes < limit; at += 1) {
      const data = block.data(at);
      taken.push(data, this.#delimiter);
      count += 1;
      this.bytes += data.length + this.#delimiter.length;
    }
    this.records += count;
    return {
      count,
      arrivalMillis: block.arrivalMillis(position),
      written: this.#write(Buffer.concat(taken)),
    };
  }

  async end(): Promise<Buffer> {
    if (this.#gzip && !this.#failure) {
      const ended = once(this.#gzip, 'end');
      this.#gzip.end();
      await ended;
    }
    if (this.#failure) throw this.#failure;
    return Buffer.concat(this.#chunks);
  }

  async #write(bytes: Buffer): Promise<void> {
    if (!this.#gzip) this.#chunks.push(bytes);
    else if (!this.#gzip.write(bytes)) await once(this.#gzip, 'drain');
  }
}
