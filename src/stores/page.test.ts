import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutPage, needsMore } from './page.ts';

const times = fc
  .array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 })
  .map((list) => list.sort((a, b) => a - b));
const same = (time: number) => time;

/** Reads like a store: rows from an instant on, until the page can be cut. */
function readPage(all: readonly number[], from: number, limit: number) {
  const rows: number[] = [];
  for (const time of all.filter((each) => each >= from)) {
    if (rows.length > 0 && !needsMore(rows, limit, same)) break;
    rows.push(time);
  }
  return cutPage(rows, limit, same);
}

describe('pages', () => {
  it('joined together are all rows, each once, and only one instant exceeds a limit', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 10 }), (all, limit) => {
        const read: number[] = [];
        let from: number | undefined = 0;
        while (from !== undefined) {
          const page: ReturnType<typeof readPage> = readPage(all, from, limit);
          expect(page.rows.length <= limit || new Set(page.rows).size === 1).toBe(true);
          read.push(...page.rows);
          from = page.nextFromMillis;
        }
        expect(read).toEqual(all);
      }),
    );
  });
});
