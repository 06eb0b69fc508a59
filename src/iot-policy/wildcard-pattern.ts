import { type PolicyValues, parseTemplate } from './policy-template.ts';

/** Tells whether a text fits a pattern. */
export type TextMatcher = (text: string) => boolean;

/** A character of a pattern: itself, or one of the wildcards. */
type Glyph = string | typeof ANY_TEXT | typeof ANY_CHARACTER;
const ANY_TEXT = Symbol('*');
const ANY_CHARACTER = Symbol('?');

/**
 * Compiles a pattern in which `*` stands for any text and `?` for any character; `+` and `#` are themselves (AWS IoT
 * developer guide, pub-sub-policy, wildcard characters). Values of variables are literal: what a device can choose
 * never works as a wildcard.
 * @returns undefined when a variable has no value, so that nothing matches
 */
export function compilePattern(pattern: string, values: PolicyValues): TextMatcher | undefined {
  const glyphs: Glyph[] = [];
  for (const part of parseTemplate(pattern)) {
    if (part.kind === 'unclosed') return undefined;
    if (part.kind === 'variable') {
      const value = values.single(part.name);
      if (value === undefined) return undefined;
      glyphs.push(...value);
    } else if (part.kind === 'literal') glyphs.push(part.text);
    else for (const character of part.text) glyphs.push(WILDCARDS[character] ?? character);
  }
  return matcherOf(glyphs);
}

/** A pattern without variables, compared without regard to case: the actions of a policy. */
export function compileActionPattern(pattern: string): TextMatcher {
  const match = matcherOf([...pattern.toLowerCase()].map((character) => WILDCARDS[character] ?? character));
  return (text) => match(text.toLowerCase());
}

const WILDCARDS: Readonly<Record<string, Glyph>> = Object.assign(Object.create(null), {
  '*': ANY_TEXT,
  '?': ANY_CHARACTER,
});

function matcherOf(glyphs: readonly Glyph[]): TextMatcher {
  if (glyphs.includes(ANY_CHARACTER)) return slowMatcher(glyphs);
  const texts = textsBetween(glyphs);
  const [first, ...rest] = texts as [string, ...string[]];
  if (rest.length === 0) return (text) => text === first;
  const last = rest.pop()!;
  return (text) => matchParts(text, first, rest, last);
}

/** Joined, since what is put together by `+` is a tree of its characters, ten times as large, until it is first compared. */
function textsBetween(glyphs: readonly Glyph[]): string[] {
  const texts: string[] = [];
  let from = 0;
  for (let at = glyphs.indexOf(ANY_TEXT); at >= 0; at = glyphs.indexOf(ANY_TEXT, from)) {
    texts.push(glyphs.slice(from, at).join(''));
    from = at + 1;
  }
  texts.push(glyphs.slice(from).join(''));
  return texts;
}

/** Greedy from the left, which is right for `*`: the earliest place of each part leaves most to the ones after it. */
function matchParts(text: string, first: string, middle: readonly string[], last: string): boolean {
  if (text.length < first.length + last.length) return false;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let from = first.length;
  for (const part of middle) {
    const at = text.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}

/** With one place to go back to, so that no pattern takes more than its length times the text's. */
function slowMatcher(glyphs: readonly Glyph[]): TextMatcher {
  return (text) => {
    const characters = [...text];
    let at = 0;
    let glyph = 0;
    let star = -1;
    let starAt = 0;
    while (at < characters.length) {
      const wanted = glyphs[glyph];
      if (wanted === ANY_TEXT) {
        star = glyph++;
        starAt = at;
      } else if (wanted === ANY_CHARACTER || wanted === characters[at]) {
        glyph += 1;
        at += 1;
      } else if (star >= 0) {
        glyph = star + 1;
        at = ++starAt;
      } else return false;
    }
    while (glyphs[glyph] === ANY_TEXT) glyph += 1;
    return glyph === glyphs.length;
  };
}
