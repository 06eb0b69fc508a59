/** Bytes per block (RFC 1319). */
const BLOCK = 16;
const ROUNDS = 18;

/** The substitution table is a shuffle of 0..255 driven by the decimal digits of pi (RFC 1319, appendix). */
const SUBSTITUTION = shuffleByPi();

/** The MD2 digest of RFC 1319, which cryptography libraries no longer ship. */
export function md2(message: Uint8Array): Uint8Array {
  const padding = BLOCK - (message.length % BLOCK);
  const padded = new Uint8Array(message.length + padding + BLOCK);
  padded.set(message);
  padded.fill(padding, message.length, message.length + padding);
  appendChecksum(padded);
  const state = new Uint8Array(3 * BLOCK);
  for (let block = 0; block < padded.length; block += BLOCK) mixBlock(state, padded, block);
  return state.slice(0, BLOCK);
}

function appendChecksum(padded: Uint8Array): void {
  const checksum = padded.subarray(padded.length - BLOCK);
  let last = 0;
  for (let at = 0; at < padded.length - BLOCK; at++) {
    const place = at % BLOCK;
    last = checksum[place]! ^ SUBSTITUTION[padded[at]! ^ last]!;
    checksum[place] = last;
  }
}

function mixBlock(state: Uint8Array, padded: Uint8Array, block: number): void {
  for (let at = 0; at < BLOCK; at++) {
    state[BLOCK + at] = padded[block + at]!;
    state[2 * BLOCK + at] = padded[block + at]! ^ state[at]!;
  }
  let carry = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let at = 0; at < state.length; at++) {
      carry = state[at]! ^ SUBSTITUTION[carry]!;
      state[at] = carry;
    }
    carry = (carry + round) % 256;
  }
}

/** A Fisher-Yates shuffle whose random numbers are digits of pi. */
function shuffleByPi(): Uint8Array {
  const table = Uint8Array.from({ length: 256 }, (_, index) => index);
  const nextDigit = digitsOfPi();
  const below = (limit: number): number => {
    for (;;) {
      const [digits, range] = limit > 100 ? [3, 1000] : limit > 10 ? [2, 100] : [1, 10];
      let number = 0;
      for (let digit = 0; digit < digits; digit++) number = number * 10 + nextDigit();
      if (number < limit * Math.floor(range / limit)) return number % limit;
    }
  };
  for (let size = 2; size <= 256; size++) {
    const other = below(size);
    const moved = table[other]!;
    table[other] = table[size - 1]!;
    table[size - 1] = moved;
  }
  return table;
}

/** The decimal digits 3, 1, 4, 1, 5, …, by Gibbons' spigot. */
function digitsOfPi(): () => number {
  let [q, r, t, k, n, l] = [1n, 0n, 1n, 1n, 3n, 3n];
  return () => {
    for (;;) {
      if (4n * q + r - t < n * t) {
        const digit = Number(n);
        const rest = 10n * (r - n * t);
        n = (10n * (3n * q + r)) / t - 10n * n;
        q *= 10n;
        r = rest;
        return digit;
      }
      const sum = (2n * q + r) * l;
      n = (q * (7n * k) + 2n + r * l) / (t * l);
      q *= k;
      t *= l;
      l += 2n;
      k += 1n;
      r = sum;
    }
  };
}
