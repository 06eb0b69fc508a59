/** Base of everything the engine throws. */
export class EngineError extends Error {
  override readonly name: string = 'EngineError';
}

/** A row that cannot be computed (a bad cast, a division by zero): it goes to the error stream, the pump lives on. */
export class EvaluationError extends EngineError {
  override readonly name = 'EvaluationError';
  /** ERROR_NAME of the error stream, at most 32 characters. */
  readonly errorName: string;

  constructor(errorName: string, message: string) {
    super(message);
    this.errorName = errorName;
  }
}

/** A snapshot that cannot be restored: damaged, of another version, or written by another plan. */
export class SnapshotError extends EngineError {
  override readonly name = 'SnapshotError';
}

/** More rows than one operator may hold: the row at hand goes to the error stream. */
export function tooManyRows(what: string, rows: number): EvaluationError {
  return new EvaluationError('TOO_MANY_ROWS', `${what} holds ${rows} rows, the limit`);
}
