/** A name in back-ticks: every name is quoted, because Flink reserves many more words than the dialect. */
export function printName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** Text in single quotes; characters that a line of a script cannot hold as Unicode escapes. */
export function printText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (!/[\u0000-\u001f\u007f]/.test(text)) return quoted;
  const escaped = quoted
    .replaceAll('\\', '\\\\')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    .replace(/[\u0000-\u001f\u007f]/g, (character) => {
      return `\\${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
  return `U&${escaped}`;
}

const units = [
  ['DAY', 86_400_000],
  ['HOUR', 3_600_000],
  ['MINUTE', 60_000],
  ['SECOND', 1000],
] as const;

/**
 * A length of time as an interval literal in the greatest unit that counts it wholly; Flink, like the dialect, takes two
 * digits unless told otherwise.
 */
export function printInterval(millis: number): string {
  const size = Math.abs(millis);
  const sign = millis < 0 ? '-' : '';
  const [unit, width] = units.find(([, each]) => size >= each && size % each === 0) ?? ['SECOND', 1000];
  const count = Math.floor(size / width);
  const rest = size % width;
  const digits = String(count).length;
  const fraction = rest === 0 ? '' : `.${String(rest).padStart(3, '0')}`;
  const precision = digits > 2 ? (rest === 0 ? `(${digits})` : `(${digits}, 3)`) : '';
  return `INTERVAL '${sign}${count}${fraction}' ${unit}${precision}`;
}

/** A literal of milliseconds since the epoch; three digits of them make it a TIMESTAMP(3). */
export function printTimestampLiteral(millis: number): string {
  const text = new Date(millis).toISOString();
  return `TIMESTAMP '${text.slice(0, 10)} ${text.slice(11, 23)}'`;
}

/** A DOUBLE literal: without the exponent it would be a DECIMAL. */
export function printDouble(value: number): string {
  const text = String(value);
  return text.includes('e') ? text.replace('e', 'E').replace('E+', 'E') : `${text}E0`;
}
