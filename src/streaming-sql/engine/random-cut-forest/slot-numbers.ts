import type { SnapshotReader } from '../snapshot-reader.ts';
import type { SnapshotWriter } from '../snapshot-writer.ts';

/** Numbers of the slots of an array that are in use: freed ones are used again first. */
export class SlotNumbers {
  readonly #first: number;
  readonly #free: number[] = [];
  #top: number;

  constructor(first: number) {
    this.#first = first;
    this.#top = first;
  }

  /** How many slots have ever been in use. */
  get count(): number {
    return this.#top - this.#first;
  }

  take(): number {
    return this.#free.pop() ?? this.#top++;
  }

  free(slot: number): void {
    this.#free.push(slot);
  }

  save(writer: SnapshotWriter): void {
    writer.uint32(this.#top);
    writer.values(this.#free);
  }

  load(reader: SnapshotReader): void {
    this.#top = reader.uint32();
    this.#free.push(...(reader.values() as number[]));
  }
}
