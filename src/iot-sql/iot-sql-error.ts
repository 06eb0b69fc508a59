import { type Source, SqlError } from '../sql/index.ts';

/** A name longer than this is cut where an error quotes it: nobody reads a thousand characters. */
const LONG_WORD = /\S{121,}/g;

/** A rule or template that cannot be compiled, with the place in its text. */
export class IotSqlError extends SqlError {
  override readonly name = 'IotSqlError';

  constructor(source: Source, offset: number, reason: string, options?: ErrorOptions) {
    super(
      source,
      offset,
      reason.replace(LONG_WORD, (word) => `${word.slice(0, 100)}…`),
      options,
    );
  }
}
