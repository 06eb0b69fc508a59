import { printTable } from '../print-table.ts';

const MAX_CELL_CHARACTERS = 60;

/** Rows of one stream as an aligned table under the stream's name; numbers to the right. */
export function printStream(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => name !== '$stream');
  const isNumber = (name: string): boolean =>
    rows.every((row) => typeof row[name] === 'number' || row[name] == null);
  const numbers = new Set(names.flatMap((name, at) => (isNumber(name) ? [at] : [])));
  const table = printTable([names, ...rows.map((row) => names.map((name) => printCell(row[name])))], numbers);
  return `${String(rows[0]?.$stream)}\n${table.replace(/^/gm, '  ')}`;
}

function printCell(value: unknown): string {
  if (value === undefined) return '';
  if (value === null) return 'NULL';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const printable = text.replace(/\p{Cc}/gu, '�');
  return printable.length <= MAX_CELL_CHARACTERS
    ? printable
    : `${printable.slice(0, MAX_CELL_CHARACTERS - 1)}…`;
}
