import type { Value } from './row.ts';

const number = new Float64Array(1);
const halves = new Int32Array(number.buffer);

/**
 * Mixes a value into a hash of 32 bits (FNV-1a, Fowler, Noll and Vo, over UTF-16 units); of text the last `reach` units.
 * Written here because a `Map` hashes fresh text outside of compiled code, which takes longer than the rest of a row.
 */
export function hashValue(value: Value, seed: number, reach: number): number {
  let hash = seed;
  if (typeof value === 'string') {
    const { length } = value;
    for (let at = length > reach ? length - reach : 0; at < length; at++)
      hash = Math.imul(hash ^ value.charCodeAt(at), PRIME);
  } else if (typeof value === 'number') {
    // Zero has two forms that are equal.
    number[0] = value + 0;
    hash = Math.imul(Math.imul(hash ^ halves[0]!, PRIME) ^ halves[1]!, PRIME);
  } else hash = Math.imul(hash ^ (value === null ? 1 : value ? 2 : 3), PRIME);
  return hash ^ (hash >>> 15);
}

const PRIME = 0x01000193;
