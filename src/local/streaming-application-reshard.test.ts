import { describe, expect, it } from 'vitest';
import { compiled, newFolder, Running, windows, world } from './streaming-application.test-support.ts';

const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
/** Rows that look at the row before them. */
const changes = `
  CREATE STREAM "OUT" ("k" VARCHAR(4), "v" INT, "last" INT, "n" INT);
  CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k", "v",
    LAG("v", 1, -1) OVER (PARTITION BY "k" ROWS 1 PRECEDING), 1 FROM S_001;`;

async function round(running: Running, v: number): Promise<void> {
  await running.put(...keys.map((k) => ({ k, v })));
}

const rowsOf = (running: Running): Record<string, number | string>[] =>
  running
    .all(running.output)
    .map(({ data }) => JSON.parse(data.toString()) as Record<string, number | string>);

/** Each key's count over all windows; no window may come twice. */
function counts(running: Running): Record<string, number> {
  const rows = rowsOf(running);
  expect(new Set(rows.map(({ k, end }) => `${k} ${end}`)).size).toBe(rows.length);
  return Object.fromEntries(
    keys.map((key) => [key, rows.filter(({ k }) => k === key).reduce((sum, { n }) => sum + Number(n), 0)]),
  );
}

const eachCounted = (n: number) => Object.fromEntries(keys.map((key) => [key, n]));

describe('a streaming application on a stream that is resharded', () => {
  it('counts every record in one window, through splits, merges and kills', async () => {
    let running = new Running(newFolder());
    await round(running, 1);
    for (const count of [4, 3, 2, 1]) {
      running.input.topology.scale(count);
      await round(running, count);
      if (count % 2 === 1) running = running.kill();
      await round(running, count);
    }
    await running.settle();
    await running.application.stop();
    expect(counts(running)).toEqual(eachCounted(9));
    expect(running.application.lag()).toMatchObject({ backlog: 0, arrived: 72 });
    expect(running.stage('windows app')).toMatchObject({ in: 72, out: 72, balanced: true });
    await running.end();
  });

  it('closes windows without a tick for shards that are over', async () => {
    const running = new Running(newFolder());
    await round(running, 1);
    running.input.topology.scale(1);
    await round(running, 1);
    await running.until(() => running.application.lag().backlog === 0);
    const { watermarkMillis } = running.application.stats();
    expect(watermarkMillis).toBe(world.now);
    await running.end();
  });

  it('gives the rows of a key in order, also where there was one shard and rows looked at the one before', async () => {
    let running = new Running(newFolder(), compiled(changes));
    running.input.topology.scale(1);
    await round(running, 0);
    await running.until(() => running.application.lag().backlog === 0);
    running = running.kill();
    for (const [at, count] of [2, 4, 2].entries()) {
      running.input.topology.scale(count);
      await round(running, at + 1);
    }
    await running.until(() => running.application.lag().backlog === 0);
    world.now += 60_000;
    await running.until(() => rowsOf(running).length === keys.length * 4);
    for (const key of keys)
      expect(
        rowsOf(running)
          .filter(({ k }) => k === key)
          .map(({ v, last }) => [last, v]),
      ).toEqual([
        [-1, 0],
        [0, 1],
        [1, 2],
        [2, 3],
      ]);
    await running.end();
  });

  it('goes on from a checkpoint that was made before the shards changed', async () => {
    const running = new Running(newFolder());
    await round(running, 1);
    await running.until(() => running.application.lag().backlog === 0);
    await running.application.stop();
    running.input.topology.scale(4);
    await round(running, 1);
    const again = running.kill();
    await again.settle();
    await again.application.stop();
    expect(counts(again)).toEqual(eachCounted(2));
    expect(again.stage('windows app')).toMatchObject({ in: 16, out: 16, balanced: true });
    await again.end();
  });

  it('counts as expired what a closed shard lost before it was read', async () => {
    const running = new Running(newFolder(), compiled(windows));
    await running.application.stop();
    await round(running, 1);
    running.input.topology.scale(1);
    world.now += 3_600_000;
    await round(running, 1);
    world.now += 23.5 * 3_600_000;
    expect(running.input.trim(world.now)).toBe(8);
    expect(running.input.shardIds).toHaveLength(1);
    await running.until(() => [0, 1].every((shard) => !running.log.nextBlock('in', shard, 0)));
    const again = running.kill();
    await again.settle();
    await again.application.stop();
    expect(counts(again)).toEqual(eachCounted(1));
    expect(again.stage('windows app')).toMatchObject({
      in: 16,
      out: 8,
      dropped: { expired: 8 },
      balanced: true,
    });
    await again.end();
  });
});
