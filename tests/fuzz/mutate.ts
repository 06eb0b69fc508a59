import type { SeededRandom } from '../simulation/seeded-random.ts';

const MAX_EDITS = 4;
const MAX_CUT = 24;
const MAX_REPEATS = 300;

type Edit = (input: Buffer, at: number, random: SeededRandom, pieces: readonly Buffer[]) => Buffer;

const EDITS: readonly Edit[] = [
  (input, at, random) => splice(input, at, 1, Buffer.from([random.between(0, 255)])),
  (input, at, random) => splice(input, at, 1, Buffer.from([(input[at] ?? 0) ^ (1 << random.between(0, 7))])),
  (input, at, random) => splice(input, at, random.between(1, MAX_CUT), Buffer.alloc(0)),
  (input, at, random, pieces) => splice(input, at, 0, random.pick(pieces)),
  (input, at, random, pieces) => splice(input, at, random.between(1, MAX_CUT), random.pick(pieces)),
  (input, at, random) => splice(input, at, 0, input.subarray(at, at + random.between(1, MAX_CUT))),
  (input, at) => input.subarray(0, at),
  (input, at, random, pieces) => {
    const repeats = random.chance(0.1) ? random.between(2, MAX_REPEATS) : 2;
    return splice(input, at, 0, Buffer.concat(Array.from({ length: repeats }, () => random.pick(pieces))));
  },
];

function splice(input: Buffer, at: number, length: number, piece: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, at), piece, input.subarray(at + length)]);
}

/** Some edits at random places. @param pieces what means something where the input is read */
export function mutate(input: Buffer, random: SeededRandom, pieces: readonly Buffer[]): Buffer {
  let mutated = input;
  const edits = random.between(1, MAX_EDITS);
  for (let edit = 0; edit < edits; edit += 1)
    mutated = random.pick(EDITS)(mutated, random.between(0, mutated.length), random, pieces);
  return mutated;
}

export function piecesOf(text: string): Buffer[] {
  return text.split(/\s+/).map((piece) => Buffer.from(piece));
}
