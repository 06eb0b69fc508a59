import type { Value } from './row.ts';

const encoder = new TextEncoder();

/** Value tags of the snapshot format. */
export const tags = { null: 0, false: 1, true: 2, number: 3, string: 4 } as const;

/** Appends numbers, texts and values to a growing buffer, little-endian. */
export class SnapshotWriter {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  #reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  uint32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
  }

  float64(value: number): void {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value, true);
  }

  bytes(value: Uint8Array): void {
    this.uint32(value.length);
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  text(value: string): void {
    const at = this.#reserve(4 + value.length * 3);
    const { written } = encoder.encodeInto(value, this.#bytes.subarray(at + 4));
    this.#view.setUint32(at, written, true);
    this.#length = at + 4 + written;
  }

  #tag(tag: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = tag;
  }

  value(value: Value): void {
    if (value === null) this.#tag(tags.null);
    else if (typeof value === 'boolean') this.#tag(value ? tags.true : tags.false);
    else if (typeof value === 'number') {
      this.#tag(tags.number);
      this.float64(value);
    } else {
      this.#tag(tags.string);
      this.text(value);
    }
  }

  values(values: readonly Value[]): void {
    this.uint32(values.length);
    for (const value of values) this.value(value);
  }

  /** What was written, as a copy of its exact length. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}
