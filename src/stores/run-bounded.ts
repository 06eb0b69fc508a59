/**
 * Runs `work` for every input with at most `limit` at a time; resolves when all ended. `work` must not reject: what may
 * fail is handled where the input is known.
 */
export async function runBounded<T>(
  inputs: readonly T[],
  limit: number,
  work: (input: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < inputs.length) await work(inputs[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(limit, inputs.length) }, lane));
}
