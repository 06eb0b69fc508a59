import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

const SIGNIFICANT = 2 ** 52;

/**
 * A pseudo-random generator whose state is part of the snapshot, so that a restored run draws the numbers the first
 * run would have drawn: xoshiro128** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021).
 */
export class RandomSource {
  readonly #state = new Uint32Array(4);

  constructor(seed: number) {
    for (let i = 0; i < 4; i++) this.#state[i] = mix(seed + Math.imul(i + 1, 0x9e3779b9));
  }

  /** A number greater than 0 and less than 1. */
  next(): number {
    const high = this.#draw() >>> 6;
    const low = this.#draw() >>> 6;
    return (high * 2 ** 26 + low + 0.5) / SIGNIFICANT;
  }

  save(writer: SnapshotWriter): void {
    for (const word of this.#state) writer.uint32(word);
  }

  load(reader: SnapshotReader): void {
    for (let i = 0; i < 4; i++) this.#state[i] = reader.uint32();
  }

  #draw(): number {
    const state = this.#state;
    const result = Math.imul(rotate(Math.imul(state[1]!, 5), 7), 9);
    const shifted = state[1]! << 9;
    state[2]! ^= state[0]!;
    state[3]! ^= state[1]!;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= shifted;
    state[3] = rotate(state[3]!, 11);
    return result >>> 0;
  }
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** Spreads a seed over all bits, so that small seeds do not start in a state of few ones. */
function mix(seed: number): number {
  let word = seed | 0;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}
