import { SqlError } from '../sql/index.ts';

/** A rule or template that cannot be compiled: what is wrong, where, and the source line with a caret. */
export class IotSqlError extends SqlError {
  override readonly name = 'IotSqlError';
}
