import { failpoint } from '../failpoint.ts';
import { LocalError } from '../local-error.ts';
import { SYSTEM_TIMERS, type Timers } from '../timers.ts';
import { LmdbStorage } from './lmdb-storage.ts';
import type { BlockKey, KeptBlock, LogStorage } from './log-storage.ts';

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

export interface DurableLogOptions {
  readonly durability: Durability;
  /** The runtime's own when not given. */
  readonly timers?: Timers;
}

/**
 * The one durable store of a data folder: blocks of stream records and small named states (checkpoints, snapshots).
 * Writes are buffered and committed in groups: while one commit is on its way to the disk, the next one gathers.
 * All writes of a group become durable together or not at all.
 */
export class DurableLog {
  readonly #storage: LogStorage;
  readonly #timers: Timers;
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

  /** @param storage what it writes to; closed with the log */
  constructor(storage: LogStorage, { durability, timers = SYSTEM_TIMERS }: DurableLogOptions) {
    this.#storage = storage;
    this.#durability = durability;
    this.#timers = timers;
  }

  /** @throws LocalError when the folder cannot be opened for writing */
  static open({ folder, ...options }: DurableLogOptions & { readonly folder: string }): DurableLog {
    const noSync = options.durability !== 'power';
    return new DurableLog(LmdbStorage.open({ folder, noSync }), options);
  }

  readState(key: string): Buffer | undefined {
    for (const writes of [this.#pendingStates, this.#committingStates]) {
      const unwritten = writes.get(key);
      if (unwritten !== undefined) return Buffer.from(unwritten);
      if (writes.has(key)) return undefined;
    }
    return this.#storage.readState(key);
  }

  /** The states whose keys begin with `prefix`, as they are on the disk: for whoever reads them once, at the start. */
  readStates(prefix: string): Iterable<readonly [key: string, value: Buffer]> {
    return this.#storage.readStates(prefix);
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
  readBlock(stream: string, shard: number, index: number): KeptBlock | undefined {
    return this.#storage.blockAtOrBefore([stream, shard, index]);
  }

  /** The first block that begins at or after `index`. */
  nextBlock(stream: string, shard: number, index: number): KeptBlock | undefined {
    return this.#storage.blockAtOrAfter([stream, shard, index]);
  }

  /** Removes a block for good; used when its retention has passed. */
  removeBlock(key: BlockKey): void {
    this.#storage.removeBlock(key);
  }

  async close(): Promise<void> {
    if (!this.#failure) await this.durable();
    await this.#storage.close();
  }

  /** Waits for the rest of the current turn of the event loop, so that all messages of one socket read share a commit. */
  #schedule(): void {
    if (this.#scheduled || this.#committing || this.#failure) return;
    this.#scheduled = true;
    this.#timers.soon(() => void this.#commit());
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
      failpoint('log.beforeCommit');
      const written = this.#write(participants, this.#committingStates);
      if (this.#durability === 'memory') for (const callback of callbacks.splice(0)) callback();
      await written;
      failpoint('log.beforeFsync');
      if (this.#durability === 'power') await this.#storage.synced();
      failpoint('log.afterFsync');
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

  #write(participants: CommitParticipant[], states: StateWrites): Promise<void> {
    return this.#storage.write((transaction) => {
      for (const participant of participants) participant.prepare(transaction.putBlock);
      failpoint('log.midRecord');
      for (const [key, value] of states) {
        if (value === undefined) transaction.removeState(key);
        else transaction.putState(key, value);
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
