import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CorruptDataError, LocalError } from '../../src/local/local-error.ts';
import { LmdbStorage } from '../../src/local/log/lmdb-storage.ts';
import { RecordBlock } from '../../src/local/log/record-block.ts';
import { seededRandom } from '../delivery/kill-plan.ts';

/*
 * Opens damaged copies of a log one after the other, reads all of each and writes to it, and prints what became of them:
 *   node tests/faults/open-damaged-log.ts LOG FOLDER TIMES SEED
 * It is a process of its own, for what LMDB cannot read might end it.
 */
const [, , log = '', folder = '', times = '0', seed = '1'] = process.argv;
const STREAM = 'mesonet-dev-readings';
const PAGE_BYTES = 4096;

type Outcome = 'refused' | 'damagedBlock' | 'readable' | 'invented';

const original = readFileSync(log);
const random = seededRandom(Number(seed));
const sent = new Set(textsOf(log.replace(/\/log\.mdb$/, '')).texts);
const outcomes: Record<Outcome, number> = { refused: 0, damagedBlock: 0, readable: 0, invented: 0 };
for (let time = 0; time < Number(times); time += 1) {
  const copy = join(folder, `${time}`);
  mkdirSync(copy);
  writeFileSync(join(copy, 'log.mdb'), damaged(time));
  outcomes[outcomeOf(copy)] += 1;
  rmSync(copy, { recursive: true });
}
console.log(JSON.stringify({ readings: sent.size, ...outcomes }));

/** In turn a byte anywhere, one of the first pages, a page of NULs, and an end that is missing. */
function damaged(time: number): Buffer {
  const bytes = Buffer.from(original);
  const isEarly = time % 4 === 1;
  const at = Math.floor(random() * (isEarly ? 4 * PAGE_BYTES : bytes.length));
  const page = at - (at % PAGE_BYTES);
  if (time % 4 === 2) bytes.fill(0, page, page + PAGE_BYTES);
  else if (time % 4 === 3) return bytes.subarray(0, at);
  else bytes[at] = bytes[at]! ^ (1 << Math.floor(random() * 8));
  return bytes;
}

function outcomeOf(copy: string): Outcome {
  try {
    const { texts, isDamaged } = textsOf(copy);
    if (texts.some((text) => !sent.has(text))) return 'invented';
    return isDamaged ? 'damagedBlock' : 'readable';
  } catch (error) {
    // What LMDB itself finds it says with a code; all else would be a mistake of ours.
    const isSentence = error instanceof LocalError || /^MDB_/.test((error as Error).message);
    if (!isSentence) throw error;
    return 'refused';
  }
}

function textsOf(logFolder: string): { texts: string[]; isDamaged: boolean } {
  const storage = LmdbStorage.open({ folder: logFolder, noSync: true });
  const texts: string[] = [];
  let isDamaged = false;
  try {
    for (const _ of storage.readStates('')) void _;
    for (let index = 0; ; ) {
      const kept = storage.blockAtOrAfter([STREAM, 0, index]);
      if (!kept) return { texts, isDamaged };
      index = kept.firstIndex + 1;
      try {
        const block = RecordBlock.decode(kept.firstIndex, kept.bytes);
        for (let at = 0; at < block.count; at += 1) texts.push(block.text(at));
      } catch (error) {
        if (!(error instanceof CorruptDataError)) throw error;
        isDamaged = true;
      }
    }
  } finally {
    void storage.close();
  }
}
