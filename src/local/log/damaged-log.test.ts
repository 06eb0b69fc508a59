import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CorruptDataError } from '../local-error.ts';
import { damageBehind } from './damage.test-support.ts';
import { DurableLog } from './durable-log.ts';
import { KeptMap } from './kept-map.ts';
import { KinesisStream } from './kinesis-stream.ts';
import { MAX_BLOCK_RECORDS, RecordBlock } from './record-block.ts';
import { checkName, openState, sealState } from './sealed-state.ts';

let folder: string;
let log: DurableLog;
let stream: KinesisStream;
let nowMillis: number;
let said: string[];

function open(): void {
  said = [];
  log = DurableLog.open({ folder, durability: 'process', report: (text) => said.push(text) });
  stream = KinesisStream.open(log, {
    name: 's',
    shardCount: 1,
    retentionHours: 24,
    nowMillis: () => nowMillis,
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-damaged-'));
  nowMillis = 1_800_000_000_000;
  open();
});
afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

const SHARD = 'shardId-000000000000';
const put = async (...texts: string[]): Promise<string> => {
  const numbers = texts.map((text) => stream.put('k', text).sequenceNumber);
  await log.durable();
  return numbers.at(-1)!;
};
const damage = async (text: string): Promise<void> => {
  await log.close();
  damageBehind(folder, text, -1);
  open();
};
function readAll(): string[] {
  const texts: string[] = [];
  for (let after: string | undefined; ; ) {
    const records = stream.read(SHARD, after, { maxRecords: 100 });
    if (records.length === 0) return texts;
    texts.push(...records.map(({ data }) => data.toString()));
    after = records.at(-1)!.sequenceNumber;
  }
}

describe('a block inside a stream that is damaged', () => {
  it('is not given away, its place is known, it is told of once, and its bytes are kept aside', async () => {
    const before = await put('first');
    await put('damaged one', 'damaged two', 'damaged three');
    await put('last');
    await damage('damaged two');
    expect([readAll(), readAll()]).toEqual([
      ['first', 'last'],
      ['first', 'last'],
    ]);
    expect(stream.read(SHARD, undefined, { maxRecords: 100 })).toHaveLength(1);
    expect(stream.passedOver(SHARD, before, 4)).toMatchObject({ expired: 0, damaged: 3 });
    expect(stream.backlog(SHARD, before).records).toBe(4);
    expect(stream.recordCount).toBe(5);
    const [file, ...others] = readdirSync(join(folder, 'damaged'));
    expect(others).toEqual([]);
    expect(readFileSync(join(folder, 'damaged', file!)).includes('damaged three')).toBe(true);
    expect(said).toEqual([
      expect.stringMatching(
        /^Stream 's', shard 0: Cannot read the record block at 1: its checksum does not match; .*counts them as damaged; its bytes are in '.*s_0_1-[0-9a-f]{8}'$/,
      ),
    ]);
    expect(log.damages).toEqual(said);
  });

  it('goes with the retention of what is behind it, not before', async () => {
    await put('damaged');
    nowMillis += 3_600_000;
    await put('behind');
    await put('last');
    await damage('damaged');
    expect(stream.trim(nowMillis + 23.5 * 3_600_000)).toBe(0);
    expect(stream.trim(nowMillis + 24.5 * 3_600_000)).toBe(2);
    expect(readAll()).toEqual(['last']);
    expect(stream.passedOver(SHARD, undefined, 2)).toMatchObject({ expired: 2, damaged: 0 });
  });
});

describe('a newest block that is damaged', () => {
  it('does not keep the runtime from starting, and no sequence number is given twice', async () => {
    await put('first');
    const lost = await put('one', 'damaged');
    await damage('damaged');
    expect(readAll()).toEqual(['first']);
    expect(stream.latestSequenceNumber(SHARD)).toBe(lost);
    const next = await put('behind');
    expect(next > lost).toBe(true);
    expect(readAll()).toEqual(['first', 'behind']);
    await log.close();
    open();
    expect(readAll()).toEqual(['first', 'behind']);
    expect((await put('last')) > next).toBe(true);
    expect(stream.recordCount).toBe(5);
  });

  it('in a folder that does not say where records end is numbered on far behind it', async () => {
    const lost = await put('one', 'damaged');
    log.removeState('end/s/0');
    await log.durable();
    await damage('damaged');
    expect((await put('behind')) > lost).toBe(true);
    expect(stream.recordCount).toBe(2 * MAX_BLOCK_RECORDS + 1);
    expect(readAll()).toEqual(['behind']);
  });

  it('and is the only one', async () => {
    const lost = await put('damaged');
    await damage('damaged');
    expect([readAll(), stream.trim(nowMillis + 1e9)]).toEqual([[], 0]);
    expect((await put('behind')) > lost).toBe(true);
    expect(readAll()).toEqual(['behind']);
  });
});

describe('a record block', () => {
  const record = { partitionKey: 'k', data: 'x', arrivalMillis: 1 };

  it('holds a bounded number of records, and a group that has more makes several', async () => {
    expect(() => RecordBlock.encode(0, Array(MAX_BLOCK_RECORDS + 1).fill(record))).toThrow(
      'Cannot make a block of 16385 records: it holds 16384 at most',
    );
    const texts = Array.from({ length: 2 * MAX_BLOCK_RECORDS + 5 }, (_, n) => String(n));
    await put(...texts);
    expect(readAll()).toEqual(texts);
    await log.close();
    open();
    expect(readAll()).toEqual(texts);
  });

  it('is damaged where another one should be, and read as it was written before it knew its place', () => {
    const bytes = RecordBlock.encode(7, [record]).bytes;
    for (const index of [6, 8, 7.25, 7 + 2 ** 32, 7 * 2 ** 32, 2 ** 52])
      expect(() => RecordBlock.decode(index, bytes)).toThrow(CorruptDataError);
    const older = Buffer.from(RecordBlock.encode(0, [record]).bytes);
    older.writeUInt32LE(1, 0);
    older.writeUInt32LE(crc32(older.subarray(8)), 4);
    expect(RecordBlock.decode(7, older).text(0)).toBe('x');
  });
});

describe('a state that is damaged', () => {
  it('is refused by its name, however it is read', async () => {
    log.writeState('registry/thing', Buffer.from('{"a":1}'));
    new KeptMap<string>(log, 'things/').set('x', 'value of x');
    await log.durable();
    await damage('value of x');
    expect(log.readState('registry/thing')?.toString()).toBe('{"a":1}');
    expect(() => log.readState('things/x')).toThrow(
      "Cannot read the state 'things/x' of the log: its checksum does not match",
    );
    expect(() => new KeptMap<string>(log, 'things/')).toThrow(CorruptDataError);
  });

  it('is told of and kept aside when its reader can start anew', async () => {
    log.writeState('esm/a', Buffer.from('place'));
    await log.durable();
    expect(log.readCheckpoint('esm/a')?.toString()).toBe('place');
    await damage('place');
    expect([log.readCheckpoint('esm/a'), log.readCheckpoint('esm/b')]).toEqual(['damaged', undefined]);
    expect(said).toEqual([expect.stringContaining('its reader starts anew at the oldest record kept')]);
    expect(readdirSync(join(folder, 'damaged'))).toHaveLength(1);
  });

  it('is known by any flipped bit, any missing end, and under another name', () => {
    const sealed = sealState('name', Buffer.from('value'));
    expect(openState('name', sealed).toString()).toBe('value');
    expect(() => openState('namf', sealed)).toThrow(CorruptDataError);
    expect(() => checkName('namf', sealed)).toThrow("the name 'namf' of a state is not what was written");
    expect(checkName('name', sealed)).toBeUndefined();
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const torn = Buffer.from(sealed);
      torn[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => openState('name', torn)).toThrow(CorruptDataError);
    }
    for (let end = 0; end < sealed.length; end += 1)
      expect(() => openState('name', sealed.subarray(0, end))).toThrow(CorruptDataError);
  });
});
