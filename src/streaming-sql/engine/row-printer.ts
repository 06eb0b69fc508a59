import type { StreamPlan } from '../plan.ts';
import { compilePrint } from './cast.ts';
import type { Row } from './row.ts';

/** A row as it leaves the application: columns by name, times as text. */
export type OutputRow = Record<string, string | number | boolean | null>;

/**
 * Compiles the printing of a stream's rows: `2016-11-09 06:29:00.000` for TIMESTAMP, `2016-11-09` for DATE,
 * `06:29:00` for TIME; numbers as numbers, NULL as null.
 */
export function compileRowPrinter({ columns }: StreamPlan): (row: Row) => OutputRow {
  const names = columns.map(({ name }) => name);
  const timed = columns.map(({ type }) =>
    ['TIMESTAMP', 'DATE', 'TIME'].includes(type.name) ? compilePrint(type) : null,
  );
  return (row) => {
    const output: OutputRow = {};
    for (let i = 0; i < names.length; i++) {
      const value = row[i]!;
      const print = timed[i]!;
      output[names[i]!] = print === null || value === null ? value : print(value);
    }
    return output;
  };
}
