import { closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { CorruptDataError, LocalError } from '../local-error.ts';

/**
 * When a write counts as durable: `power` after it is on the disk (survives a power cut), `process` after the operating
 * system has it (survives `kill -9`), `memory` at once (survives neither reliably).
 */
export type Durability = 'power' | 'process' | 'memory';

/** Something that buffers between commits and hands over its writes when a commit begins. */
export interface CommitParticipant {
  /** Writes what is buffered through `put`. */
  prepare(put: (key: BlockKey, value: Uint8Array) => void): void;
  /** What `prepare` wrote is durable now. */
  committed(): void;
}

/** Undefined for a state that is removed. */
type StateWrites = Map<string, Uint8Array | undefined>;

/** Stream name, shard number, index of the block's first record. */
export type BlockKey = [stream: string, shard: number, firstIndex: number];

/**
 * The one durable store of a data folder: blocks of stream records and small named states (checkpoints, snapshots).
 * Writes are buffered and committed in groups: while one commit is on its way to the disk, the next one gathers.
 * All writes of a group become durable together or not at all.
 */
export class DurableLog {
  readonly #env: RootDatabase;
  readonly #blocks: Database<Buffer, BlockKey>;
  readonly #states: Database<Buffer, string>;
  readonly #durability: Durability;
  readonly #dirty = new Set<CommitParticipant>();
  /** States of the group now gathering, and of the one on its way to the disk. */
  #pendingStates: StateWrites = new Map();
  #committingStates: StateWrites = new Map();
  readonly #hooks: (() => void)[] = [];
  #callbacks: ((error?: Error) => void)[] = [];
  #committing = false;
  #scheduled = false;
  #failure: Error | undefined;

  private constructor(folder: string, durability: Durability) {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'log.mdb');
    checkMagic(path);
    const noSync = durability !== 'power';
    this.#env = open({ path, maxDbs: 4, noSync, noMemInit: true });
    this.#blocks = this.#env.openDB({ name: 'blocks', encoding: 'binary' });
    this.#states = this.#env.openDB({ name: 'states', encoding: 'binary' });
    this.#durability = durability;
  }

  /** @throws LocalError when the folder cannot be opened for writing */
  static open(options: { folder: string; durability: Durability }): DurableLog {
    try {
      return new DurableLog(options.folder, options.durability);
    } catch (cause) {
      throw new LocalError(`Cannot open the log in '${options.folder}': ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  readState(key: string): Buffer | undefined {
    for (const writes of [this.#pendingStates, this.#committingStates]) {
      const unwritten = writes.get(key);
      if (unwritten !== undefined) return Buffer.from(unwritten);
      if (writes.has(key)) return undefined;
    }
    return this.#states.get(key);
  }

  /** The states whose keys begin with `prefix`, as they are on the disk: for whoever reads them once, at the start. */
  *readStates(prefix: string): Generator<readonly [key: string, value: Buffer]> {
    for (const { key, value } of this.#states.getRange({ start: prefix })) {
      if (!key.startsWith(prefix)) return;
      yield [key, value];
    }
  }

  /** Joins the commit group now gathering. */
  writeState(key: string, value: Uint8Array): void {
    this.#pendingStates.set(key, value);
    this.#schedule();
  }

  /** Joins the commit group now gathering. */
  removeState(key: string): void {
    this.#pendingStates.set(key, undefined);
    this.#schedule();
  }

  /** Adds something that joins every commit, whatever the commit is for. */
  onCommit(hook: () => void): void {
    this.#hooks.push(hook);
  }

  /** Asks for a commit in which `participant` hands over what it buffers. */
  enlist(participant: CommitParticipant): void {
    this.#dirty.add(participant);
    this.#schedule();
  }

  /** Calls back when everything buffered until now is durable; with the error when it cannot become so. */
  whenDurable(callback: (error?: Error) => void): void {
    if (this.#failure) {
      callback(this.#failure);
      return;
    }
    this.#callbacks.push(callback);
    this.#schedule();
  }

  durable(): Promise<void> {
    return new Promise((resolve, reject) => this.whenDurable((error) => (error ? reject(error) : resolve())));
  }

  /** The newest block that begins at or before `index`. */
  readBlock(stream: string, shard: number, index: number): { firstIndex: number; bytes: Buffer } | undefined {
    const floor = {
      start: [stream, shard, index] satisfies BlockKey,
      end: [stream, shard, -1] satisfies BlockKey,
      reverse: true,
      limit: 1,
    };
    for (const { key, value } of this.#blocks.getRange(floor)) return { firstIndex: key[2], bytes: value };
    return undefined;
  }

  /** The first block that begins at or after `index`. */
  nextBlock(stream: string, shard: number, index: number): { firstIndex: number; bytes: Buffer } | undefined {
    const end = [stream, shard, Number.MAX_SAFE_INTEGER] satisfies BlockKey;
    for (const { key, value } of this.#blocks.getRange({
      start: [stream, shard, index] satisfies BlockKey,
      end,
      limit: 1,
    })) {
      return { firstIndex: key[2], bytes: value };
    }
    return undefined;
  }

  /** Removes a block for good; used when its retention has passed. */
  removeBlock(key: BlockKey): void {
    this.#blocks.remove(key);
  }

  async close(): Promise<void> {
    if (!this.#failure) await this.durable();
    await this.#env.close();
  }

  /** Waits for the rest of the current turn of the event loop, so that all messages of one socket read share a commit. */
  #schedule(): void {
    if (this.#scheduled || this.#committing || this.#failure) return;
    this.#scheduled = true;
    setImmediate(() => this.#commit());
  }

  async #commit(): Promise<void> {
    this.#scheduled = false;
    this.#committing = true;
    const callbacks = this.#callbacks;
    const participants = [...this.#dirty];
    for (const hook of this.#hooks) hook();
    this.#committingStates = this.#pendingStates;
    this.#pendingStates = new Map();
    this.#callbacks = [];
    this.#dirty.clear();
    try {
      const written = this.#write(participants, this.#committingStates);
      if (this.#durability === 'memory') for (const callback of callbacks.splice(0)) callback();
      await written;
      if (this.#durability === 'power') await this.#env.flushed;
      this.#committingStates = new Map();
      for (const participant of participants) participant.committed();
    } catch (cause) {
      this.#fail(callbacks, cause);
      return;
    }
    this.#committing = false;
    for (const callback of callbacks) callback();
    if (this.#dirty.size || this.#callbacks.length || this.#pendingStates.size) this.#schedule();
  }

  #write(participants: CommitParticipant[], states: StateWrites): Promise<boolean> {
    return this.#env.batch(() => {
      for (const participant of participants) {
        participant.prepare((key, value) => void this.#blocks.put(key, value as Buffer));
      }
      for (const [key, value] of states) {
        if (value === undefined) void this.#states.remove(key);
        else void this.#states.put(key, value as Buffer);
      }
    });
  }

  #fail(callbacks: ((error?: Error) => void)[], cause: unknown): void {
    this.#failure = new LocalError(`Cannot write to the log: ${(cause as Error).message}`, { cause });
    this.#committing = false;
    for (const callback of [...callbacks, ...this.#callbacks]) callback(this.#failure);
    this.#callbacks = [];
  }
}

/** LMDB trusts its file, and one that is something else ends the process; so its first page is looked at before. */
function checkMagic(path: string): void {
  if (!existsSync(path) || statSync(path).size === 0) return;
  const page = Buffer.alloc(MAGIC_AT + 4);
  const file = openSync(path, 'r');
  readSync(file, page, 0, page.length, 0);
  closeSync(file);
  if (page.readUInt32LE(MAGIC_AT) !== LMDB_MAGIC) throw new CorruptDataError(`'${path}' is not an LMDB file`);
}

/** Where the first page holds what marks the file as LMDB's: behind the page header of 24 bytes. */
const MAGIC_AT = 24;
const LMDB_MAGIC = 0xbeefc0de;
