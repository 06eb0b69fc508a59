import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { whileHolding } from './file-lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'mesonet-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('whileHolding()', () => {
  it('lets one work at a time, and gives the lock back', async () => {
    const file = join(folder, 'deeper', 'one.lock');
    let working = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      working += 1;
      most = Math.max(most, working);
      await sleep(20);
      working -= 1;
    };
    await Promise.all([1, 2, 3].map(() => whileHolding(file, work)));
    expect(most).toBe(1);
    expect(existsSync(file)).toBe(false);
  });

  it('gives the lock back when the work fails', async () => {
    const file = join(folder, 'failed.lock');
    await expect(whileHolding(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(file)).toBe(false);
  });

  it('passes over a holder that died', async () => {
    const file = join(folder, 'dead.lock');
    // Above the highest process id that Linux gives.
    writeFileSync(file, '4194305');
    expect(await whileHolding(file, async () => 'done')).toBe('done');
  });
});
