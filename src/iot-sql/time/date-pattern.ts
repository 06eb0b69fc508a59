/** A run of one pattern letter, or text to be taken as it is. */
export type PatternPart =
  | { readonly kind: 'field'; readonly letter: string; readonly count: number }
  | { readonly kind: 'text'; readonly text: string };

/** Longest date pattern; real ones have a few dozen characters. */
const MAX_PATTERN_LENGTH = 200;

/**
 * Splits a date pattern of Joda-Time or java.time, which share this much: runs of letters are fields, text stands in
 * single quotes, a quote is written twice. Undefined when a quote is not closed.
 */
export function splitDatePattern(pattern: string): PatternPart[] | undefined {
  if (pattern.length > MAX_PATTERN_LENGTH) return undefined;
  const parts: PatternPart[] = [];
  for (const [run] of pattern.matchAll(/''|'(?:[^']|'')*'|'|([A-Za-z])\1*|[^A-Za-z']+/g)) {
    if (run === "'") return undefined;
    if (run === "''") parts.push({ kind: 'text', text: "'" });
    else if (run.startsWith("'")) parts.push({ kind: 'text', text: run.slice(1, -1).replaceAll("''", "'") });
    else if (/^[A-Za-z]/.test(run)) parts.push({ kind: 'field', letter: run[0]!, count: run.length });
    else parts.push({ kind: 'text', text: run });
  }
  return parts;
}

export const MONTHS: readonly string[] =
  'January February March April May June July August September October November December'.split(' ');

export const WEEKDAYS: readonly string[] = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(
  ' ',
);
