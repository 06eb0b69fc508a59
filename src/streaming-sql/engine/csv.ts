/**
 * Splits CSV text into rows of fields. A field in double quotes may hold delimiters; a quote inside is doubled. Empty
 * rows are left out; an empty field is NULL in every type but text.
 */
export function readCsv(text: string, rowDelimiter: string, columnDelimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at <= text.length) {
    const field = readField(text, at, rowDelimiter, columnDelimiter);
    row.push(field.value);
    at = field.end;
    if (text.startsWith(columnDelimiter, at) && at < text.length) at += columnDelimiter.length;
    else {
      if (row.length > 1 || row[0] !== '') rows.push(row);
      row = [];
      at += rowDelimiter.length;
    }
  }
  return rows;
}

function readField(
  text: string,
  start: number,
  rowDelimiter: string,
  columnDelimiter: string,
): { value: string; end: number } {
  if (text[start] === '"') {
    const quoted = /"((?:[^"]|"")*)"/y;
    quoted.lastIndex = start;
    const match = quoted.exec(text);
    if (match !== null) return { value: (match[1] ?? '').replaceAll('""', '"'), end: quoted.lastIndex };
  }
  const ends = [text.indexOf(columnDelimiter, start), text.indexOf(rowDelimiter, start)].filter(
    (end) => end >= 0,
  );
  const end = Math.min(text.length, ...ends);
  const value = text.slice(start, end);
  return { value: rowDelimiter === '\n' ? value.replace(/\r$/, '') : value, end };
}
