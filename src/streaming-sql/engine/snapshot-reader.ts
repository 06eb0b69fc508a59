import { SnapshotError } from './engine-error.ts';
import type { Value } from './row.ts';
import { tags } from './snapshot-writer.ts';

const decoder = new TextDecoder();

/** Reads back what {@link SnapshotWriter} wrote. @throws SnapshotError past the end or at an unknown tag */
export class SnapshotReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #take(count: number): number {
    const at = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) {
      throw new SnapshotError(
        `Cannot restore snapshot: it ends at byte ${this.#bytes.length} in the middle of a value`,
      );
    }
    return at;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  bytes(): Uint8Array {
    const length = this.uint32();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  text(): string {
    return decoder.decode(this.bytes());
  }

  value(): Value {
    const tag = this.#bytes[this.#take(1)];
    if (tag === tags.null) return null;
    if (tag === tags.false || tag === tags.true) return tag === tags.true;
    if (tag === tags.number) return this.float64();
    if (tag === tags.string) return this.text();
    throw new SnapshotError(`Cannot restore snapshot: unknown value tag ${tag} at byte ${this.#at - 1}`);
  }

  values(): Value[] {
    return Array.from({ length: this.uint32() }, () => this.value());
  }
}
