import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundleFunctions, handlerFiles } from './bundle-functions.test-support.ts';

/** A function of this size starts in well under 150 ms: bench/cold-start.bench.ts. */
const MOST_BYTES = 1_000_000;

it('bundles each function into at most a megabyte', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mesonet-bundles-'));
  try {
    const files = handlerFiles();
    const sizes = await bundleFunctions(files, folder);
    expect([...sizes.keys()].sort()).toEqual(files.sort());
    expect([...sizes].filter(([, bytes]) => bytes > MOST_BYTES)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
