import { join } from 'node:path';
import { failpoint } from '../failpoint.ts';
import { DamagedStateError, LogUnwritableError } from '../local-error.ts';
import { SYSTEM_TIMERS, type Timers } from '../timers.ts';
import { keepDamagedBytes } from './damaged-bytes.ts';
import { LmdbStorage } from './lmdb-storage.ts';
import type { BlockKey, KeptBlock, LogStorage, LogTransaction } from './log-storage.ts';

/**
 * When a write counts as durable: `power` after it is on the disk (survives a power cut), `process` after the operating
 * system has it (survives `kill -9`), `memory` at once (survives neither reliably).
 */
export type Durability = 'power' | 'process' | 'memory';

/** Something that buffers between commits and hands over its writes when a commit begins. */
export interface CommitParticipant {
  /** Writes what is buffered through `put`, and states that belong to it. */
  prepare(
    put: (key: BlockKey, value: Uint8Array) => void,
    putState: (key: string, value: Uint8Array) => void,
  ): void;
  /** What `prepare` wrote is durable now. */
  committed(): void;
}

/** Something of the log that is not what was written. */
export interface Damage {
  /** Names it; it is told of once. */
  readonly place: string;
  readonly bytes: Buffer;
  readonly problem: string;
  /** How things go on without it. */
  readonly remedy: string;
}

/** Undefined for a state that is removed. */
type StateWrites = Map<string, Uint8Array | undefined>;

/** What becomes durable together: written again as it is until it is, once it could not be written. */
interface CommitGroup {
  readonly participants: readonly CommitParticipant[];
  readonly transaction: LogTransaction;
}

export interface DurableLogOptions {
  readonly durability: Durability;
  /** Told in one sentence when the log cannot be written, and when it can again. */
  readonly report?: (text: string) => void;
  /** The runtime's own when not given. */
  readonly timers?: Timers;
  /** Keeps bytes that cannot be read, for somebody to look at, and says where. */
  readonly keepDamaged?: (place: string, bytes: Buffer) => string | undefined;
}

/**
 * The one durable store of a data folder: blocks of stream records and small named states (checkpoints, snapshots).
 * Writes are buffered and committed in groups: while one commit is on its way to the disk, the next one gathers.
 * All writes of a group become durable together or not at all. A group that cannot be written (the disk is full) is kept and
 * tried again until it can; meanwhile everything is still read, and nobody is told that anything is durable.
 */
export class DurableLog {
  readonly #storage: LogStorage;
  readonly #timers: Timers;
  readonly #durability: Durability;
  readonly #damages = new Map<string, string>();
  readonly #keepDamaged: NonNullable<DurableLogOptions['keepDamaged']>;
  readonly #dirty = new Set<CommitParticipant>();
  readonly #report: (text: string) => void;
  /** States of the group now gathering. */
  #pendingStates: StateWrites = new Map();
  #pendingRemovals: BlockKey[] = [];
  /** On its way to the disk, or waiting to be tried again. */
  #group: CommitGroup | undefined;
  readonly #hooks: (() => void)[] = [];
  readonly #callbacks: ((error?: Error) => void)[] = [];
  #committing = false;
  #scheduled = false;
  #failure: LogUnwritableError | undefined;
  #callOffRetry: (() => void) | undefined;

  /** @param storage what it writes to; closed with the log */
  constructor(
    storage: LogStorage,
    {
      durability,
      timers = SYSTEM_TIMERS,
      report = () => {},
      keepDamaged = () => undefined,
    }: DurableLogOptions,
  ) {
    this.#storage = storage;
    this.#durability = durability;
    this.#timers = timers;
    this.#report = report;
    this.#keepDamaged = keepDamaged;
  }

  /** @throws LocalError when the folder cannot be opened for writing */
  static open({ folder, ...options }: DurableLogOptions & { readonly folder: string }): DurableLog {
    const noSync = options.durability !== 'power';
    return new DurableLog(LmdbStorage.open({ folder, noSync }), {
      keepDamaged: (place, bytes) => keepDamagedBytes(join(folder, 'damaged'), place, bytes),
      ...options,
    });
  }

