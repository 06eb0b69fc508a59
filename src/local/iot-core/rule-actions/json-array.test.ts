import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitJsonArray } from './json-array.ts';

test('splits any array into the texts of its elements', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.boolean(), (values, isSpread) => {
      const text = JSON.stringify(values, undefined, isSpread ? 2 : undefined);
      const parts = splitJsonArray(text)!;
      expect(parts.map((part) => JSON.parse(part) as unknown)).toEqual(JSON.parse(text));
    }),
  );
});

test('keeps every digit of a number', () => {
  expect(splitJsonArray('[12345678901234567890,1.10]')).toEqual(['12345678901234567890', '1.10']);
});

test.each(['{"a":[1]}', '"[1]"', '1', ''])('takes %s for no array', (text) => {
  expect(splitJsonArray(text)).toBeUndefined();
});
