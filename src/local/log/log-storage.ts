/** Stream name, shard number, index of the block's first record. */
export type BlockKey = [stream: string, shard: number, firstIndex: number];

/** What becomes durable together. */
export interface LogTransaction {
  readonly blocks: readonly (readonly [key: BlockKey, value: Uint8Array])[];
  /** Blocks whose retention has passed. */
  readonly removedBlocks: readonly BlockKey[];
  /** Undefined for a state that is removed. */
  readonly states: ReadonlyMap<string, Uint8Array | undefined>;
}

/** A block as it was written. */
export interface KeptBlock {
  readonly firstIndex: number;
  readonly bytes: Buffer;
}

/**
 * The ordered key-value store beneath the durable log. Readers see whole transactions, and only those that `write`
 * has ended.
 */
export interface LogStorage {
  /**
   * Writes all of a transaction, as it is at the call, or nothing of it.
   * Resolves when the operating system has it, so that it survives the death of the process.
   */
  write(transaction: LogTransaction): Promise<void>;
  /** Resolves when all that is written now survives a power cut. */
  synced(): Promise<void>;
  /** @throws DamagedStateError when it is not what was written */
  readState(key: string): Buffer | undefined;
  /** The states whose keys begin with `prefix`, in the order of their keys. @throws DamagedStateError as `readState` */
  readStates(prefix: string): Iterable<readonly [key: string, value: Buffer]>;
  /** The newest block that begins at or before the key's index. */
  blockAtOrBefore(key: BlockKey): KeptBlock | undefined;
  /** The first block that begins at or after the key's index. */
  blockAtOrAfter(key: BlockKey): KeptBlock | undefined;
  close(): Promise<void>;
}
