import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { failpoint } from '../failpoint.ts';
import { CorruptDataError, LocalError } from '../local-error.ts';
import { checkLmdbFile } from './check-lmdb-file.ts';
import { checkFreeSpace } from './free-space.ts';
import type { BlockKey, KeptBlock, LogStorage, LogTransaction } from './log-storage.ts';
import { checkName, openState, sealState } from './sealed-state.ts';

/** The durable log's store as one LMDB file of the data folder. */
export class LmdbStorage implements LogStorage {
  readonly #env: RootDatabase;
  readonly #blocks: Database<Buffer, BlockKey>;
  readonly #states: Database<Buffer, string>;
  /** Written to find out whether there is room again. */
  readonly #roomFile: string;
  readonly #folder: string;
  #hasFailed = false;

  private constructor(folder: string, noSync: boolean) {
    // It holds the token by which the page writes.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    this.#folder = folder;
    const path = join(folder, 'log.mdb');
    // An empty one is written at once.
    if (!existsSync(path)) checkFreeSpace(folder, 0);
    this.#roomFile = join(folder, 'room');
    checkLmdbFile(path);
    this.#env = open({ path, maxDbs: 4, noSync, noMemInit: true });
    this.#checkDatabases(path);
    this.#blocks = this.#env.openDB({ name: 'blocks', encoding: 'binary' });
    this.#states = this.#env.openDB({ name: 'sealed-states', encoding: 'binary' });
    this.#sealOlderStates();
    for (const { key, value } of this.#states.getRange()) checkName(key, value);
  }

  /**
   * @param options.noSync leaves it to the operating system when the disk gets what was written
   * @throws LocalError when the folder cannot be opened for writing
   */
  static open({ folder, noSync }: { folder: string; noSync: boolean }): LmdbStorage {
    try {
      return new LmdbStorage(folder, noSync);
    } catch (cause) {
      const Refusal = cause instanceof CorruptDataError ? CorruptDataError : LocalError;
      throw new Refusal(`Cannot open the log in '${folder}': ${(cause as Error).message}`, { cause });
    }
  }

  async write(transaction: LogTransaction): Promise<void> {
    checkFreeSpace(this.#folder, sizeOf(transaction));
    if (this.#hasFailed) this.#checkRoom();
    try {
      const batch = this.#env.batch(() => this.#put(transaction));
      // LMDB has a promise of its own for what it gathers in a turn; if nobody listened, its failure would end the process.
      setImmediate(() => this.#env.committed.then(undefined, () => undefined));
      await batch;
      this.#hasFailed = false;
    } catch (error) {
      this.#hasFailed = true;
      const { commitError } = error as { commitError?: Promise<never> };
      await commitError;
      throw error;
    }
  }

  #put({ blocks, removedBlocks, states }: LogTransaction): void {
    for (const [key, value] of blocks) leave(this.#blocks.put(key, value as Buffer));
    for (const key of removedBlocks) leave(this.#blocks.remove(key));
    failpoint('log.midRecord');
    for (const [key, value] of states)
      leave(value ? this.#states.put(key, sealState(key, value)) : this.#states.remove(key));
  }

  async synced(): Promise<void> {
    await this.#env.flushed;
  }

  readState(key: string): Buffer | undefined {
    const sealed = this.#states.get(key);
    return sealed && openState(key, sealed);
  }

  *readStates(prefix: string): Generator<readonly [key: string, value: Buffer]> {
    for (const { key, value } of this.#states.getRange({ start: prefix })) {
      if (!key.startsWith(prefix)) return;
      yield [key, openState(key, value)];
    }
  }

  /** A damaged key may end with any number: its block is missing then. */
  blockAtOrBefore(start: BlockKey): KeptBlock | undefined {
    const end = [start[0], start[1], -1] satisfies BlockKey;
    for (const { key, value } of this.#blocks.getRange({ start, end, reverse: true }))
      if (Number.isSafeInteger(key[2])) return { firstIndex: key[2], bytes: value };
    return undefined;
  }

  blockAtOrAfter(start: BlockKey): KeptBlock | undefined {
    const end = [start[0], start[1], Number.MAX_SAFE_INTEGER] satisfies BlockKey;
    for (const { key, value } of this.#blocks.getRange({ start, end }))
      if (Number.isSafeInteger(key[2])) return { firstIndex: key[2], bytes: value };
    return undefined;
  }

  /** A database whose name is damaged would only be missed. @throws CorruptDataError */
  #checkDatabases(path: string): void {
    for (const name of this.#env.getKeys())
      if (!DATABASES.has(String(name)))
        throw new CorruptDataError(`'${path}' is damaged: it has a database '${String(name)}'`);
  }

  /** Folders of before keep states without a checksum, under another name. */
  #sealOlderStates(): void {
    if (!this.#env.doesExist('states')) return;
    const older = this.#env.openDB<Buffer, string>({ name: 'states', encoding: 'binary' });
    this.#env.transactionSync(() => {
      for (const { key, value } of older.getRange()) this.#states.put(key, sealState(key, value));
      older.clearSync();
    });
    older.dropSync();
  }

  /** After a failure that free space did not show, a quota for one. LMDB writes a stack trace for each. @throws Error of the file system */
  #checkRoom(): void {
    try {
      writeFileSync(this.#roomFile, new Uint8Array(ROOM_BYTES));
    } finally {
      rmSync(this.#roomFile, { force: true });
    }
  }

  /** After a write that failed, LMDB would wait for it for ever. */
  async close(): Promise<void> {
    if (!this.#hasFailed) await this.#env.close();
  }
}

/** What a transaction takes of the disk, at the most. */
function sizeOf({ blocks, removedBlocks, states }: LogTransaction): number {
  const values = [...blocks.map(([, value]) => value), ...states.values()];
  const bytes = values.reduce((sum, value) => sum + (value?.byteLength ?? 0), 0);
  return bytes + (values.length + removedBlocks.length) * ENTRY_BYTES;
}

/** How the transaction ends is what the batch says; its parts say the same once more. */
function leave(part: Promise<unknown>): void {
  part.catch(() => undefined);
}

const DATABASES = new Set(['blocks', 'states', 'sealed-states']);
const ROOM_BYTES = 256 * 1024;
/** The pages of a tree of depth four, each of which an entry copies at the most. */
const ENTRY_BYTES = 4 * 4096;
