import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attributeValueOf, jsonOfAttribute } from './attribute-value.ts';

test('types every kind of JSON value, with the digits of its numbers', () => {
  expect(
    attributeValueOf('{"s":"x","n":12345678901234567890,"d":1.50,"b":true,"z":null,"l":[1,"a"]}'),
  ).toEqual({
    M: {
      s: { S: 'x' },
      n: { N: '12345678901234567890' },
      d: { N: '1.50' },
      b: { BOOL: true },
      z: { NULL: true },
      l: { L: [{ N: '1' }, { S: 'a' }] },
    },
  });
});

test('gives any JSON back', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(jsonOfAttribute(attributeValueOf(text))).toEqual(JSON.parse(text));
    }),
  );
});

test('reads sets as arrays', () => {
  expect(jsonOfAttribute({ M: { names: { SS: ['a'] }, numbers: { NS: ['1', '2.5'] } } })).toEqual({
    names: ['a'],
    numbers: [1, 2.5],
  });
});
