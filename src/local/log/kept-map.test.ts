import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DurableLog } from './durable-log.ts';
import { KeptMap } from './kept-map.ts';

test('a kept map is the same after a restart, whatever its keys are called', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kept-map-'));
  const open = () => DurableLog.open({ folder, durability: 'process' });
  let log = open();
  const map = new KeptMap<{ n: number }>(log, 'things/');
  const neighbour = new KeptMap<number>(log, 'things-of/');
  for (const [n, key] of ['__proto__', 'constructor', 'b', 'a', 'gone'].entries()) map.set(key, { n });
  neighbour.set('a', 1);
  await log.durable();
  map.set('b', { n: 22 });
  map.delete('gone');
  map.delete('never');
  expect(log.readState('things/gone')).toBeUndefined();
  await log.close();
  log = open();
  expect(new KeptMap(log, 'things/').sorted()).toEqual([
    ['__proto__', { n: 0 }],
    ['a', { n: 3 }],
    ['b', { n: 22 }],
    ['constructor', { n: 1 }],
  ]);
  expect(new KeptMap(log, 'things-of/').size).toBe(1);
  await log.close();
  rmSync(folder, { recursive: true });
});
