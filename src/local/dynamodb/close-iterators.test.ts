import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { closeIterators, type IterableDatabase } from './close-iterators.ts';

interface LevelDatabase extends IterableDatabase {
  put(key: string, value: string): Promise<void>;
  close(): Promise<void>;
}

type LevelClass = new (folder: string) => LevelDatabase;

const requireHere = createRequire(import.meta.url);
const { Level } = createRequire(requireHere.resolve('dynalite'))('level') as { Level: LevelClass };

test.each(['keys', 'values'] as const)('an iterator of %s() is closed by return()', async (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'mesonet-level-'));
  const database = new Level(folder);
  try {
    closeIterators(database);
    await database.put('a', '1');
    const iterator = database[name]({}) as ReturnType<IterableDatabase['keys']> & {
      next(): Promise<unknown>;
    };
    expect(await iterator.next()).toBe(name === 'keys' ? 'a' : '1');
    await iterator.return?.();
    await expect(iterator.next()).rejects.toMatchObject({ code: 'LEVEL_ITERATOR_NOT_OPEN' });
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
