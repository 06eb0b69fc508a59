import { once } from 'node:events';
import { constants, createGzip, type Gzip } from 'node:zlib';
import type { StreamRecord } from '../log/kinesis-stream.ts';

/** The bytes of one object, compressed while it grows: a large buffer costs only its compressed size. */
export class ObjectBody {
  readonly #gzip: Gzip | undefined;
  readonly #chunks: Buffer[] = [];
  #failure: Error | undefined;
  first: StreamRecord | undefined;
  lastSequenceNumber: string | undefined;
  records = 0;
  /** Before compression. */
  bytes = 0;

  constructor(compression: 'GZIP' | 'UNCOMPRESSED') {
    if (compression !== 'GZIP') return;
    // The fastest level: at full load the compressor shares two cores with everything else.
    this.#gzip = createGzip({ level: constants.Z_BEST_SPEED });
    this.#gzip.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    this.#gzip.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** Takes records until the body holds `limit` bytes; the rest is left for the next object. */
  async append(records: readonly StreamRecord[], limit: number): Promise<void> {
    const taken: Buffer[] = [];
    for (const record of records) {
      if (this.bytes >= limit) break;
      taken.push(record.data);
      this.first ??= record;
      this.lastSequenceNumber = record.sequenceNumber;
      this.records++;
      this.bytes += record.data.length;
    }
    await this.#write(Buffer.concat(taken));
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
