/** How unevenly keys send: each the same, or by Zipf's law, the n-th key at 1/n of the first one's rate. */
export type KeySkew = 'even' | 'zipf';

/** Larger simulations are made smaller, with as many keys to a shard: the spread of even keys stays within hundredths. */
const MAX_KEYS = 200_000;

/**
 * Simulates keys on shards: each key goes to one shard by its hash, as partition keys do, and brings its share of the load.
 * Returns the load of the fullest shard as a multiple of the mean one's, the mean of `runs` draws.
 */
export function fullestShard(keys: number, shards: number, skew: KeySkew, runs = 5): number {
  if (keys === 0 || shards === 1) return 1;
  const isLarge = skew === 'even' && keys > MAX_KEYS;
  const simulated = isLarge
    ? { keys: MAX_KEYS, shards: Math.ceil((shards * MAX_KEYS) / keys) }
    : { keys, shards };
  let sum = 0;
  for (let run = 1; run <= runs; run++) sum += draw(simulated.keys, simulated.shards, skew, run);
  return sum / runs;
}

function draw(keys: number, shards: number, skew: KeySkew, seed: number): number {
  const loads = new Float64Array(shards);
  const next = hashSequence(seed);
  const drawn = Math.min(keys, MAX_KEYS);
  let total = 0;
  for (let key = 1; key <= drawn; key++) {
    const load = skew === 'even' ? 1 : 1 / key;
    const shard = Math.floor(next() * shards);
    loads[shard] = (loads[shard] ?? 0) + load;
    total += load;
  }
  // Keys beyond, by Zipf's law, are so many and so small that each shard has the same of them: the integral of 1/key.
  const rest = keys > drawn ? Math.log(keys / drawn) : 0;
  const fullest = loads.reduce((most, load) => Math.max(most, load), 0);
  return (fullest + rest / shards) / ((total + rest) / shards);
}

/** Numbers from 0 to 1, as even as MD5 spreads keys over shards; the same for a seed (a 32-bit mixing function). */
function hashSequence(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}
