import type { Row, Value } from './row.ts';

/** The values of some columns of a row as one text that no other values give. */
export function keyText(row: Row, columns: readonly number[]): string {
  let text = '';
  for (const column of columns) text += keyPart(row[column]!);
  return text;
}

/** Length-prefixed, so that ("a", "bc") and ("ab", "c") differ; type-tagged, so that 1 and '1' differ. */
function keyPart(value: Value): string {
  if (typeof value === 'string') return `${value.length}:${value}`;
  return `${String(value)};`;
}