  /** @throws DamagedStateError when it is not what was written: the runtime must not go on with something else */
  readState(key: string): Buffer | undefined {
    for (const writes of [this.#pendingStates, this.#group?.transaction.states]) {
      const unwritten = writes?.get(key);
      if (unwritten !== undefined) return Buffer.from(unwritten);
      if (writes?.has(key)) return undefined;
    }
    return this.#storage.readState(key);
  }

  /**
   * A state that can be made again, such as how far a reader has come that may start anew at the oldest record kept: what it
   * does with a record it does at least once anyway. When it is damaged that is told, and `'damaged'` is the answer.
   * @param remedy how things go on without it
   */
  readCheckpoint(
    key: string,
    remedy = 'its reader starts anew at the oldest record kept',
  ): Buffer | 'damaged' | undefined {
    try {
      return this.readState(key);
    } catch (error) {
      if (!(error instanceof DamagedStateError)) throw error;
      this.reportDamage({
        place: `state/${key}`,
        bytes: error.bytes,
        problem: error.message,
        remedy,
      });
      return 'damaged';
    }
  }

  /**
   * The states whose keys begin with `prefix`, as they are on the disk: for whoever reads them once, at the start.
   * @throws DamagedStateError as `readState`
   */
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

  /** Why nothing can be written now; undefined when it can. */
  get failure(): LogUnwritableError | undefined {
    return this.#failure;
  }

  /**
   * For whoever takes something from outside: what cannot be kept now must not be buffered either.
   * @throws LogUnwritableError while nothing can be written
   */
  checkWritable(): void {
    if (this.#failure) throw this.#failure;
  }

  /**
   * Calls back when everything buffered until now is durable; with the error when it cannot become so now. What was buffered
   * stays so, and becomes durable when the log can be written again.
   */
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

  /** Tells of something that cannot be read, and keeps its bytes aside, the first time. */
  reportDamage({ place, bytes, problem, remedy }: Damage): void {
    if (this.#damages.has(place)) return;
    const file = this.#keepDamaged(place, bytes);
    const text = `${problem}; ${remedy}${file === undefined ? '' : `; its bytes are in '${file}'`}`;
    this.#damages.set(place, text);
    this.#report(text);
  }

  /** What could not be read since the start, a sentence each. */
  get damages(): readonly string[] {
    return [...this.#damages.values()];
  }

  /** Removes a block whose retention has passed, with the commit group now gathering; it is still read until then. */
  removeBlock(key: BlockKey): void {
    this.#pendingRemovals.push(key);
    this.#schedule();
  }

  /** Writes what is buffered; what cannot be written even now was never said to be durable. */
  async close(): Promise<void> {
    this.#callOffRetry?.();
    if (this.#failure) await this.#commit();
    if (!this.#failure) await this.durable();
    this.#callOffRetry?.();
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
    const callbacks = this.#failure ? [] : this.#callbacks.splice(0);
    try {
      failpoint('log.beforeCommit');
      this.#group ??= this.#gather();
      const { participants, transaction } = this.#group;
      const written = this.#storage.write(transaction);
      if (this.#durability === 'memory') for (const callback of callbacks.splice(0)) callback();
      await written;
      failpoint('log.beforeFsync');
      if (this.#durability === 'power') await this.#storage.synced();
      failpoint('log.afterFsync');
      this.#group = undefined;
      for (const participant of participants) participant.committed();
    } catch (cause) {
      this.#fail(callbacks, cause);
      return;
    }
    this.#committing = false;
    this.#recovered();
    for (const callback of callbacks) callback();
    if (this.#hasPending()) this.#schedule();
  }

  #hasPending(): boolean {
    const { length: removals } = this.#pendingRemovals;
    return this.#dirty.size + this.#callbacks.length + this.#pendingStates.size + removals > 0;
  }

  #gather(): CommitGroup {
    for (const hook of this.#hooks) hook();
    const participants = [...this.#dirty];
    const states = this.#pendingStates;
    const removedBlocks = this.#pendingRemovals;
    this.#dirty.clear();
    this.#pendingStates = new Map();
    this.#pendingRemovals = [];
    const blocks = handedOver(participants, states);
    return { participants, transaction: { blocks, removedBlocks, states } };
  }

  #fail(callbacks: ((error?: Error) => void)[], cause: unknown): void {
    const { message } = cause as Error;
    if (!this.#failure)
      this.#report(`Cannot write to the log: ${message}; nothing is acknowledged until it can be`);
    this.#failure = new LogUnwritableError(`Cannot write to the log: ${message}`, { cause });
    this.#committing = false;
    this.#callOffRetry = this.#timers.after(RETRY_MILLIS, () => void this.#commit());
    for (const callback of [...callbacks, ...this.#callbacks.splice(0)]) callback(this.#failure);
  }

  #recovered(): void {
    if (!this.#failure) return;
    this.#failure = undefined;
    this.#report('The log is written again');
  }
}

/** The blocks that participants hand over; their states join `states`. */
function handedOver(
  participants: readonly CommitParticipant[],
  states: StateWrites,
): LogTransaction['blocks'] {
  const blocks: (readonly [BlockKey, Uint8Array])[] = [];
  for (const participant of participants)
    participant.prepare(
      (key, value) => blocks.push([key, value]),
      (key, value) => states.set(key, value),
    );
  return blocks;
}

/** How long a group waits that could not be written. */
const RETRY_MILLIS = 500;
