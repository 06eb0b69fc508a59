import { describe, expect, it } from 'vitest';
import { compileApplication, type InputSchema, type TimeOptions } from '../index.ts';
import { createEngine, type EngineOptions, type OutputRow } from './index.ts';

const input: InputSchema = {
  NamePrefix: 'S',
  InputSchema: {
    RecordFormat: { RecordFormatType: 'JSON' },
    RecordColumns: [
      { Name: 'k', SqlType: 'VARCHAR(8)', Mapping: '$.k' },
      { Name: 't', SqlType: 'BIGINT', Mapping: '$.t' },
    ],
  },
};
const compile = (sql: string, time?: TimeOptions) =>
  compileApplication(sql, { input, ...(time === undefined ? {} : { time }) });
const counting = `CREATE STREAM "OUT" ("k" VARCHAR(8), "n" BIGINT);
  CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k", COUNT(*) FROM S_001
  GROUP BY "k", FLOOR(S_001.ROWTIME TO MINUTE)`;
const inOrder = `CREATE STREAM "OUT" ("k" VARCHAR(8), "t" BIGINT, "n" BIGINT);
  CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k", "t", COUNT(*) OVER
  (PARTITION BY "k" RANGE INTERVAL '1' MINUTE PRECEDING) FROM S_001`;

function run(options: Partial<EngineOptions>, plan = compile(counting)) {
  const rows: OutputRow[] = [];
  const engine = createEngine(plan, { onRow: (_, row) => rows.push(row), ...options });
  const give = (t: number, shardId: string) =>
    engine.acceptRecord({ k: 'x', t }, { arrivalMillis: t, shardId });
  return { rows, engine, give };
}

describe('shards that go on in others', () => {
  it('a shard that is over holds no window open', () => {
    const { rows, engine, give } = run({ shardIds: ['a', 'b'] });
    give(1000, 'a');
    give(2000, 'b');
    engine.replaceShards(['a', 'b'], ['c']);
    give(61_000, 'c');
    expect(rows.map(({ n }) => n)).toEqual([2]);
  });

  it('a shard that has come holds them open where its parent did', () => {
    const { rows, engine, give } = run({ shardIds: ['a', 'b'] });
    give(1000, 'a');
    give(2000, 'b');
    engine.replaceShards(['a'], ['c', 'd']);
    give(61_000, 'b');
    give(62_000, 'c');
    expect(rows).toEqual([]);
    give(3000, 'd');
    give(63_000, 'd');
    expect(rows.map(({ n }) => n)).toEqual([3]);
  });

  it('with event time the rows of a child are not late because other shards are ahead', () => {
    const time = { source: 'column', column: 't', idleMillis: 1_000_000 } as const;
    const { rows, engine, give } = run({ shardIds: ['a', 'b'] }, compile(counting, time));
    give(1000, 'a');
    give(120_000, 'b');
    engine.replaceShards(['a'], ['c']);
    give(130_000, 'b');
    give(2000, 'c');
    give(125_000, 'c');
    expect(rows.map(({ n }) => n)).toEqual([2]);
    expect(engine.stats().late).toBe(0);
  });

  it('says it twice without effect, and of shards that it never had', () => {
    const { rows, engine, give } = run({ shardIds: ['a'] });
    give(1000, 'a');
    engine.replaceShards(['a'], ['c']);
    give(5000, 'c');
    engine.replaceShards(['a'], ['c']);
    engine.replaceShards(['y'], ['z']);
    give(61_000, 'c');
    expect(rows.map(({ n }) => n)).toEqual([2]);
  });

  it('a snapshot carries the shards that are left', () => {
    const first = run({ shardIds: ['a', 'b'] });
    first.give(1000, 'a');
    first.engine.replaceShards(['a', 'b'], ['c']);
    const second = run({ shardIds: ['c'], severalShards: true, restore: first.engine.snapshot() });
    second.give(61_000, 'c');
    expect(second.rows.map(({ n }) => n)).toEqual([1]);
  });
});

describe('an engine of one shard', () => {
  it('is restored with several, and puts their rows in order from then on', () => {
    const plan = compile(inOrder);
    const first = run({ shardIds: ['a'] }, plan);
    first.give(1000, 'a');
    const second = run({ shardIds: [], severalShards: true, restore: first.engine.snapshot() }, plan);
    second.engine.replaceShards(['a'], ['c', 'd']);
    second.give(9000, 'c');
    second.give(5000, 'd');
    second.engine.advance(10_000);
    expect(first.rows.map(({ t, n }) => [t, n])).toEqual([[1000, 1]]);
    expect(second.rows.map(({ t, n }) => [t, n])).toEqual([
      [5000, 2],
      [9000, 3],
    ]);
    const third = run({ shardIds: ['c', 'd'], severalShards: true, restore: second.engine.snapshot() }, plan);
    third.give(12_000, 'c');
    third.engine.advance(20_000);
    expect(third.rows.map(({ t, n }) => [t, n])).toEqual([[12_000, 4]]);
  });
});
