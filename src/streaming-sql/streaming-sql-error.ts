import { SqlError } from '../sql/index.ts';

/**
 * A streaming SQL application that cannot be compiled: `message` carries file, line, column, the source line and a
 * caret; `reason` is the bare sentence and says what to write instead.
 */
export class StreamingSqlError extends SqlError {
  override readonly name: string = 'StreamingSqlError';
}
