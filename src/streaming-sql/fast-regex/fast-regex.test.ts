import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { numberInterval } from './number-interval.ts';
import { FastRegexError, parseFastRegex } from './parse-fast-regex.ts';
import { planFastRegex } from './plan-fast-regex.ts';

const searches = (pattern: string): string[] => planFastRegex(pattern).steps.map((step) => step.pattern);

describe('a Fast Regex pattern', () => {
  it('decomposes into the searches that the reference prints', () => {
    expect(searches('(.*)_+(._.*)')).toEqual(['()(?:.)*?()(?:_)', '(?:_)*?()._', '(?:.)*?()\\z']);
    expect(searches('(.*) +(<Alpha>.*)')).toEqual(['()(?:.)*?()(?: )', '(?: )*?()[A-Za-z]', '(?:.)*?()\\z']);
  });

  it('takes what lies between columns whole, and in columns as little as it can', () => {
    expect(searches('(.*)_+(.*)')).toEqual(['()(?:.)*?()(?:_)', '(?:_)*()', '(?:.)*?()\\z']);
  });

  it('gives a column for every group, nested ones too, from left to right', () => {
    const plan = planFastRegex('((a)b)-(c*)');
    expect(plan.columns).toBe(3);
    expect(plan.steps.flatMap(({ marks }) => marks)).toEqual([0, 2, 3, 1, 4, 5]);
  });

  it.each([
    ['(a', 'needs a closing'],
    ['a)', 'closes nothing'],
    ['*a', 'nothing before it to repeat'],
    ['[]', 'needs characters'],
    ['a{2,1}', 'out of range'],
    ['a{2000}', 'out of range'],
    ['<Nothing>', 'named pattern <Nothing> is unknown'],
    ['<9-1>', 'is empty'],
    ['"abc', 'closing double quote'],
    ['a&b', 'intersection (&) is not supported'],
    ['a\\', 'backslash needs a character'],
    ['(a)|b', 'cannot stand in an alternative'],
    ['(a)*', 'cannot stand in a repetition'],
    ['('.repeat(60), 'more than 50 deep'],
  ])('%s is refused with its reason', (pattern, reason) => {
    expect(() => planFastRegex(pattern)).toThrow(reason);
  });

  it('never fails other than by saying so, and gives searches that compile', () => {
    const piece = fc.constantFrom(
      ...'ab_.()[]^|*+?{}"<>\\&@# 12,',
      '<Digit>',
      '{1,2}',
      '[a-z]',
      '(.*)',
      '<1-31>',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          for (const pattern of searches(pieces.join(''))) RE2JS.compile(pattern, RE2JS.DOTALL);
        } catch (error) {
          expect(error).toBeInstanceOf(FastRegexError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('reads every symbol of the reference', () => {
    for (const pattern of ['[^a-z]', '#', '@', '"a*b"', '()', '\\*', 'a{2,}', '<Punct>', '[\\]\\-]', '[&^[]'])
      expect(() => parseFastRegex(pattern)).not.toThrow();
  });
});

describe('a numerical interval', () => {
  const digits = fc.nat({ max: 12_000 });

  it('matches exactly its numbers', () => {
    fc.assert(
      fc.property(digits, digits, digits, (a, b, probe) => {
        const [least, most] = [Math.min(a, b), Math.max(a, b)];
        const regex = RE2JS.compile(numberInterval(String(least), String(most)));
        for (const value of [probe, least, most, least - 1, most + 1])
          if (value >= 0)
            expect([value, regex.matcher(String(value)).matches()]).toEqual([
              value,
              value >= least && value <= most,
            ]);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the number of digits where both ends have as many', () => {
    const regex = RE2JS.compile(numberInterval('01', '31'));
    expect(['1', '01', '31', '001', '32', '00'].map((text) => regex.matcher(text).matches())).toEqual([
      false,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
