/** Base of everything a store throws by itself; errors of the AWS SDK pass through unchanged. */
export class StoreError extends Error {
  override name = 'StoreError';
}

/** Some records of a batch were still refused by the service after the last attempt. */
export class PartialWriteError extends StoreError {
  override name = 'PartialWriteError';
}

/** The stored version is not the one the caller read. */
export class VersionConflictError extends StoreError {
  override name = 'VersionConflictError';
}

/** The `name` of an SDK error, for example `ResourceNotFoundException`. */
export function awsErrorName(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
