import type { StreamPlan } from '../plan.ts';
import { familyOf } from '../sql-type.ts';
import { compilePrint } from './cast.ts';
import type { Row, Value } from './row.ts';

/** A row as it leaves the application: columns by name, times as text. */
export type OutputRow = Record<string, string | number | boolean | null>;

/**
 * Compiles the printing of a stream's rows: `2016-11-09 06:29:00.000` for TIMESTAMP, `2016-11-09` for DATE,
 * `06:29:00` for TIME; bytes as Base64; numbers as numbers, NULL as null. Generated as one object literal, so that all rows of a
 * stream share a shape; the compiler refuses the one name, `__proto__`, that is no plain member of a literal.
 */
export function compileRowPrinter({ columns }: StreamPlan): (row: Row) => OutputRow {
  const timed = columns.map(({ type }) =>
    ['datetime', 'binary'].includes(familyOf(type)) ? printOnce(compilePrint(type)) : null,
  );
  const members = columns.map(({ name }, i) => {
    const value = timed[i] === null ? `row[${i}]` : `row[${i}] === null ? null : timed[${i}](row[${i}])`;
    return `${JSON.stringify(name)}: ${value}`;
  });
  const create = new Function('timed', `return (row) => ({ ${members.join(', ')} });`) as (
    timed: readonly (Print | null)[],
  ) => (row: Row) => OutputRow;
  return create(timed);
}

type Print = (value: Value) => string;

/** The rows of a window carry the same times: the last text is kept. */
function printOnce(print: Print): Print {
  let lastValue: Value = null;
  let lastText = '';
  return (value) => {
    if (value !== lastValue) {
      lastText = print(value);
      lastValue = value;
    }
    return lastText;
  };
}
