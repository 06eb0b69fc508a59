import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyDictionary } from './key-dictionary.ts';
import type { Value } from './row.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

/** Few distinct values, so that keys come again; ends and beginnings that many texts share. */
const value = fc.oneof(
  fc.constantFrom<Value>(null, true, false, 0, -0, 1, '1', '', 0.5, -1, 1e300),
  fc.integer({ min: 0, max: 60 }).map((n) => `${n}-the-same-long-end`),
  fc.integer({ min: 0, max: 60 }).map((n) => `the-same-long-beginning-${n}`),
);

describe('the dictionary of keys', () => {
  it('numbers every key once, in the order they came', () => {
    const rows = fc.array(fc.tuple(value, value, value), { maxLength: 400 });
    fc.assert(
      fc.property(rows, (given) => {
        const keys = new KeyDictionary([2, 0]);
        const expected = new Map<string, number>();
        for (const row of given) {
          const text = JSON.stringify([row[2], row[0]]);
          expect(keys.findRow(row)).toBe(expected.get(text) ?? -1);
          if (!expected.has(text)) expected.set(text, keys.add(row));
          expect(keys.find(row[2], row[0])).toBe(expected.get(text));
        }
        expect(keys.size).toBe(expected.size);
      }),
    );
  });

  it('finds keys whose hashed characters are all the same', () => {
    const keys = new KeyDictionary([0, 1]);
    for (let n = 0; n < 3000; n++) keys.add(['one for all', `${n} of the same kind`]);
    for (let n = 0; n < 3000; n++) expect(keys.find('one for all', `${n} of the same kind`)).toBe(n);
    expect(keys.find('one for all', 'none')).toBe(-1);
  });

  it('forgets the keys that are not marked and numbers the others anew', () => {
    const keys = new KeyDictionary([0]);
    for (let n = 0; n < 100; n++) keys.add([`sensor-${n}`]);
    const numbers = keys.keep(Uint8Array.from({ length: 100 }, (_, n) => n % 2));
    expect(keys.size).toBe(50);
    expect(numbers[42]).toBe(-1);
    expect(keys.find('sensor-42')).toBe(-1);
    expect(keys.find('sensor-43')).toBe(numbers[43]);
    expect(keys.value(numbers[43]!, 0)).toBe('sensor-43');
  });

  it('comes back from a snapshot with the same numbers', () => {
    const keys = new KeyDictionary([0, 1]);
    for (let n = 0; n < 200; n++) keys.add([`sensor-${n}`, n % 3 === 0 ? null : n / 2]);
    const writer = new SnapshotWriter();
    keys.save(writer);
    const restored = new KeyDictionary([0, 1]);
    restored.load(new SnapshotReader(writer.finish()));
    for (let n = 0; n < 200; n++) expect(restored.find(`sensor-${n}`, n % 3 === 0 ? null : n / 2)).toBe(n);
  });

  it('holds the one key of a query without key columns', () => {
    const keys = new KeyDictionary([]);
    expect(keys.findRow([])).toBe(-1);
    expect(keys.add([])).toBe(0);
    expect(keys.findRow([])).toBe(0);
  });
});
