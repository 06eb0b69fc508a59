import { array, assert, asyncProperty, constantFrom, integer, oneof } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  batches,
  counters,
  drained,
  forget,
  log,
  mapping,
  ok,
  openStream,
  put,
  reopen,
  start,
  stream,
} from './event-source-mapping.test-stage.ts';

const keys = Array.from({ length: 8 }, (_, at) => `${String.fromCharCode(97 + at)}-`);
let round = 0;

/** One record of each key. */
async function putRound(): Promise<void> {
  await put(...keys.map((key) => key + round));
  round += 1;
}

/** What the function was given of each key, in the order in which it was. */
function expectEachOnceInOrder(rounds: number, given = batches.flat()): void {
  const from = round - rounds;
  expect(given).toHaveLength(keys.length * rounds);
  const wanted = Array.from({ length: rounds }, (_, at) => from + at);
  for (const key of keys)
    expect(given.filter((text) => text.startsWith(key)).map((text) => Number(text.slice(2)))).toEqual(wanted);
}

/** What one call may scale to. */
function nearest(count: number): number {
  const open = stream.topology.open.length;
  return Math.min(2 * open, Math.max(Math.ceil(open / 2), count));
}

describe('an event source mapping on a stream that is resharded', () => {
  test.each([
    ['one batch for each shard', {}],
    ['several lanes', { parallelizationFactor: 4 }],
    ['batches of one', { batchSize: 1 }],
  ])('gives each record once, each key in order: %s', async (_, properties) => {
    start(() => ok(), properties);
    for (const count of [2, 4, 3, 2, 1]) {
      await putRound();
      stream.topology.scale(count);
    }
    await putRound();
    await drained();
    expectEachOnceInOrder(6);
    expect(counters).toEqual({ in: 48, out: 48, dropped: {} });
    expect(mapping!.lag()).toMatchObject({ backlog: 0, arrived: 48 });
  });

  test('does not wait for a batch to fill on a shard that is closed', async () => {
    start(() => ok(), { batchSize: 1000, batchWindowSeconds: 300 });
    await putRound();
    stream.topology.scale(2);
    stream.topology.scale(1);
    await putRound();
    await expect.poll(() => batches.flat().length, { timeout: 10_000 }).toBe(keys.length);
    stream.topology.scale(2);
    await expect.poll(() => batches.flat().length, { timeout: 10_000 }).toBe(2 * keys.length);
    expectEachOnceInOrder(2);
  });

  test('reads a child only when its parent is done, also when the parent fails for a while', async () => {
    let fails = 3;
    await putRound();
    stream.topology.scale(2);
    await putRound();
    start(
      () => {
        if (fails === 0) return ok();
        fails -= 1;
        return { ok: false, error: { errorType: 'E', errorMessage: 'not yet', trace: [] }, requestId: 'r' };
      },
      { maximumRetryAttempts: -1 },
    );
    await drained();
    batches.splice(0, 3);
    expectEachOnceInOrder(2);
  });

  test('goes on in the children after a restart amid the parent', async () => {
    start(() => ok());
    await putRound();
    await drained();
    stream.topology.scale(2);
    await putRound();
    await reopen(1);
    await putRound();
    start(() => ok());
    await drained();
    expectEachOnceInOrder(3);
    await reopen(1);
    batches.splice(0);
    start(() => ok());
    await putRound();
    await drained();
    expectEachOnceInOrder(1);
  });

  test('LATEST means the first start: shards that come later are read from their first record', async () => {
    await putRound();
    start(() => ok(), { startingPosition: 'LATEST' });
    stream.topology.scale(2);
    await putRound();
    await drained();
    expectEachOnceInOrder(1);
    await reopen(1);
    stream.topology.scale(4);
    await putRound();
    start(() => ok(), { startingPosition: 'LATEST' });
    await drained();
    expectEachOnceInOrder(2);
  });

  test('keeps each key in order whatever is scaled and restarted when', async () => {
    const step = oneof(integer({ min: 1, max: 6 }), constantFrom('restart' as const));
    await assert(
      asyncProperty(
        array(step, { minLength: 1, maxLength: 8 }),
        integer({ min: 1, max: 3 }),
        async (steps, factor) => {
          forget();
          const first = round;
          for (const each of steps) {
            if (each === 'restart') {
              await reopen(1);
              await putRound();
              start(() => ok(), { parallelizationFactor: factor, batchSize: 3 });
            } else {
              await putRound();
              stream.topology.scale(nearest(each));
            }
          }
          await reopen(1);
          await putRound();
          start(() => ok(), { parallelizationFactor: factor, batchSize: 3 });
          await drained();
          // Of several lanes one may be ahead of the checkpoint when the mapping stops: what it has done comes again.
          const given = batches.flat();
          expectEachOnceInOrder(round - first, factor === 1 ? given : [...new Set(given)]);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('counts what expired on a closed shard that it never read, and goes on in its children', async () => {
    let now = 1_800_000_000_000;
    await log.close();
    openStream(2, () => now);
    const begun: number[] = [];
    const stage = {
      begin: (passed: number) => begun.push(passed),
      in: (n: number) => (counters.in += n),
      out: (n: number) => (counters.out += n),
      drop: (reason: string, n: number) => (counters.dropped[reason] = (counters.dropped[reason] ?? 0) + n),
    };
    start(() => ok(), {}, { stage });
    await mapping!.stop();
    await putRound();
    stream.topology.scale(1);
    now += 3_600_000;
    await putRound();
    now += 23.5 * 3_600_000;
    expect(stream.trim(now)).toBe(keys.length);
    expect(stream.shardIds).toHaveLength(1);
    start(() => ok(), {}, { stage });
    await drained();
    expectEachOnceInOrder(1);
    expect(counters).toEqual({ in: 16, out: 8, dropped: { expired: 8 } });
    expect(begun).toEqual([0, 0]);
  });

  test('a mapping that starts on a stream that lost a shard counts from what is kept', async () => {
    let now = 1_800_000_000_000;
    await log.close();
    openStream(2, () => now);
    await putRound();
    stream.topology.scale(1);
    now += 3_600_000;
    await putRound();
    now += 23.5 * 3_600_000;
    stream.trim(now);
    let begun = -1;
    const stage = {
      begin: (passed: number) => (begun = passed),
      in: () => {},
      out: () => {},
      drop: () => {},
    };
    start(() => ok(), {}, { stage });
    await drained();
    expect(begun).toBe(keys.length);
    expectEachOnceInOrder(1);
  });
});

describe('a tumbling window on a shard that is closed', () => {
  interface WindowEvent {
    readonly shardId: string;
    readonly isFinalInvokeForWindow: boolean;
    readonly state: { readonly n?: number };
    readonly Records: readonly unknown[];
  }

  test('ends with the shard; its children begin windows of their own', async () => {
    const now = 1_800_000_000_000;
    await log.close();
    openStream(2, () => now);
    const finals: [string, number][] = [];
    start(
      (event) => {
        const { shardId, isFinalInvokeForWindow, state, Records } = event as unknown as WindowEvent;
        const n = (state.n ?? 0) + Records.length;
        if (isFinalInvokeForWindow) finals.push([shardId, n]);
        return ok({ state: { n } });
      },
      { tumblingWindowSeconds: 60 },
      { nowMillis: () => now },
    );
    await putRound();
    stream.topology.scale(1);
    await putRound();
    await expect.poll(() => batches.flat().length, { timeout: 10_000 }).toBe(16);
    const child = stream.shardIds.at(-1);
    expect(finals.map(([shardId]) => shardId).sort()).toEqual(stream.shardIds.slice(0, 2));
    expect(finals.reduce((sum, [, n]) => sum + n, 0)).toBe(keys.length);
    expect(finals.map(([shardId]) => shardId)).not.toContain(child);
  });
});
