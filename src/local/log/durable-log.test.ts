import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { armFailpoints } from '../failpoint.ts';
import { LogUnwritableError } from '../local-error.ts';
import { DurableLog } from './durable-log.ts';
import { lockFolder } from './folder-lock.ts';
import { KinesisStream } from './kinesis-stream.ts';
import { RecordBlock } from './record-block.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const readAll = (stream: KinesisStream): string[] =>
  stream.shardIds.flatMap((id) =>
    stream.read(id, undefined, { maxRecords: 1e6 }).map(({ data }) => data.toString()),
  );

describe('a stream over the durable log', () => {
  it('shows a record only after it is durable, and keeps it across a restart', async () => {
    const log = DurableLog.open({ folder, durability: 'power' });
    const stream = KinesisStream.open(log, { name: 's', shardCount: 1, retentionHours: 24 });
    const { sequenceNumber, shardId } = stream.put('k', '{"a":1}');
    expect(stream.read(shardId, undefined, { maxRecords: 10 })).toEqual([]);
    await log.durable();
    expect(stream.read(shardId, undefined, { maxRecords: 10 })).toMatchObject([
      { sequenceNumber, partitionKey: 'k' },
    ]);
    await log.close();

    const again = DurableLog.open({ folder, durability: 'power' });
    const reopened = KinesisStream.open(again, { name: 's', shardCount: 1, retentionHours: 24 });
    expect(readAll(reopened)).toEqual(['{"a":1}']);
    expect(reopened.put('k', 'next').sequenceNumber > sequenceNumber).toBe(true);
    await again.close();
  });

  it('reads on from any sequence number, through memory and through the disk alike', async () => {
    const log = DurableLog.open({ folder, durability: 'process' });
    const stream = KinesisStream.open(log, { name: 's', shardCount: 1, retentionHours: 24 });
    const big = 'x'.repeat(900_000);
    const numbers: string[] = [];
    for (let i = 0; i < 12; i += 1) {
      numbers.push(stream.put('k', `${i}:${big}`).sequenceNumber);
      await log.durable();
    }
    for (let i = -1; i < 12; i += 1) {
      const [next] = stream.read(stream.shardIds[0]!, numbers[i], { maxRecords: 1 });
      expect(next?.sequenceNumber).toBe(numbers[i + 1]);
    }
    expect(stream.read(stream.shardIds[0]!, undefined, { maxRecords: 10, maxBytes: 2_000_000 })).toHaveLength(
      2,
    );
    expect(stream.backlog(stream.shardIds[0]!, numbers[9]!).records).toBe(2);
    await log.close();
  });

  it('keeps one key on one shard, in order, over all of the hash key space', async () => {
    const log = DurableLog.open({ folder, durability: 'process' });
    const stream = KinesisStream.open(log, { name: 's', shardCount: 4, retentionHours: 24 });
    for (let i = 0; i < 400; i += 1)
      stream.put(`key-${i % 40}`, `key-${i % 40}/${String(i).padStart(3, '0')}`);
    await log.durable();
    const perShard = stream.shardIds.map((id) => stream.read(id, undefined, { maxRecords: 1000 }));
    expect(perShard.map((records) => records.length > 0)).toEqual([true, true, true, true]);
    const shardsOfKey = new Map<string, Set<number>>();
    for (const [shard, records] of perShard.entries()) {
      for (const { partitionKey } of records) {
        shardsOfKey.set(partitionKey, (shardsOfKey.get(partitionKey) ?? new Set()).add(shard));
      }
    }
    expect([...shardsOfKey.values()].every((shards) => shards.size === 1)).toBe(true);
    for (let key = 0; key < 40; key += 1) {
      const values = perShard
        .flat()
        .filter((record) => record.partitionKey === `key-${key}`)
        .map(({ data }) => data.toString());
      expect(values).toEqual([...values].sort());
      expect(values).toHaveLength(10);
    }
    await log.close();
  });

  it('trims what is older than the retention, and never reuses a sequence number', async () => {
    let now = 1_000_000;
    const options = { name: 's', shardCount: 1, retentionHours: 24, nowMillis: () => now };
    const log = DurableLog.open({ folder, durability: 'process' });
    const stream = KinesisStream.open(log, options);
    const first = stream.put('k', 'old').sequenceNumber;
    await log.durable();
    now += 25 * 3_600_000;
    stream.put('k', 'new');
    await log.durable();
    expect(stream.trim(now)).toBe(1);
    expect(readAll(stream)).toEqual(['new']);
    expect(stream.oldestSequenceNumber(stream.shardIds[0]!)! > first).toBe(true);
    await log.close();

    const again = DurableLog.open({ folder, durability: 'process' });
    expect(readAll(KinesisStream.open(again, options))).toEqual(['new']);
    await again.close();
  });
});

