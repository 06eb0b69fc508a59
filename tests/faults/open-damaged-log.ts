import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DamagedStateError, LocalError } from '../../src/local/local-error.ts';
import { DurableLog } from '../../src/local/log/durable-log.ts';
import { KinesisStream } from '../../src/local/log/kinesis-stream.ts';
import { LmdbStorage } from '../../src/local/log/lmdb-storage.ts';
import { damageKinds } from './damage-plan.ts';

/*
 * Opens damaged copies of a log one after the other, reads all of each and writes to it, and prints what became of them:
 *   node tests/faults/open-damaged-log.ts LOG FOLDER FIRST STEP TIMES RANDOM
 * takes every STEPth damage of the plan from FIRST on, TIMES of them at most; RANDOM is how many random ones of each kind the
 * plan has. It is a process of its own, for what LMDB cannot read might end it.
 */
const [log = '', folder = '', ...numbers] = process.argv.slice(2);
const [first = 0, step = 1, times = 0, randomTimes = 0] = numbers.map(Number);
const STREAM = 'mesonet-dev-readings';
const SHARD = 'shardId-000000000000';
const LAST_BLOCKS = 3;

type Outcome = 'refused' | 'counted' | 'unharmed' | 'wrong';

/** What a whole log holds. */
interface Contents {
  /** By sequence number. */
  readonly texts: ReadonlyMap<string, string>;
  readonly states: ReadonlyMap<string, string>;
  readonly lastBlocks: readonly Buffer[];
}

const original = readFileSync(log);
const whole = contentsOf(log.replace(/\/log\.mdb$/, ''));
const kinds = damageKinds(original.length, placesOf(whole.lastBlocks), randomTimes);
const all = kinds.flatMap(({ count, damage }) =>
  Array.from({ length: count }, (_, at) => () => damage(original, at)),
);
const outcomes: Record<Outcome, number> = { refused: 0, counted: 0, unharmed: 0, wrong: 0 };
const problems: string[] = [];
for (let at = first, time = 0; at < all.length && time < times; at += step, time += 1) {
  const copy = join(folder, `${at}`);
  mkdirSync(copy);
  writeFileSync(join(copy, 'log.mdb'), all[at]!());
  outcomes[await outcomeOf(copy, at)] += 1;
  rmSync(copy, { recursive: true });
}
console.log(JSON.stringify({ records: whole.texts.size, damages: all.length, ...outcomes, problems }));

/**
 * Each byte of the newest blocks, with as many in front as the head and the key of a node take: everywhere in the file where
 * it lies, for pages of before are still there.
 */
function placesOf(blocks: readonly Buffer[]): number[][] {
  const ahead = 8 + STREAM.length + 12;
  return blocks.flatMap((block) => {
    const starts: number[] = [];
    for (let at = original.indexOf(block); at >= 0; at = original.indexOf(block, at + 1))
      starts.push(at - ahead);
    return Array.from({ length: ahead + block.length }, (_, at) => starts.map((start) => start + at));
  });
}

async function outcomeOf(copy: string, at: number): Promise<Outcome> {
  const said: string[] = [];
  let opened: DurableLog | undefined;
  try {
    opened = DurableLog.open({ folder: copy, durability: 'memory', report: (text) => said.push(text) });
    const problem = await problemOf(opened, said);
    if (problem === undefined) return said.length > 0 ? 'counted' : 'unharmed';
    problems.push(`damage ${at}: ${problem}`);
    return 'wrong';
  } catch (error) {
    // What LMDB itself finds it says with a code; all else would be a mistake of ours.
    const isSentence = error instanceof LocalError || /^MDB_/.test((error as Error).message);
    if (!isSentence) throw new Error(`Damage ${at} is not refused in a sentence`, { cause: error });
    return 'refused';
  } finally {
    await opened?.close();
  }
}

/** Reads everything, appends a record, and says what is not as it was written, was not counted, or is numbered twice. */
async function problemOf(opened: DurableLog, said: readonly string[]): Promise<string | undefined> {
  const stream = KinesisStream.open(opened, { name: STREAM, shardCount: 1, retentionHours: 24 });
  const [read, damaged] = readAll(stream);
  for (const [number, text] of read)
    if (whole.texts.get(number) !== text) return `${number} is '${text.slice(0, 80)}'`;
  if (read.size + damaged !== stream.recordCount) return `${read.size} and ${damaged} are not all`;
  if (stream.recordCount < whole.texts.size) return `${stream.recordCount} records of ${whole.texts.size}`;
  if (read.size < whole.texts.size && said.length === 0 && damaged === 0)
    return 'records are gone in silence';
  const problem = stateProblem(opened);
  if (problem !== undefined) return problem;
  const { sequenceNumber } = stream.put('k', 'next');
  await opened.durable();
  return whole.texts.has(sequenceNumber) ? `${sequenceNumber} is given twice` : undefined;
}

function stateProblem(opened: DurableLog): string | undefined {
  for (const [key, text] of whole.states) {
    try {
      const found = opened.readState(key)?.toString('latin1');
      if (found !== text) return `the state '${key}' is ${found === undefined ? 'gone' : 'another'}`;
    } catch (error) {
      if (!(error instanceof DamagedStateError)) throw error;
    }
  }
  return undefined;
}

function readAll(stream: KinesisStream): [ReadonlyMap<string, string>, damaged: number] {
  const texts = new Map<string, string>();
  let damaged = 0;
  for (let after: string | undefined; ; ) {
    const records = stream.read(SHARD, after, { maxRecords: 1000 });
    const [next] = records;
    const passed = stream.passedOver(SHARD, after, next && Number(next.sequenceNumber.slice(-16)));
    damaged += (passed?.damaged ?? 0) + (passed?.expired ?? 0);
    if (records.length === 0) return [texts, damaged];
    for (const { sequenceNumber, data } of records) texts.set(sequenceNumber, data.toString());
    after = records.at(-1)!.sequenceNumber;
  }
}

function contentsOf(logFolder: string): Contents {
  const storage = LmdbStorage.open({ folder: logFolder, noSync: true });
  const blocks: Buffer[] = [];
  for (let index = 0; ; ) {
    const kept = storage.blockAtOrAfter([STREAM, 0, index]);
    if (!kept) break;
    index = kept.firstIndex + 1;
    blocks.push(Buffer.from(kept.bytes));
  }
  const states = new Map([...storage.readStates('')].map(([key, value]) => [key, value.toString('latin1')]));
  const read = new DurableLog(storage, { durability: 'memory' });
  const stream = KinesisStream.open(read, { name: STREAM, shardCount: 1, retentionHours: 24 });
  const [texts] = readAll(stream);
  void read.close();
  return { texts, states, lastBlocks: blocks.slice(-LAST_BLOCKS) };
}
