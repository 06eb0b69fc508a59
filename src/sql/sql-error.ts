import { printLocation } from './print-location.ts';
import type { Source } from './source.ts';

/**
 * A statement that cannot be compiled, with the place in its text.
 * `reason` is the bare sentence; `message` adds `name:line:column`, the source line and a caret.
 */
export class SqlError extends Error {
  override readonly name: string = 'SqlError';
  readonly source: Source;
  /** Offset into `source.text`, in UTF-16 code units from 0. */
  readonly offset: number;
  readonly line: number;
  readonly column: number;
  readonly reason: string;

  constructor(source: Source, offset: number, reason: string, options?: ErrorOptions) {
    super(`${reason}\n\n${printLocation(source, offset)}`, options);
    const { line, column } = source.locate(offset);
    this.source = source;
    this.offset = offset;
    this.line = line;
    this.column = column;
    this.reason = reason;
  }
}

/** The error class a dialect throws; both languages sub-class {@link SqlError}. */
export type SqlErrorClass = new (source: Source, offset: number, reason: string) => SqlError;
