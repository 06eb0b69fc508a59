/** A W3C_LOG_PARSE format that cannot be used. */
export class LogFormatError extends Error {
  override readonly name = 'LogFormatError';
}

/** SQL reference, "W3C_LOG_PARSE", predefined formats. */
const predefined: Readonly<Record<string, string>> = {
  COMMON: '%h %l %u %t "%r" %>s %b',
  'COMMON WITH VHOST': '%v %h %l %u %t "%r" %>s %b',
  'NCSA EXTENDED': '%h %l %u %t "%r" %>s %b "%[Referer]i" "%[User-agent]i"',
  REFERER: '%[Referer]i ---> %U',
  AGENT: '%[User-agent]i',
};

/** Specifiers whose values may hold blanks where they end the line. */
const freeText = 'CefinoqrU';
const letters = 'aABbCDefhHiIlmnoOpPqrstTuUvVX';
const specifier = /%(?:[<>]|!?\d{3}(?:,\d{3})*)*(?:\[[^\]]*\]|\{[^}]*\})?([A-Za-z])|%%/g;

/**
 * The pattern of an Apache log format: a group for each specifier, the rest literally. A value ends at the character
 * that follows its specifier; in double quotes a backslash takes the next character; %t includes its brackets unless
 * the format writes them, as [%t]. @throws LogFormatError at a specifier that is not known
 */
export function planW3cFormat(format: string): string {
  const name = format.trim().replace(/\s+/g, ' ').toUpperCase();
  if (name === 'IIS')
    throw new LogFormatError('the reference gives no specifiers for IIS, write them as a custom format');
  const text = (Object.hasOwn(predefined, name) ? predefined[name]! : format).replaceAll('\\"', '"');
  let pattern = '';
  let at = 0;
  let fields = 0;
  for (const found of text.matchAll(specifier)) {
    pattern += quote(text.slice(at, found.index));
    at = found.index + found[0].length;
    if (found[1] === undefined) pattern += '%';
    else {
      pattern += `(${valuePattern(found[1], text[found.index - 1], text[at])})`;
      fields++;
    }
  }
  if (fields === 0)
    throw new LogFormatError(
      `it has no specifier, write one of ${Object.keys(predefined).join(', ')}, or %h and so on`,
    );
  return pattern + quote(text.slice(at));
}

function valuePattern(letter: string, before: string | undefined, after: string | undefined): string {
  if (!letters.includes(letter)) throw new LogFormatError(`specifier %${letter} is not known`);
  if (after === '"' && before === '"') return '(?:[^"\\\\]|\\\\.)*';
  if (letter === 't') return before === '[' && after === ']' ? '[^\\]]*' : '\\[[^\\]]*\\]';
  if (after === undefined) return freeText.includes(letter) ? '.*' : '\\S*';
  if (after === '%') throw new LogFormatError(`nothing parts %${letter} from the next specifier`);
  return `[^${quote(after)}]*`;
}

function quote(text: string): string {
  if (text.includes('%'))
    throw new LogFormatError(`"${text.trim()}" is no specifier, write %% for the percent sign`);
  return text.replace(/[\\^$.|?*+()[\]{}-]/g, '\\$&');
}
