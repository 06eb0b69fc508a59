import type { NumericColumn } from '../table-function-plan.ts';
import type { Row } from './row.ts';

/** A row as a point of its numeric columns; null where one of them is NULL. */
export function readNumbers(row: Row, columns: readonly NumericColumn[]): number[] | null {
  const values: number[] = [];
  for (const { index } of columns) {
    const value = row[index];
    if (typeof value !== 'number') return null;
    values.push(value);
  }
  return values;
}
