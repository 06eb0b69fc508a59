import { type Command, InvalidArgumentError } from 'commander';
import type { TimeOptions } from '../../streaming-sql/index.ts';
import { SqlCommandError } from './sql-command-error.ts';

/** The flags that say where ROWTIME comes from; spans are in milliseconds. */
export interface TimeFlags {
  readonly timeColumn?: string;
  readonly outOfOrder?: number;
  readonly allowedLateness?: number;
}

export function addTimeOptions(command: Command): Command {
  return command
    .option('--time-column <name>', 'take ROWTIME from this column instead of the arrival')
    .option('--out-of-order <ms>', 'with --time-column: how far rows may be out of order', parseMillis)
    .option(
      '--allowed-lateness <ms>',
      'with --time-column: how long late rows correct a window',
      parseMillis,
    );
}

/** The time options of the flags, undefined for the arrival. @throws SqlCommandError */
export function timeOf({ timeColumn, outOfOrder, allowedLateness }: TimeFlags): TimeOptions | undefined {
  if (timeColumn === undefined) {
    if (outOfOrder === undefined && allowedLateness === undefined) return undefined;
    throw new SqlCommandError(
      'Cannot use --out-of-order or --allowed-lateness without --time-column: arrival is never late',
    );
  }
  return {
    source: 'column',
    column: timeColumn,
    ...(outOfOrder !== undefined && { outOfOrderMillis: outOfOrder }),
    ...(allowedLateness !== undefined && { allowedLatenessMillis: allowedLateness }),
  };
}

function parseMillis(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError('expected a whole number of milliseconds');
  return Number(text);
}
