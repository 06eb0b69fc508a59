const MAX_CELL_CHARACTERS = 60;

/** Rows of one stream as an aligned table under the stream's name; numbers to the right. */
export function printTable(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => name !== '$stream');
  const columns = names.map((name) => {
    const values = rows.map((row) => row[name]);
    const cells = [name, ...values.map(printCell)];
    const width = Math.max(...cells.map((cell) => cell.length));
    const isNumber = values.every((value) => typeof value === 'number' || value == null);
    return cells.map((cell) => (isNumber ? cell.padStart(width) : cell.padEnd(width)));
  });
  const lines = [...rows.keys(), rows.length].map((line) =>
    columns
      .map((column) => column[line])
      .join('  ')
      .trimEnd(),
  );
  return [String(rows[0]?.$stream), ...lines.map((line) => `  ${line}`)].join('\n');
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
