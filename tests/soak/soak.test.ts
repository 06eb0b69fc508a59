import { describe, expect, it } from 'vitest';
import { printMarks } from './marks.ts';
import { runSoakSession } from './run.ts';

/** Longer with `npm run test:soak`; docs/reliability.md has the longest run. */
const OVERLOAD_SECONDS = 3;
const SOAK_SECONDS = 20;

describe('more than the machine takes, then a steady load with reconnects', () => {
  it('loses nothing that was acknowledged, and leaves nothing open', { timeout: 1_500_000 }, async () => {
    const marks = await runSoakSession({
      rampSeconds: 1,
      overloadSeconds: OVERLOAD_SECONDS,
      soakSeconds: SOAK_SECONDS,
      stormSeconds: 10,
      isChecked: true,
      print: console.log,
    });
    console.log(printMarks(marks));
    // How fast the machine is says nothing here: it does other work as well.
    expect(marks.filter(({ kind, isMet }) => kind === 'correct' && !isMet)).toEqual([]);
    expect(marks.length).toBeGreaterThan(10);
  });
});
