import { isAbsolute, normalize } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyOfPath, pathOfKey } from './s3-key-path.ts';

describe('the path of a key', () => {
  test.each([['curated/date=2026-11-21/hour=04/shardId-000000000000-4966.json.gz'], ['a b/ü.txt']])(
    '%s stays as it is',
    (key) => {
      expect(pathOfKey(key)).toBe(key);
    },
  );

  test.each([
    ['../../etc/passwd', '%2E%2E/%2E%2E/etc/passwd'],
    ['/absolute', '%/absolute'],
    ['folder/', 'folder/%'],
    ['a//b', 'a/%/b'],
    ['a\0b', 'a%00b'],
    ['100%', '100%25'],
    ['a\\b:c', 'a%5Cb%3Ac'],
    ['.', '%2E'],
  ])('%j is escaped', (key, path) => {
    expect(pathOfKey(key)).toBe(path);
    expect(keyOfPath(path)).toBe(key);
  });

  test('never leads out of the folder, and leads back to its key', () => {
    const key = fc.oneof(
      fc.string({ minLength: 1, unit: 'grapheme' }),
      fc
        .array(fc.constantFrom('..', '.', '', 'a', '%', '%2E', '\0'), { minLength: 1 })
        .map((segments) => segments.join('/')),
    );
    fc.assert(
      fc.property(key, (text) => {
        const path = pathOfKey(text);
        expect(isAbsolute(path)).toBe(false);
        expect(normalize(path)).toBe(path);
        expect(path.split('/')).not.toContain('..');
        expect(keyOfPath(path)).toBe(text);
      }),
    );
  });

  test('two keys never share a path', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        fc.pre(one !== other);
        expect(pathOfKey(one)).not.toBe(pathOfKey(other));
      }),
    );
  });

  test('a segment that no file system takes goes under its hash', () => {
    const path = pathOfKey(`a/${'x'.repeat(300)}`);
    expect(path).toMatch(/^%long\/[0-9a-f]{64}$/);
    expect(keyOfPath(path)).toBeUndefined();
  });
});
