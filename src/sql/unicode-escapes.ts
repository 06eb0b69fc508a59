/**
 * Decodes the body of a `U&'…'` literal: `\0041`, `\+01F600` and `\\`, or with the character after UESCAPE instead of
 * the backslash. Returns undefined when an escape is malformed or names no character.
 */
export function decodeUnicodeEscapes(text: string, escapeCharacter = '\\'): string | undefined {
  let sound = true;
  const mark = escapeCharacter.replace(/[\\^$.|?*+()[\]{}]/, '\\$&');
  const pattern = new RegExp(`${mark}(?:${mark}|([0-9a-fA-F]{4})|\\+([0-9a-fA-F]{6})|)`, 'g');
  const decoded = text.replace(pattern, (written, four?: string, six?: string) => {
    if (written === escapeCharacter + escapeCharacter) return escapeCharacter;
    const code = Number.parseInt(four ?? six ?? '', 16);
    if (Number.isNaN(code) || code > 0x10ffff) {
      sound = false;
      return '';
    }
    return String.fromCodePoint(code);
  });
  return sound ? decoded : undefined;
}
