/** Base of everything a store throws by itself; errors of the AWS SDK pass through unchanged. */
export class StoreError extends Error {
  override name = 'StoreError';
}

/** Some records were not written: refused by the service after the last attempt, or not sent any more after that. */
export class PartialWriteError extends StoreError {
  override name = 'PartialWriteError';
  /** Which of the records that were to be written, by their place among them. */
  readonly unwritten: readonly number[];

  constructor(message: string, unwritten: readonly number[], options?: ErrorOptions) {
    super(message, options);
    this.unwritten = unwritten;
  }
}

/** The stored version is not the one the caller read. */
export class VersionConflictError extends StoreError {
  override name = 'VersionConflictError';
}

/** The `name` of an SDK error, for example `ResourceNotFoundException`. */
export function awsErrorName(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
