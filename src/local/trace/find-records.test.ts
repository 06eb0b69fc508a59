import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DurableLog } from '../log/durable-log.ts';
import { KinesisStream } from '../log/kinesis-stream.ts';
import { findRecords, oldestArrivalMillis } from './find-records.ts';
import { TimeSlice } from './time-slice.ts';

describe('finding records of a stream', () => {
  let folder: string;
  let log: DurableLog;
  let stream: KinesisStream;
  let nowMillis = 1000;

  /** Blocks of different sizes over two shards; every tenth record is of key `wanted`. */
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mesonet-trace-'));
    log = DurableLog.open({ folder, durability: 'process' });
    stream = KinesisStream.open(log, {
      name: 's',
      shardCount: 2,
      retentionHours: 1,
      nowMillis: () => nowMillis,
    });
    for (let i = 0; i < 2000; i += 1) {
      nowMillis = 1000 + i * 10;
      stream.put(i % 10 === 0 ? 'wanted' : `k${i % 7}`, `record ${i}`);
      if (i % 37 === 0 || i % 41 === 0) await log.durable();
    }
    await log.durable();
  });
  afterAll(async () => {
    await log.close();
    rmSync(folder, { recursive: true });
  });

  const find = (fromMillis: number, toMillis: number, most?: number) =>
    findRecords(
      stream,
      { partitionKey: 'wanted', fromMillis, toMillis, isWanted: () => true, ...(most && { most }) },
      new TimeSlice(),
    );

  it('gives those of a key that arrived in a span, whatever block they are in', async () => {
    for (const [from, to] of [
      [0, 50_000],
      [1000, 1000],
      [5555, 9999],
      [20_000, 20_990],
      [20_991, 99_999],
    ] as const) {
      const expected = Array.from({ length: 200 }, (_, n) => n * 10)
        .filter((i) => 1000 + i * 10 >= from && 1000 + i * 10 <= to)
        .map((i) => `record ${i}`);
      expect((await find(from, to)).map(({ data }) => data.toString())).toEqual(expected);
    }
  });

  it('gives the shard and the sequence number by which a consumer reads it', async () => {
    const [record] = await find(7000, 7500, 1);
    const before = stream.sequenceNumberAt(record!.shardId, record!.arrivalMillis);
    const [read] = stream.read(record!.shardId, before, { maxRecords: 1 });
    expect(read).toMatchObject({ sequenceNumber: record!.sequenceNumber, partitionKey: 'wanted' });
    expect(read!.data.toString()).toBe(record!.data.toString());
  });

  it('knows when the oldest record of a shard arrived, and finds nothing in an empty stream', async () => {
    expect(oldestArrivalMillis(stream, 'wanted')).toBeLessThan(1100);
    const empty = KinesisStream.open(log, { name: 'empty', shardCount: 1, retentionHours: 1 });
    expect(oldestArrivalMillis(empty, 'wanted')).toBeUndefined();
    const search = { partitionKey: 'a', fromMillis: 0, toMillis: 1, isWanted: () => true };
    expect(await findRecords(empty, search, new TimeSlice())).toEqual([]);
  });

  it('finds what is left after the oldest were forgotten', async () => {
    const before = await find(0, 50_000);
    stream.trim(3_600_000 + 10_000);
    const after = await find(0, 50_000);
    expect(after.length).toBeLessThan(before.length);
    expect(after).toEqual(before.slice(-after.length));
  });
});
