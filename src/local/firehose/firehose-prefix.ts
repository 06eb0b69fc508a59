import { createHash } from 'node:crypto';
import { LocalError } from '../local-error.ts';

/** What the expressions of a prefix may speak of. */
export interface PrefixContext {
  /** Arrival of the object's first record. */
  readonly timestampMillis: number;
  /** Sequence number of the object's first record: makes what is random on AWS the same again after a crash. */
  readonly seed: string;
}

export type Prefix = (context: PrefixContext) => string;

const DEFAULT_EXPRESSION = '!{timestamp:yyyy/MM/dd/HH/}';
const EXPRESSION = /!\{([^}]*)\}/g;
const RANDOM_LENGTH = 11;

/**
 * Compiles the prefix of a delivery stream: `!{timestamp:<pattern>}` with the pattern of Java's DateTimeFormatter in UTC,
 * and `!{firehose:random-string}`. Without a timestamp expression, year, month, day and hour follow it
 * (Amazon Data Firehose developer guide, custom prefixes for Amazon S3 objects).
 * @throws LocalError for an expression that is not emulated
 */
export function compilePrefix(text: string): Prefix {
  const full = text.includes('!{timestamp:') ? text : text + DEFAULT_EXPRESSION;
  const parts: Prefix[] = [];
  let at = 0;
  for (const match of full.matchAll(EXPRESSION)) {
    const literal = full.slice(at, match.index);
    parts.push(() => literal, compileExpression(match[1]!, text));
    at = match.index + match[0].length;
  }
  const rest = full.slice(at);
  return (context) => parts.map((part) => part(context)).join('') + rest;
}

function compileExpression(expression: string, prefix: string): Prefix {
  if (expression.startsWith('timestamp:'))
    return compileTimestamp(expression.slice('timestamp:'.length), prefix);
  if (expression === 'firehose:random-string')
    return ({ seed }) => createHash('sha256').update(seed).digest('base64url').slice(0, RANDOM_LENGTH);
  throw new LocalError(
    `Cannot read the prefix '${prefix}': the expression '!{${expression}}' is not emulated, only timestamp and firehose:random-string are`,
  );
}

const FIELDS: Readonly<Record<string, (time: Date) => number>> = {
  y: (time) => time.getUTCFullYear(),
  u: (time) => time.getUTCFullYear(),
  M: (time) => time.getUTCMonth() + 1,
  d: (time) => time.getUTCDate(),
  H: (time) => time.getUTCHours(),
  m: (time) => time.getUTCMinutes(),
  s: (time) => time.getUTCSeconds(),
  S: (time) => time.getUTCMilliseconds(),
};

/** Letters are fields, quoted text and everything else stands for itself, `''` is one quote. */
function compileTimestamp(pattern: string, prefix: string): Prefix {
  const tokens = pattern.match(/''|'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']/g) ?? [];
  const parts = tokens.map((token): ((time: Date) => string) => {
    if (token === "''") return () => "'";
    if (token.startsWith("'")) return () => token.slice(1, -1).replaceAll("''", "'");
    if (!/[A-Za-z]/.test(token)) return () => token;
    const field = FIELDS[token[0]!];
    if (!field)
      throw new LocalError(
        `Cannot read the prefix '${prefix}': the timestamp field '${token}' is not emulated, only ${Object.keys(FIELDS).join(' ')} are`,
      );
    return (time) => String(field(time)).padStart(token.length, '0').slice(-Math.max(token.length, 2));
  });
  return ({ timestampMillis }) => parts.map((part) => part(new Date(timestampMillis))).join('');
}
