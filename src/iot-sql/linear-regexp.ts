import { RE2JS } from 're2js';
import { MAX_TEXT_LENGTH } from './limits.ts';

/** Patterns kept compiled; rules that build patterns from messages must not grow memory. */
const MAX_CACHED_PATTERNS = 200;

/** Longest pattern; compiling takes time and memory in proportion. */
const MAX_PATTERN_LENGTH = 1000;

/** A regular expression whose matching takes time in proportion to the text, whatever the pattern. */
export interface LinearRegexp {
  isFoundIn(text: string): boolean;
  /** The first match; undefined when there is none. */
  firstIn(text: string): string | undefined;
  /**
   * Every match replaced, the replacement read as Java does: `$1` is a group, a backslash escapes. Undefined when it names
   * a group that does not exist.
   */
  replaceAll(text: string, replacement: string): string | undefined;
}

const cache = new Map<string, LinearRegexp | undefined>();

/**
 * Compiles a pattern in RE2's syntax, which is Java's without look-around, back-references and possessive repetition.
 * Undefined when it is none.
 */
export function compileRegexp(pattern: string): LinearRegexp | undefined {
  if (cache.has(pattern)) return cache.get(pattern);
  if (cache.size >= MAX_CACHED_PATTERNS) cache.delete(cache.keys().next().value ?? '');
  const compiled = pattern.length > MAX_PATTERN_LENGTH ? undefined : wrap(pattern);
  cache.set(pattern, compiled);
  return compiled;
}

function wrap(pattern: string): LinearRegexp | undefined {
  const regexp = attempt(() => RE2JS.compile(pattern));
  if (regexp === undefined) return undefined;
  return {
    isFoundIn: (text) => regexp.matcher(text).find(),
    firstIn(text) {
      const matcher = regexp.matcher(text);
      return matcher.find() ? (matcher.group() ?? undefined) : undefined;
    },
    replaceAll(text, replacement) {
      if (longestReplaced(regexp, text, replacement) > MAX_TEXT_LENGTH) return undefined;
      return attempt(() => regexp.matcher(text).replaceAll(replacement, true));
    },
  };
}

/** A bound on the length after replacing; matches are counted only where a cruder bound would not do. */
function longestReplaced(regexp: RE2JS, text: string, replacement: string): number {
  const groups = replacement.split('$').length;
  const crude = text.length * (groups + 1) + (text.length + 1) * replacement.length;
  if (crude <= MAX_TEXT_LENGTH) return crude;
  let count = 0;
  const matcher = regexp.matcher(text);
  while (matcher.find()) count++;
  return text.length * groups + count * replacement.length;
}

/** The engine reports malformed patterns and unknown groups by throwing. */
function attempt<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** What Java's regular expressions have and a linear-time engine cannot run. */
const JAVA_ONLY: readonly (readonly [feature: string, pattern: RegExp])[] = [
  ['look-ahead', /\(\?[=!]/],
  ['look-behind', /\(\?<[=!]/],
  ['an atomic group', /\(\?>/],
  ['a back-reference', /\\(?:[1-9]|k<)/],
  ['possessive repetition', /[*+?}]\+/],
  ['repetition of more than 1000 times in all', /\{\d/],
];

/** The feature of Java's regular expressions that keeps a pattern from compiling here; undefined when it is just malformed. */
export function javaOnlyFeature(pattern: string): string | undefined {
  return JAVA_ONLY.find(([, candidate]) => candidate.test(pattern))?.[0];
}
