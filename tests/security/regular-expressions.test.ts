import { createContext, Script } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRule } from '../../src/iot-sql/index.ts';
import { regexLiterals } from './regex-literals.test-support.ts';

const SEED = 2026;
const LENGTH = 4_000;
/** For one attack; one that looks for its beginning everywhere needs some tens of milliseconds. */
const BUDGET_MILLIS = 500;

/** Takes what an expression matches, repeats a part of it, and ends so that it cannot match: what makes backtracking costly. */
function attacksOn(regex: RegExp): string[] {
  const chars = [...new Set(`${regex.source.replace(/\\[a-z]/gi, '')}a0 /"\\.-_=[{`)].slice(0, 40);
  const attacks = chars.flatMap((char) => [`${char.repeat(40)}\u0001`, `${char.repeat(LENGTH)}\u0001`]);
  for (const text of matching(regex)) {
    const places = [0, 1, 2, Math.floor(text.length / 2), text.length - 2].filter((at) => at >= 0);
    for (const at of new Set(places))
      for (const size of [1, 2, 3, 8]) {
        const part = text.slice(at, at + size);
        if (part.length < size) continue;
        for (const times of [30, Math.floor(LENGTH / size)])
          attacks.push(`${text.slice(0, at + size)}${part.repeat(times)}\u0001`);
      }
  }
  return attacks;
}

/** None of an expression with parts that the generator does not know. */
function matching(regex: RegExp): string[] {
  try {
    return fc
      .sample(fc.stringMatching(regex), { numRuns: 6, seed: SEED })
      .filter((text) => text.length < 500);
  } catch {
    return [];
  }
}

const script = new Script('regex.lastIndex = 0; regex.test(attack)');
const shared = createContext({});

function context(regex: RegExp, attack: string): object {
  return Object.assign(shared, { regex, attack });
}

/** Which attack takes too long; undefined when none does. */
function slowAttack(regex: RegExp): string | undefined {
  if (!/[+*}]/.test(regex.source)) return undefined;
  return attacksOn(regex).find((attack) => {
    try {
      script.runInContext(context(regex, attack), { timeout: BUDGET_MILLIS });
      return false;
    } catch {
      return true;
    }
  });
}

describe('regular expressions in our source', () => {
  const literals = regexLiterals();

  it('are found', () => {
    expect(literals.length).toBeGreaterThan(100);
  });

  it('that backtrack without end would be noticed', () => {
    for (const regex of [/(a+)+$/, /^(\w+\s?)*$/, /^weather\/(x|x)*$/])
      expect(slowAttack(regex)).toBeDefined();
  });

  it('take less than cubic time whatever comes', { timeout: 120_000 }, () => {
    const slow = literals.flatMap(({ file, text, regex }) => {
      const attack = slowAttack(regex);
      return attack === undefined ? [] : [`${file}: ${text} for ${JSON.stringify(attack.slice(0, 60))}…`];
    });
    expect(slow).toEqual([]);
  });
});

describe('regular expressions of users', () => {
  it.each([
    '(a+)+$',
    '(a|a)*$',
    '(a|aa)+$',
    '(.*a){20}',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(x+x+)+y',
    '([a-zA-Z]+)*b',
  ])('take linear time in a rule: %s', (pattern) => {
    const rule = compileRule(
      `SELECT regexp_matches(text, '${pattern}') AS m, regexp_substr(text, '${pattern}') AS s, regexp_replace(text, '${pattern}', '') AS r FROM 'a'`,
    );
    const started = performance.now();
    for (const text of ['a'.repeat(30_000), `${'a'.repeat(30_000)}!`, `${'x'.repeat(30_000)}`])
      rule.evaluate({ topic: 'a', payload: Buffer.from(JSON.stringify({ text })) });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it.each(['(?=a)b', '(a)\\1', '(?<=a)b'])('that would need backtracking are refused: %s', (pattern) => {
    expect(() => compileRule(`SELECT regexp_matches(text, '${pattern}') AS m FROM 'a'`)).toThrow();
  });
});
