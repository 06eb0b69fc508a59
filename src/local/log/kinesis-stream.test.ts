import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DurableLog } from './durable-log.ts';
import { KinesisStream } from './kinesis-stream.ts';

let root: string;
let folder: string;
let log: DurableLog;
let stream: KinesisStream;
let now: number;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mesonet-stream-'));
  folder = join(root, 'log');
  now = 1_800_000_000_000;
  open(1);
});
afterEach(async () => {
  await log.close();
  rmSync(root, { recursive: true, force: true });
});

function open(shardCount: number, from = folder): void {
  log = DurableLog.open({ folder: from, durability: 'process' });
  stream = KinesisStream.open(log, { name: 's', shardCount, retentionHours: 24, nowMillis: () => now });
}

async function reopen(shardCount: number): Promise<void> {
  await log.close();
  open(shardCount);
}

const keys = Array.from({ length: 12 }, (_, at) => `key-${at}`);
async function put(round: number): Promise<void> {
  for (const key of keys) stream.append(key, `${key} ${round}`);
  await log.durable();
}
const textsOf = (id: string): string[] =>
  stream.read(id, undefined, { maxRecords: 1000 }).map(({ data }) => data.toString());
/** What a reader of parents before children sees, by key. */
const roundsOf = (key: string): number[] =>
  stream.topology.everyShardId
    .flatMap(textsOf)
    .filter((text) => text.startsWith(`${key} `))
    .map((text) => Number(text.split(' ')[1]));
const id = (number: number): string => `shardId-${String(number).padStart(12, '0')}`;
const HALF = 2n ** 127n;

