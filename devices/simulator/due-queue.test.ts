import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DueQueue } from './due-queue.ts';

test('gives back exactly what is due, in order, whatever the order of adding', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1000 })),
      fc.integer({ min: 0, max: 1000 }),
      (times, now) => {
        const queue = new DueQueue<number>();
        for (const time of times) queue.add(time, time);
        const sorted = times.toSorted((a, b) => a - b);
        expect(queue.takeDue(now)).toEqual(sorted.filter((time) => time <= now));
        expect(queue.size).toBe(times.filter((time) => time > now).length);
        expect(queue.takeDue(Number.POSITIVE_INFINITY)).toEqual(sorted.filter((time) => time > now));
      },
    ),
  );
});
