import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitDelimited } from './split-delimited.ts';

const parser = { kind: 'delimited', delimiter: '::', escape: '\\', quoteBegin: '[', quoteEnd: ']' } as const;

describe('delimited fields', () => {
  it('come back whatever they hold, once delimiters, quotes and escapes in them are escaped', () => {
    const field = fc.string({ unit: fc.constantFrom('a', ':', '\\', '[', ']', ' '), maxLength: 8 });
    const protect = (text: string): string => text.replace(/[\\[\]]/g, '\\$&').replaceAll('::', '\\::');
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 5 }), (fields) => {
        fc.pre(fields.every((text) => !text.startsWith(':') && !text.endsWith(':') && !text.includes(':::')));
        expect(splitDelimited(fields.map(protect).join('::'), parser)).toEqual(fields);
      }),
      { numRuns: 500 },
    );
  });

  it('are what split gives where there is neither quote nor escape', () => {
    const plain = { kind: 'delimited', delimiter: ',', escape: '', quoteBegin: '', quoteEnd: '' } as const;
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(splitDelimited(text, plain)).toEqual(text.split(','));
      }),
    );
  });

  it('hold delimiters between quotes, and everything after a quote that is never closed', () => {
    expect(splitDelimited('a[b::c]d::e', parser)).toEqual(['ab::cd', 'e']);
    expect(splitDelimited('a::[b::c', parser)).toEqual(['a', 'b::c']);
  });
});
