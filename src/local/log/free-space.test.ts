import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFreeSpace } from './free-space.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-free-space-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('the free space of a disk', () => {
  it('lets through what there is room for', () => {
    expect(() => checkFreeSpace(folder, 1)).not.toThrow();
  });

  it('refuses what would take all of it, with what is free and what is to stay so', () => {
    const { bavail, bsize } = statfsSync(folder);
    expect(() => checkFreeSpace(folder, bavail * bsize)).toThrow(
      /^no space left on the disk of '.*': [\d.]+ MB are free, and 16\.0 MB are to stay so$/,
    );
  });

  it('says so where there is no such folder', () => {
    expect(() => checkFreeSpace(join(folder, 'none'), 1)).toThrow(/ENOENT/);
  });
});
