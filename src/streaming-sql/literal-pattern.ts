import { RE2JS } from 're2js';

/** A pattern that cannot be compiled: the reason, or null when it can. Patterns run in linear time (RE2 syntax). */
export function regexProblem(pattern: string): string | null {
  try {
    RE2JS.compile(pattern, RE2JS.DOTALL);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** How many groups a pattern that compiles captures. */
export function groupCount(pattern: string): number {
  return RE2JS.compile(pattern, RE2JS.DOTALL).groupCount();
}

/** Letters of java.text.SimpleDateFormat that conversions know. */
const dateLetters = 'yMdDEuaHkKhmsSGzZX';

/** The first letter of a date pattern that is not supported, or null. */
export function unknownDateLetter(pattern: string): string | null {
  const bare = pattern.replace(/'(?:[^']|'')*'/g, '');
  return [...bare].find((letter) => /[A-Za-z]/.test(letter) && !dateLetters.includes(letter)) ?? null;
}

/** Does a date pattern write hours to 12 without saying which half of the day they are in? */
export function isHalfDay(pattern: string): boolean {
  const bare = pattern.replace(/'(?:[^']|'')*'/g, '');
  return /[hK]/.test(bare) && !bare.includes('a');
}

/** SIMILAR TO as a regular expression: % and _ as in LIKE; | * + ? { } ( ) [ ] as in regular expressions. */
export function translateSimilar(pattern: string, escapeCharacter: string | null): string {
  let result = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === escapeCharacter && at + 1 < pattern.length) result += quote(pattern[++at]!);
    else if (character === '%') result += '.*';
    else if (character === '_') result += '.';
    else if ('|*+?{}()[]-,'.includes(character) || (character === '^' && pattern[at - 1] === '['))
      result += character;
    else result += quote(character);
  }
  return result;
}

function quote(character: string): string {
  return /[\\^$.|?*+()[\]{}]/.test(character) ? `\\${character}` : character;
}