describe('a stream that is resharded', () => {
  test('ends a shard behind the last record put before, and goes on in its children', async () => {
    for (const key of keys) stream.append(key, `${key} 0`);
    stream.topology.split(id(0), HALF);
    for (const key of keys) stream.append(key, `${key} 1`);
    await log.durable();
    expect(textsOf(id(0))).toEqual(keys.map((key) => `${key} 0`));
    expect([...textsOf(id(1)), ...textsOf(id(2))].sort()).toEqual(keys.map((key) => `${key} 1`).sort());
    expect(textsOf(id(1)).length * textsOf(id(2)).length).toBeGreaterThan(0);
    const last = stream.latestSequenceNumber(id(0))!;
    expect(stream.isReadOut(id(0), last)).toBe(true);
    expect(stream.endingSequenceNumber(id(0))! > last).toBe(true);
    expect(stream.oldestSequenceNumber(id(1))! > stream.endingSequenceNumber(id(0))!).toBe(true);
    expect(stream.recordCount).toBe(2 * keys.length);
  });

  test('keeps the order of every key through splits, merges and restarts', async () => {
    await put(0);
    stream.topology.scale(2);
    await put(1);
    stream.topology.scale(4);
    await put(2);
    await reopen(1);
    await put(3);
    stream.topology.scale(3);
    await put(4);
    stream.topology.merge(stream.shardIds.at(-1)!, stream.shardIds.at(-2)!);
    await put(5);
    await reopen(1);
    await put(6);
    for (const key of keys) expect(roundsOf(key)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(stream.topology.open).toHaveLength(2);
    expect(stream.recordCount).toBe(7 * keys.length);
    expect(stream.appendedCount).toBe(7 * keys.length);
  });

  test('puts a record with an explicit hash key on the shard that is open for it', async () => {
    stream.topology.split(id(0), 1000n);
    expect(stream.put('k', 'low', '999').shardId).toBe(id(1));
    expect(stream.put('k', 'high', '1000').shardId).toBe(id(2));
  });

  test('names the shards that a key may lie in, the oldest first', async () => {
    await put(0);
    stream.topology.scale(2);
    await put(1);
    for (const key of keys) {
      const found = stream.topology.idsFor(key);
      expect(found).toHaveLength(2);
      expect(found[0]).toBe(id(0));
      expect(textsOf(found[1]!)).toContain(`${key} 1`);
    }
  });

  test('a kill leaves the shards as they were or as they are, with their records', async () => {
    await put(0);
    const before = join(root, 'before');
    const after = join(root, 'after');
    cpSync(folder, before, { recursive: true });
    for (const key of keys) stream.append(key, `${key} 1`);
    stream.topology.scale(2);
    for (const key of keys) stream.append(key, `${key} 2`);
    await log.durable();
    cpSync(folder, after, { recursive: true });
    await log.close();
    open(1, before);
    expect([stream.shardIds.length, stream.recordCount]).toEqual([1, keys.length]);
    await log.close();
    open(1, after);
    expect([stream.shardIds.length, stream.recordCount]).toEqual([3, 3 * keys.length]);
    for (const key of keys) expect(roundsOf(key)).toEqual([0, 1, 2]);
  });

  test('tells its readers when the shards have changed', async () => {
    let told = 0;
    stream.onAppend(() => (told += 1));
    stream.topology.scale(2);
    await log.durable();
    expect(told).toBe(1);
  });

  test('no record of a child arrives before those of its parent', async () => {
    await put(0);
    now -= 60_000;
    stream.topology.scale(2);
    await put(1);
    const arrivals = stream.shardIds.flatMap((each) =>
      stream.read(each, undefined, { maxRecords: 100 }).map(({ arrivalMillis }) => arrivalMillis),
    );
    expect(new Set(arrivals).size).toBe(1);
    await reopen(1);
    await put(2);
    expect(stream.latestArrivalMillis).toBe(now + 60_000);
  });
});

describe('a folder that is there', () => {
  test('from before resharding is read: its state is a number', async () => {
    await put(0);
    expect(log.readState('stream/s/shards')?.toString()).toBe('1');
    await reopen(1);
    expect(stream.shardIds).toEqual([id(0)]);
  });

  test('is resharded to another number that the template asks for, and back', async () => {
    await put(0);
    await reopen(3);
    await put(1);
    expect(stream.topology.open).toHaveLength(3);
    await reopen(1);
    await put(2);
    expect(stream.topology.open).toHaveLength(1);
    for (const key of keys) expect(roundsOf(key)).toEqual([0, 1, 2]);
  });

  test('keeps what was resharded by hand as long as the template asks for the same', async () => {
    stream.topology.scale(2);
    await reopen(1);
    expect(stream.topology.open).toHaveLength(2);
    await reopen(2);
    await reopen(1);
    expect(stream.topology.open).toHaveLength(1);
  });
});

describe('a closed shard', () => {
  test('disappears when all its records have expired; what was counted stays counted', async () => {
    await put(0);
    stream.topology.scale(2);
    now += 3_600_000;
    await put(1);
    now += 23.5 * 3_600_000;
    expect(stream.trim(now)).toBe(keys.length);
    expect(stream.shardIds).toEqual([id(1), id(2)]);
    expect(stream.missed(id(0), undefined)).toBe(keys.length);
    expect(stream.passedOver(id(0), undefined, undefined)).toMatchObject({
      expired: keys.length,
      damaged: 0,
    });
    expect(() => stream.topology.split(id(0), HALF)).toThrow(
      "Cannot find shard 'shardId-000000000000': stream 's' has 2 shards",
    );
    await reopen(1);
    expect(stream.shardIds).toEqual([id(1), id(2)]);
    expect([stream.recordCount, stream.appendedCount]).toEqual([2 * keys.length, 2 * keys.length]);
    expect(stream.isReadOut(id(0), stream.beforeOldest(id(0)))).toBe(true);
  });

  test('without records stays as long as it would have kept them', () => {
    stream.topology.scale(2);
    now += 23 * 3_600_000;
    stream.trim(now);
    expect(stream.shardIds).toHaveLength(3);
    now += 2 * 3_600_000;
    stream.trim(now);
    expect(stream.shardIds).toHaveLength(2);
  });

  test('an open shard keeps its last records, which carry the count', async () => {
    await put(0);
    now += 48 * 3_600_000;
    expect(stream.trim(now)).toBe(0);
  });
});
