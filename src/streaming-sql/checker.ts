import { type Source, SqlError } from '../sql/index.ts';
import type { PlanWarning } from './plan.ts';
import { StreamingSqlError } from './streaming-sql-error.ts';
import type { CreateFunction } from './syntax.ts';

/** What every check has at hand: the text, for errors with a caret, and the warnings collected so far. */
export class Checker {
  readonly source: Source;
  readonly warnings: PlanWarning[] = [];
  /** Names of the source's pseudo-columns that the text reads. */
  readonly pseudoColumns = new Set<string>();

  /** User-defined functions that the statements so far have declared. */
  readonly functions: CreateFunction[];
  /** Calls of such functions that have been written out. */
  expansions = 0;

  constructor(source: Source, functions: CreateFunction[] = []) {
    this.source = source;
    this.functions = functions;
  }

  /** @throws StreamingSqlError at the offset */
  fail(offset: number, reason: string): never {
    throw new StreamingSqlError(this.source, offset, reason);
  }

  warn(offset: number, message: string): void {
    const { line, column } = this.source.locate(offset);
    if (
      !this.warnings.some(
        (known) => known.line === line && known.column === column && known.message === message,
      )
    ) {
      this.warnings.push({ message, line, column });
    }
  }

  /** Runs a check whose failure is an answer, not an error. */
  attempt<Result>(check: () => Result): Result | undefined {
    const kept = this.warnings.length;
    try {
      return check();
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      this.warnings.length = kept;
      return undefined;
    }
  }
}