describe('the durable log', () => {
  it('keeps states, shows pending ones at once, and commits them with the records of their group', async () => {
    const log = DurableLog.open({ folder, durability: 'power' });
    log.writeState('checkpoint/a', Buffer.from('1'));
    expect(log.readState('checkpoint/a')?.toString()).toBe('1');
    const committing = log.durable();
    log.writeState('checkpoint/b', Buffer.from('2'));
    await committing;
    log.writeState('checkpoint/a', Buffer.from('3'));
    expect(log.readState('checkpoint/a')?.toString()).toBe('3');
    await log.close();
    const again = DurableLog.open({ folder, durability: 'power' });
    expect(again.readState('checkpoint/a')?.toString()).toBe('3');
    expect(again.readState('checkpoint/c')).toBeUndefined();
    expect(again.readState('checkpoint/b')?.toString()).toBe('2');
    await again.close();
  });

  it('says in one sentence that a folder cannot be opened', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => DurableLog.open({ folder: join(file, 'log'), durability: 'power' })).toThrow(
      /^Cannot open the log in '.*\/file\/log': ENOTDIR/,
    );
  });
});

describe('a log that cannot be written for a while', () => {
  afterEach(() => armFailpoints(undefined));

  it.each(['log.beforeCommit', 'log.midRecord', 'log.beforeFsync', 'log.afterFsync'])(
    'at %s acknowledges nothing, still reads, and goes on without a restart',
    async (name) => {
      const said: string[] = [];
      const log = DurableLog.open({ folder, durability: 'power', report: (text) => said.push(text) });
      const stream = KinesisStream.open(log, { name: 's', shardCount: 2, retentionHours: 24 });
      stream.put('k', 'before');
      await log.durable();
      armFailpoints(`${name}=throw`);
      stream.put('k', 'not acknowledged');
      log.writeState('checkpoint', Buffer.from('1'));
      await expect(log.durable()).rejects.toThrow('Cannot write to the log: Failed at failpoint');
      expect(() => log.checkWritable()).toThrow(LogUnwritableError);
      expect(readAll(stream)).toEqual(['before']);
      expect(log.readState('checkpoint')?.toString()).toBe('1');
      stream.put('k', 'while it fails');

      armFailpoints(undefined);
      await expect.poll(() => log.failure, { timeout: 10_000 }).toBeUndefined();
      stream.put('k', 'after');
      await log.durable();
      const all = ['before', 'not acknowledged', 'while it fails', 'after'];
      expect(readAll(stream)).toEqual(all);
      expect(said).toEqual([expect.stringContaining('nothing is acknowledged'), 'The log is written again']);
      await log.close();
      const again = DurableLog.open({ folder, durability: 'power' });
      expect(readAll(KinesisStream.open(again, { name: 's', shardCount: 2, retentionHours: 24 }))).toEqual(
        all,
      );
      expect(again.readState('checkpoint')?.toString()).toBe('1');
      await again.close();
    },
  );

  it('is closed even then, with what was said to be durable', async () => {
    const log = DurableLog.open({ folder, durability: 'power' });
    log.writeState('kept', Buffer.from('1'));
    await log.durable();
    armFailpoints('log.beforeCommit=throw');
    log.writeState('lost', Buffer.from('1'));
    await expect(log.durable()).rejects.toThrow(LogUnwritableError);
    await log.close();
    armFailpoints(undefined);
    const again = DurableLog.open({ folder, durability: 'power' });
    expect([again.readState('kept')?.toString(), again.readState('lost')]).toEqual(['1', undefined]);
    await again.close();
  });
});

describe('a log file that is something else', () => {
  it('is refused in one sentence', () => {
    writeFileSync(join(folder, 'log.mdb'), Buffer.alloc(50_000, 7));
    expect(() => DurableLog.open({ folder, durability: 'power' })).toThrow(
      /^Cannot open the log in .*is not an LMDB file$/,
    );
  });
});

describe('a record block', () => {
  it('gives back what was put in, whatever the text and the bytes', () => {
    const record = fc.record({
      partitionKey: fc.string({ unit: 'grapheme', maxLength: 40 }),
      data: fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      ),
      arrivalMillis: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
        const block = RecordBlock.decode(7, RecordBlock.encode(7, records).bytes);
        for (const [i, { partitionKey, data, arrivalMillis }] of records.entries()) {
          const text = Buffer.from(data as string).toString();
          expect([
            block.partitionKey(i),
            block.text(i),
            block.data(i).toString(),
            block.arrivalMillis(i),
          ]).toEqual([Buffer.from(partitionKey).toString(), text, text, arrivalMillis]);
        }
        expect(block.endIndex).toBe(7 + records.length);
      }),
      { numRuns: 200 },
    );
  });

  it('notices any flipped bit', () => {
    const { bytes } = RecordBlock.encode(0, [{ partitionKey: 'k', data: '{"a":1}', arrivalMillis: 5 }]);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const torn = Buffer.from(bytes);
      torn[bit >> 3]! ^= 1 << (bit & 7);
      const isHarmless = bit >> 3 >= 1 && bit >> 3 <= 3;
      if (!isHarmless) expect(() => RecordBlock.decode(0, torn)).toThrow();
    }
  });
});

describe('a data folder', () => {
  it('is refused to a second runtime until the first lets go', async () => {
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow('another runtime is using it');
    await lock.release();
    await (await lockFolder(folder)).release();
  });
});
