import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkLmdbFile } from './check-lmdb-file.ts';
import { LmdbStorage } from './lmdb-storage.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-lmdb-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Where a meta page has its flags, the root of all but the free pages, its transaction, and the boot of the machine. */
const [FLAGS, MAIN_ROOT, TRANSACTION, BOOT] = [52, 136, 152, 160];
const PAGE_BYTES = 4096;
const UNSYNCED = 0x1000;

async function write(...values: readonly string[]): Promise<void> {
  const storage = LmdbStorage.open({ folder, noSync: false });
  for (const value of values) {
    const states = new Map([['state', Buffer.from(value)]]);
    await storage.write({ blocks: [], removedBlocks: [], states });
    await storage.synced();
  }
  await storage.close();
}

async function read(): Promise<string | undefined> {
  const storage = LmdbStorage.open({ folder, noSync: false });
  const value = storage.readState('state')?.toString();
  await storage.close();
  return value;
}

/** As a power cut leaves it: the newest meta page is there, what it names is not; the one of the last sync is. */
function loseNewest(options: { readonly isSameBoot: boolean }): void {
  const file = join(folder, 'log.mdb');
  const bytes = readFileSync(file);
  const newest = bytes.readBigUInt64LE(TRANSACTION) > bytes.readBigUInt64LE(PAGE_BYTES + TRANSACTION) ? 0 : 1;
  const page = bytes.subarray(newest * PAGE_BYTES);
  page.writeUInt16LE(page.readUInt16LE(FLAGS) | UNSYNCED, FLAGS);
  page.writeBigUInt64LE(2n ** 40n, MAIN_ROOT);
  page.writeBigUInt64LE(page.readBigUInt64LE(TRANSACTION) + 2n, TRANSACTION);
  if (!options.isSameBoot) page.writeBigInt64LE(page.readBigInt64LE(BOOT) ^ 1n, BOOT);
  writeFileSync(file, bytes);
}

describe('a file of LMDB', () => {
  test('is opened as it was after one commit, and after several', async () => {
    await write('first');
    checkLmdbFile(join(folder, 'log.mdb'));
    expect(await read()).toBe('first');
    await write('second', 'third');
    expect(await read()).toBe('third');
  });

  test('goes back to the last sync when the machine was started anew and the newest commit is not whole', async () => {
    await write('first', 'second');
    loseNewest({ isSameBoot: false });
    checkLmdbFile(join(folder, 'log.mdb'));
    expect(await read()).toBe('second');
  });

  test('is refused when the newest commit is not whole and the machine is the same', async () => {
    await write('first', 'second');
    loseNewest({ isSameBoot: true });
    expect(() => checkLmdbFile(join(folder, 'log.mdb'))).toThrow(/is damaged: it names page/);
  });
});
