import type { DelimitedParser } from '../../log-parse-plan.ts';

/**
 * VARIABLE_COLUMN_LOG_PARSE: fields between delimiters. The escape string takes a delimiter, a quote or itself behind
 * it literally; between quotes a delimiter is text. Neither is part of a field. An unclosed quote reaches to the end.
 */
export function splitDelimited(text: string, parser: DelimitedParser): string[] {
  const { delimiter, escape: escapeText, quoteBegin, quoteEnd } = parser;
  const protectable = [delimiter, escapeText, quoteBegin, quoteEnd].filter((part) => part !== '');
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < text.length; ) {
    const protectedText =
      escapeText !== '' && text.startsWith(escapeText, at)
        ? protectable.find((part) => text.startsWith(part, at + escapeText.length))
        : undefined;
    if (protectedText !== undefined) {
      field += protectedText;
      at += escapeText.length + protectedText.length;
    } else if (quoteBegin !== '' && text.startsWith(quoted ? quoteEnd : quoteBegin, at)) {
      at += (quoted ? quoteEnd : quoteBegin).length;
      quoted = !quoted;
    } else if (!quoted && text.startsWith(delimiter, at)) {
      fields.push(field);
      field = '';
      at += delimiter.length;
    } else field += text[at++];
  }
  fields.push(field);
  return fields;
}
