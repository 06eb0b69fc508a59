import type { Source } from './source.ts';

/** Longest part of a source line that an excerpt shows; minified statements would flood a terminal. */
const MAX_EXCERPT_CHARACTERS = 100;

/**
 * Prints where an offset lies: `name:line:column`, the line with its number, and a caret under the character.
 * Of a very long line only the part around the caret is printed.
 */
export function printLocation(source: Source, offset: number): string {
  const { line, column } = source.locate(offset);
  const { text, caret } = excerpt(source.lineText(line), column - 1);
  const gutter = String(line);
  const padding = text.slice(0, caret).replace(/[^\t]/g, ' ');
  return [
    `${source.name}:${line}:${column}`,
    `${gutter} | ${text}`.trimEnd(),
    `${' '.repeat(gutter.length)} | ${padding}^`,
  ].join('\n');
}

function excerpt(line: string, caret: number): { text: string; caret: number } {
  if (line.length <= MAX_EXCERPT_CHARACTERS) return { text: printable(line), caret };
  const start = Math.max(
    0,
    Math.min(caret - MAX_EXCERPT_CHARACTERS / 2, line.length - MAX_EXCERPT_CHARACTERS),
  );
  const end = start + MAX_EXCERPT_CHARACTERS;
  const before = start > 0 ? '…' : '';
  const after = end < line.length ? '…' : '';
  return {
    text: before + printable(line.slice(start, end)) + after,
    caret: caret - start + before.length,
  };
}

/** Control characters would move the terminal's cursor and with it the caret. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => (character === '\t' ? character : '�'));
}
