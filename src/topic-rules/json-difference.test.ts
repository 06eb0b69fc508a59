import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonValue } from '../iot-sql/index.ts';
import { jsonDifferences } from './json-difference.ts';

const print = (expected: JsonValue, actual: JsonValue) =>
  jsonDifferences(expected, actual).map((each) => `${each.path}: ${each.expected} → ${each.actual}`);

test.each<[string, JsonValue, JsonValue, readonly string[]]>([
  ['the order of keys does not count', { a: 1, b: [2] }, { b: [2], a: 1 }, []],
  ['members that differ', { a: { b: [1, 2] } }, { a: { b: [1, 3] } }, ['$.a.b[1]: 2 → 3']],
  ['members that are absent', { a: null }, { b: 1 }, ['$.a: null → absent', '$.b: absent → 1']],
  ['lists of other lengths', [1], [1, { a: 2 }], ['$[1]: absent → {"a":2}']],
  [
    'types',
    { a: '1', b: [], c: {} },
    { a: 1, b: {}, c: null },
    ['$.a: "1" → 1', '$.b: [] → {}', '$.c: {} → null'],
  ],
  ['names that are no names', { 'a b': 1 }, { 'a b': 2 }, ['$["a b"]: 1 → 2']],
  ['names that every object inherits', { constructor: 1 }, {}, ['$.constructor: 1 → absent']],
  ['__proto__', JSON.parse('{"__proto__":{"a":1}}'), {}, ['$.__proto__: {"a":1} → absent']],
  ['texts that vary', { id: { $pattern: '^[0-9a-f]{8}-' } }, { id: '0a1b2c3d-x' }, []],
  ['texts that vary otherwise', { $pattern: '^a' }, 'b', ['$: text that matches /^a/ → "b"']],
  ['a pattern for what is no text', { $pattern: 'true' }, true, ['$: text that matches /true/ → true']],
])('compares %s', (_, expected, actual, differences) => {
  expect(print(expected, actual)).toEqual(differences);
});

test('finds none exactly when two values are deeply equal', () => {
  const values = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
  fc.assert(
    fc.property(values, values, (a, b) => {
      expect(print(a, structuredClone(a) as JsonValue)).toEqual([]);
      expect(print(a, b).length === 0).toBe(isDeepStrictEqual(a, b));
    }),
  );
});
