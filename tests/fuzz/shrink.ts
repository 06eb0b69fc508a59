const MAX_TRIES = 600;
/** What keeps the computer busy is not made smaller for ever. */
const MAX_MILLIS = 20_000;

/** Leaves out parts as long as what is left still fails: halves first, single bytes last. */
export async function shrink(input: Buffer, fails: (candidate: Buffer) => Promise<boolean>): Promise<Buffer> {
  let smallest = input;
  let tries = 0;
  const end = performance.now() + MAX_MILLIS;
  for (let size = Math.ceil(input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < smallest.length && tries < MAX_TRIES && performance.now() < end; ) {
      const candidate = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)]);
      tries += 1;
      if (await fails(candidate)) smallest = candidate;
      else at += size;
    }
  }
  return smallest;
}
