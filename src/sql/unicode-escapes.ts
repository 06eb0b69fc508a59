const ESCAPE = /\\(?:\\|([0-9a-fA-F]{4})|\+([0-9a-fA-F]{6})|)/g;

/**
 * Decodes the body of a `U&'…'` literal: `\0041`, `\+01F600` and `\\`.
 * Returns undefined when an escape is malformed or names no character.
 */
export function decodeUnicodeEscapes(text: string): string | undefined {
  let sound = true;
  const decoded = text.replace(ESCAPE, (written, four?: string, six?: string) => {
    if (written === '\\\\') return '\\';
    const code = Number.parseInt(four ?? six ?? '', 16);
    if (Number.isNaN(code) || code > 0x10ffff) {
      sound = false;
      return '';
    }
    return String.fromCodePoint(code);
  });
  return sound ? decoded : undefined;
}
