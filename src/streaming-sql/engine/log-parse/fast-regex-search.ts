import { RE2JS } from 're2js';
import type { FastRegexStep } from '../../fast-regex/fast-regex-step.ts';
import { compilePattern } from './compile-pattern.ts';
import type { ParseFields } from './parse-fields.ts';

/** Runs the searches one behind the other; each begins where the last one ended and none is tried again. */
export function compileFastRegex(steps: readonly FastRegexStep[]): ParseFields {
  const searches = steps.map(({ pattern, marks }) => ({
    regex: compilePattern(pattern, RE2JS.DOTALL),
    marks,
  }));
  return (text) => {
    const edges: number[] = [];
    let at = 0;
    for (const { regex, marks } of searches) {
      const matcher = regex.matcher(text.slice(at));
      if (!matcher.lookingAt()) return null;
      for (const [index, mark] of marks.entries()) edges[mark] = at + matcher.start(index + 1);
      at += matcher.end();
    }
    return Array.from({ length: edges.length / 2 }, (_, column) =>
      text.slice(edges[2 * column], edges[2 * column + 1]),
    );
  };
}
