/**
 * Rows with their columns aligned; the last column may be of any length, unless it is one of numbers.
 * @param numbers positions of the columns that stand to the right
 */
export function printTable(
  rows: readonly (readonly string[])[],
  numbers: ReadonlySet<number> = new Set(),
): string {
  const widths: number[] = [];
  for (const row of rows) {
    const measured = numbers.has(row.length - 1) ? row : row.slice(0, -1);
    for (const [at, cell] of measured.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  const aligned = (cell: string, at: number): string =>
    numbers.has(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0);
  return rows.map((row) => row.map(aligned).join('  ').trimEnd()).join('\n');
}
