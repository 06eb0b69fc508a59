const LETTER = /^\p{L}$/u;

/** Space, tab, line breaks, no-break space and byte order mark. */
export function isWhiteSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xa0 || code === 0xfeff;
}

/** 0 to 9 only: other scripts' digits are no SQL numbers. */
export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** A letter of any script in the basic plane, or `_`. */
export function isWordStart(code: number): boolean {
  if (code < 0x80) return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
  return LETTER.test(String.fromCharCode(code));
}

/** A character that may stand inside a word. */
export function isWordPart(code: number): boolean {
  return isDigit(code) || isWordStart(code);
}
