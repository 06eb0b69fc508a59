import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  batches,
  counters,
  discarded,
  drained,
  failed,
  forget,
  log,
  mapping,
  numbered,
  ok,
  put,
  reopen,
  reportFirst,
  start,
  stream,
  textOf,
  useStream,
} from './event-source-mapping.test-stage.ts';

describe('any set of poison records', () => {
  test('is discarded, all others are delivered, and the order of each partition key is kept', async () => {
    let run = 0;
    const cases = fc.record({
      poison: fc.uniqueArray(fc.integer({ min: 0, max: 39 }), { maxLength: 12 }),
      factor: fc.constantFrom(1, 3),
      shards: fc.constantFrom(1, 2),
      partialResponse: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ poison, factor, shards, partialResponse }) => {
        await mapping?.stop();
        const name = `stream-${++run}`;
        useStream(name, shards);
        const texts = Array.from({ length: 40 }, (_, n) => `k${n % 7}:${String(n).padStart(2, '0')}`);
        for (const text of texts) stream.put(text.slice(0, 2), text);
        await log.durable();
        const bad = poison.map((n) => texts[n]!);
        forget();
        const delivered: string[] = [];
        start(
          async (event) => {
            await new Promise(setImmediate);
            const all = textOf(event);
            const first = all.findIndex((text) => bad.includes(text));
            delivered.push(...(first < 0 ? all : partialResponse ? all.slice(0, first) : []));
            return first < 0 ? ok() : partialResponse ? reportFirst(bad)(event) : failed;
          },
          {
            logicalId: name,
            bisect: true,
            reportBatchItemFailures: true,
            parallelizationFactor: factor,
            maximumRetryAttempts: 1,
          },
        );
        await drained();
        expect(discarded().sort()).toEqual([...bad].sort());
        expect([...delivered].sort()).toEqual(texts.filter((text) => !bad.includes(text)).sort());
        for (let key = 0; key < 7; key++) {
          const ofKey = delivered.filter((text) => text.startsWith(`k${key}`));
          expect(ofKey).toEqual([...ofKey].sort());
        }
        const drops = bad.length > 0 ? { 'retries-exhausted': bad.length } : {};
        expect(counters).toEqual({ in: 40, out: 40 - bad.length, dropped: drops });
      }),
      { numRuns: 25 },
    );
  });
});

describe('parallelization', () => {
  test('runs several batches of a shard at once, and a stuck key does not hold up the others', async () => {
    let running = 0;
    let most = 0;
    let release = (): void => {};
    const stuck = new Promise<void>((resolve) => {
      release = resolve;
    });
    for (let n = 0; n < 40; n++) stream.put(`key${n % 8}`, `key${n % 8}:${n}`);
    await log.durable();
    start(
      async (event) => {
        most = Math.max(most, ++running);
        if (textOf(event).some((text) => text.startsWith('key0:'))) await stuck;
        else await new Promise((later) => setTimeout(later, 10));
        running -= 1;
        return ok();
      },
      { parallelizationFactor: 4, batchSize: 5 },
    );
    await expect.poll(() => mapping!.counts.invocations).toBeGreaterThan(4);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
    expect(mapping!.lag().backlog).toBe(40);
    release();
    await drained();
    expect(new Set(batches.flat()).size).toBe(40);
  });
});

describe('a restart', () => {
  test('goes on after the last success', async () => {
    await put(...numbered(10));
    start(() => ok());
    await drained();
    await reopen(1);
    await put(...numbered(3, 'b'));
    start(() => ok());
    await drained();
    expect(batches).toEqual([numbered(10), numbered(3, 'b')]);
  });

  test('brings back what failed, and no other', async () => {
    await put(...numbered(20));
    start((event) => (textOf(event)[0] === 'a10' ? failed : ok()), { maximumRetryAttempts: -1 });
    await expect.poll(() => mapping!.counts.retries).toBeGreaterThan(3);
    await reopen(1);
    forget();
    start(() => ok());
    await drained();
    expect(batches).toEqual([numbered(20).slice(10)]);
  });

  test('from LATEST goes on from the first start, even when nothing had come', async () => {
    await put('old0');
    start(() => ok(), { startingPosition: 'LATEST' });
    await reopen(1);
    await put('new0');
    start(() => ok(), { startingPosition: 'LATEST' });
    await drained();
    expect(batches).toEqual([['new0']]);
  });

  test('counts what retention took away in the meantime', async () => {
    let nowMillis = Date.UTC(2026, 10, 21);
    await reopen(1, () => nowMillis);
    await put(...numbered(3));
    start(() => ok());
    await drained();
    await mapping!.stop();
    await put(...numbered(4, 'b'));
    nowMillis += 25 * 3_600_000;
    await put('c0');
    expect(stream.trim(nowMillis)).toBe(7);
    await log.durable();
    start(() => ok());
    await drained();
    expect(batches).toEqual([numbered(3), ['c0']]);
    expect(counters).toEqual({ in: 8, out: 4, dropped: { expired: 4 } });
  });

  test('lets the invocation in flight end and keeps what it did', async () => {
    await put(...numbered(20));
    start(async () => {
      await new Promise((later) => setTimeout(later, 100));
      return ok();
    });
    await expect.poll(() => batches.length).toBe(1);
    await mapping!.stop();
    expect([batches.length, counters.out, mapping!.lag().backlog]).toEqual([1, 10, 10]);
  });
});
