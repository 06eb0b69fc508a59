import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GroupSlots } from './group-slots.ts';

test('slots are found again whatever the numbers of the keys, renumbered or not', () => {
  const numbers = fc.uniqueArray(
    fc.oneof(
      fc.nat(500),
      fc.nat(5000),
      fc.nat(100).map((n) => n * 64),
    ),
    { maxLength: 600 },
  );
  fc.assert(
    fc.property(numbers, (keys) => {
      const slots = new GroupSlots();
      for (const [slot, key] of keys.entries()) {
        expect(slots.find(key)).toBe(-1);
        expect(slots.add(key)).toBe(slot);
      }
      for (const [slot, key] of keys.entries()) expect(slots.find(key)).toBe(slot);
      const moved = Int32Array.from({ length: 6401 }, (_, key) => 6400 - key);
      slots.renumber(moved);
      for (const [slot, key] of keys.entries()) expect(slots.find(6400 - key)).toBe(slot);
    }),
  );
});
