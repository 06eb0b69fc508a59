import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FuzzClass } from './fuzz-class.ts';
import { mutate, piecesOf } from './mutate.ts';
import { runFuzz } from './run-fuzz.ts';

const planted = (check: (input: Buffer) => void, isWhole: boolean): FuzzClass => ({
  isWhole,
  name: 'planted',
  counts: { ci: 1, long: 1 },
  open: () => ({
    generate: (random) => mutate(Buffer.from('some text of some length'), random, piecesOf('x <BAD> y')),
    check,
  }),
});
const run = (check: (input: Buffer) => void, seed = 1, isWhole = false) =>
  runFuzz(planted(check, isWhole), { count: 2000, seed });

const BUSY_MICROS = 150_000;

describe('a mistake that is built in', () => {
  it('is found, and its input made as small as it goes', async () => {
    const { failure } = await run((input) => {
      if (input.includes('<BAD>')) throw new Error('planted');
    });
    expect(failure?.message).toContain('planted');
    expect(failure?.input.toString()).toBe('<BAD>');
  });

  it('is found at the same input again', async () => {
    const find = async (seed: number): Promise<number | undefined> =>
      (
        await run((input) => {
          if (input.length > 60) throw new Error('planted');
        }, seed)
      ).failure?.index;
    expect(await find(3)).toBe(await find(3));
    expect(await find(3)).toBeTypeOf('number');
  });

  it('is found where an input keeps the computer busy', { timeout: 300_000 }, async () => {
    const busy = (input: Buffer): void => {
      if (!input.includes('<BAD>')) return;
      const start = process.cpuUsage();
      const work = Buffer.alloc(1_000_000);
      while (process.cpuUsage(start).user < BUSY_MICROS) createHash('sha256').update(work).digest();
    };
    const { failure } = await run(busy, 1, true);
    expect(failure?.message).toMatch(/took \d+ ms/);
  });

  it('is found where every object gets a property, which is taken away again', async () => {
    const { failure } = await run((input) => {
      if (input.includes('<BAD>')) (Object.prototype as Record<string, unknown>).polluted = 1;
    });
    expect(failure?.message).toBe('Object.prototype has got polluted');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

it('where there is none, every input is tried', async () => {
  const { failure, inputs } = await run(() => {});
  expect(failure).toBeUndefined();
  expect(inputs).toBe(2000);
});
