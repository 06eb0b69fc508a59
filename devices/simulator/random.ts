/** Draws numbers in [0, 1). */
export type Random = () => number;

/** Spreads the bits of a 32-bit number, so that neighbouring inputs give unrelated outputs (a multiply-xorshift finalizer). */
function scramble(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** A 32-bit hash of numbers, whole or not too large to be taken modulo 2^32: the same numbers always give the same hash. */
export function hashNumbers(...parts: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const part of parts) hash = scramble(hash ^ scramble(part % 0x1_0000_0000));
  return hash;
}

/** A hash as a number in [0, 1). */
export function hashUnit(...parts: readonly number[]): number {
  return hashNumbers(...parts) / 0x1_0000_0000;
}

/** A seeded stream of numbers in [0, 1): a Weyl sequence through the same scrambler. Not for secrets. */
export function createRandom(seed: number): Random {
  let state = scramble(seed);
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    return scramble(state) / 0x1_0000_0000;
  };
}

const ALPHANUMERICS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** An identifier in the manner of `bQ7KcaMEas`. */
export function drawIdentifier(random: Random, length = 10): string {
  let identifier = '';
  while (identifier.length < length) identifier += ALPHANUMERICS[Math.floor(random() * ALPHANUMERICS.length)];
  return identifier;
}
