/** Base class of what the local runtime may refuse to do; its message is one sentence for the person who started it. */
export class LocalError extends Error {
  override name = 'LocalError';
}

/** The data folder is open in another runtime. */
export class FolderInUseError extends LocalError {
  override name = 'FolderInUseError';
}

/** A file of the data folder cannot be read as what it should be. */
export class CorruptDataError extends LocalError {
  override name = 'CorruptDataError';
}

/** A state of the log is not what was written. */
export class DamagedStateError extends CorruptDataError {
  override name = 'DamagedStateError';
  /** What is there. */
  readonly bytes: Buffer;

  constructor(key: string, bytes: Buffer) {
    super(`Cannot read the state '${key}' of the log: its checksum does not match`);
    this.bytes = bytes;
  }
}

/** Nothing can be made durable now: the disk is full, or fails. It is tried again and again. */
export class LogUnwritableError extends LocalError {
  override name = 'LogUnwritableError';
}
