import { seededRandom } from '../delivery/kill-plan.ts';

/** One way to damage a file. */
export interface DamageKind {
  readonly name: string;
  /** How many different damages of this kind there are. */
  readonly count: number;
  /** A damaged copy, or the beginning of the file. */
  readonly damage: (bytes: Buffer, at: number) => Buffer;
}

const PAGE_BYTES = 4096;

/**
 * Every damage that is made to a log.
 * @param places each byte of its last records, their keys and lengths included: where it lies in the file, and lay before
 * @param randomTimes how many bits are flipped anywhere besides, and as many in the first pages
 */
export function damageKinds(
  fileBytes: number,
  places: readonly (readonly number[])[],
  randomTimes: number,
): DamageKind[] {
  const random = (at: number): number => seededRandom(at)();
  return [
    {
      name: 'each bit of the last records',
      count: places.length * 8,
      damage: (bytes, at) => flipped(bytes, ...places[at >> 3]!.map((place) => place * 8 + (at & 7))),
    },
    {
      name: 'an end of NULs from each byte of the last records',
      count: places.length,
      damage: (bytes, at) => Buffer.from(bytes).fill(0, Math.max(...places[at]!)),
    },
    {
      name: 'a page end of NULs from each byte of the last records',
      count: places.length,
      damage: (bytes, at) => {
        const copy = Buffer.from(bytes);
        for (const place of places[at]!) copy.fill(0, place, pageEnd(place));
        return copy;
      },
    },
    {
      name: 'the file cut off at each byte of the last records',
      count: places.length,
      damage: (bytes, at) => bytes.subarray(0, Math.max(...places[at]!)),
    },
    {
      name: 'each page of NULs',
      count: Math.ceil(fileBytes / PAGE_BYTES),
      damage: (bytes, at) => Buffer.from(bytes).fill(0, at * PAGE_BYTES, (at + 1) * PAGE_BYTES),
    },
    {
      name: 'a bit of the first pages',
      count: randomTimes,
      damage: (bytes, at) => flipped(bytes, Math.floor(random(at) * 4 * PAGE_BYTES * 8)),
    },
    {
      name: 'a bit anywhere',
      count: randomTimes,
      damage: (bytes, at) => flipped(bytes, Math.floor(random(at + 1_000_000) * bytes.length * 8)),
    },
    {
      name: 'the file cut off anywhere',
      count: randomTimes,
      damage: (bytes, at) => bytes.subarray(0, Math.floor(random(at + 2_000_000) * bytes.length)),
    },
  ];
}

function pageEnd(place: number): number {
  return (Math.floor(place / PAGE_BYTES) + 1) * PAGE_BYTES;
}

function flipped(bytes: Buffer, ...bits: readonly number[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const bit of bits) copy[bit >> 3] = copy[bit >> 3]! ^ (1 << (bit & 7));
  return copy;
}
