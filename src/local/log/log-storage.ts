/** Stream name, shard number, index of the block's first record. */
export type BlockKey = [stream: string, shard: number, firstIndex: number];

/** What one transaction writes. */
export interface LogTransaction {
  putBlock(key: BlockKey, value: Uint8Array): void;
  putState(key: string, value: Uint8Array): void;
  removeState(key: string): void;
}

/** What a transaction takes of the disk. */
export interface TransactionSize {
  readonly entries: number;
  readonly bytes: number;
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
   * Runs `fill` at once, and writes what it put as one transaction: all of it or nothing.
   * Resolves when the operating system has it, so that it survives the death of the process.
   * @param size of what it puts, about
   */
  write(fill: (transaction: LogTransaction) => void, size: TransactionSize): Promise<void>;
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
  /** Removes a block some time soon; until then it is still read. What cannot be removed now stays. */
  removeBlock(key: BlockKey): void;
  close(): Promise<void>;
}
