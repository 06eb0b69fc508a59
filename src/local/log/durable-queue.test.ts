import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LedgerStage } from '../ledger.ts';
import { DurableLog } from './durable-log.ts';
import { DurableQueue, type DurableQueueOptions } from './durable-queue.ts';

let folder: string;
let log: DurableLog;
let stage: LedgerStage;
let queue: DurableQueue<string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-queue-'));
  log = DurableLog.open({ folder, durability: 'process' });
  stage = new LedgerStage('s');
});
afterEach(async () => {
  await queue.stop();
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(
  handle: DurableQueueOptions<string>['handle'],
  options: Partial<DurableQueueOptions<string>> = {},
): void {
  queue = new DurableQueue({
    name: 'q',
    checkpointKey: 'q',
    log,
    stageName: 's',
    stage,
    handle,
    ...options,
  });
}

const drained = (): Promise<void> =>
  expect.poll(() => queue.lag().backlog, { timeout: 5000, interval: 5 }).toBe(0);

test('hands out every item, however many bytes they have together', async () => {
  const sizes: number[] = [];
  open(async ({ record }) => {
    sizes.push(record.data.length);
    return { fate: 'delivered' };
  });
  for (let i = 0; i < 30; i += 1) queue.put(Buffer.alloc(1_000_000 + i));
  queue.put(Buffer.alloc(20_000_000));
  queue.put('last');
  await log.durable();
  await drained();
  expect(sizes).toEqual([...Array.from({ length: 30 }, (_, i) => 1_000_000 + i), 20_000_000, 4]);
});

test('goes on after the last item that everything before it is done with', async () => {
  const release = Promise.withResolvers<void>();
  const seen: string[] = [];
  const handle = async ({ record }: { readonly record: { readonly data: Buffer } }) => {
    const text = record.data.toString();
    seen.push(text);
    if (text === 'b') await release.promise;
    return text === 'b' ? { retryMillis: 1 } : ({ fate: 'delivered' } as const);
  };
  open(handle, { concurrency: 3 });
  for (const text of ['a', 'b', 'c']) queue.put(text);
  await log.durable();
  await expect.poll(() => seen).toEqual(['a', 'b', 'c']);
  const stopped = queue.stop();
  release.resolve();
  await stopped;
  expect(stage.entry).toMatchObject({ in: 1, out: 1 });

  open(async ({ record }) => {
    seen.push(record.data.toString());
    return { fate: record.data.toString() === 'b' ? 'refused' : 'delivered' };
  });
  await drained();
  expect(seen).toEqual(['a', 'b', 'c', 'b', 'c']);
  expect(stage.entry).toMatchObject({ in: 3, out: 2, dropped: { refused: 1 } });
});

test('an item does not keep the large block that it came in', async () => {
  const kept: number[] = [];
  open(async ({ record }) => {
    kept.push(record.data.buffer.byteLength);
    return { fate: 'delivered' };
  });
  for (let i = 0; i < 3000; i += 1) queue.put(`${i}`.padEnd(1000));
  await log.durable();
  await drained();
  expect(kept).toHaveLength(3000);
  expect(Math.max(...kept)).toBeLessThan(100_000);
});
