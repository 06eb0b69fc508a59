import { describe, expect, it } from 'vitest';
import { compileApplication, type InputSchema, type TimeOptions } from '../index.ts';
import {
  createEngine,
  type ErrorRow,
  type LateRow,
  type OutputMeta,
  type OutputRow,
  SnapshotError,
} from './index.ts';

const input: InputSchema = {
  NamePrefix: 'S',
  InputSchema: {
    RecordFormat: { RecordFormatType: 'JSON' },
    RecordColumns: [
      { Name: 'k', SqlType: 'VARCHAR(8)', Mapping: '$.k' },
      { Name: 'j', SqlType: 'VARCHAR(8)', Mapping: '$.j' },
      { Name: 'v', SqlType: 'DOUBLE', Mapping: '$.v' },
      { Name: 't', SqlType: 'BIGINT', Mapping: '$.t' },
    ],
  },
};

const windows = (time?: TimeOptions) =>
  compileApplication(
    `CREATE STREAM "OUT" ("k" VARCHAR(8), "j" VARCHAR(8), "sum" DOUBLE, "n" BIGINT);
     CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k", "j", SUM("v"), COUNT(*) FROM S_001
     GROUP BY "k", "j", FLOOR(S_001.ROWTIME TO MINUTE)`,
    { input, ...(time === undefined ? {} : { time }) },
  );

function collect() {
  const rows: (OutputRow & OutputMeta)[] = [];
  const late: LateRow[] = [];
  const errors: ErrorRow[] = [];
  return {
    rows,
    late,
    errors,
    sinks: {
      onRow: (_: string, row: OutputRow, meta: OutputMeta) => rows.push({ ...row, ...meta }),
      onLate: (row: LateRow) => late.push(row),
      onError: (error: ErrorRow) => errors.push(error),
    },
  };
}

describe('closing windows', () => {
  it('emits at most the rows it was allowed and says whether more wait', () => {
    const { rows, sinks } = collect();
    const engine = createEngine(windows(), sinks);
    for (let i = 0; i < 25; i++) engine.acceptRecord({ k: `k${i}`, v: 1 }, { arrivalMillis: 1000 });
    expect(engine.advance(59_999, 10)).toBe(false);
    expect(rows.length).toBe(0);
    expect([engine.advance(60_000, 10), rows.length]).toEqual([true, 10]);
    expect([engine.advance(60_000, 10), rows.length]).toEqual([true, 20]);
    expect([engine.advance(60_000, 10), rows.length]).toEqual([false, 25]);
    expect(engine.stats().openKeys).toBe(0);
  });

  it('goes on from a snapshot taken in the middle of an emission', () => {
    const first = collect();
    const engine = createEngine(windows(), first.sinks);
    for (let i = 0; i < 25; i++) engine.acceptRecord({ k: `k${i}`, v: 1 }, { arrivalMillis: 1000 });
    engine.advance(60_000, 10);
    const rest = collect();
    createEngine(windows(), { ...rest.sinks, restore: engine.snapshot() }).advance(60_000);
    expect([...first.rows, ...rest.rows].map(({ k }) => k)).toEqual(
      Array.from({ length: 25 }, (_, i) => `k${i}`),
    );
  });

  it('shows the open windows without changing them', () => {
    const { rows, sinks } = collect();
    const engine = createEngine(windows(), sinks);
    for (let i = 0; i < 5; i++) engine.acceptRecord({ k: `k${i}`, v: i }, { arrivalMillis: 1000 });
    const before = engine.snapshot();
    expect(engine.openWindows(2)).toEqual([
      { stream: 'OUT', row: { k: 'k0', j: null, sum: 0, n: 1 }, windowEndMillis: 60_000 },
      { stream: 'OUT', row: { k: 'k1', j: null, sum: 1, n: 1 }, windowEndMillis: 60_000 },
    ]);
    expect(rows).toEqual([]);
    expect(engine.snapshot()).toEqual(before);
  });

  it('tells groups apart whichever key columns repeat', () => {
    const { rows, sinks } = collect();
    const engine = createEngine(windows(), sinks);
    const expected = new Map<string, number>();
    for (let i = 0; i < 3000; i++) {
      const [k, j] = [i % 3 === 0 ? `a${i % 40}` : 'a', i % 5 === 0 ? null : `${i % 50}`];
      engine.acceptRecord({ k, j, v: 1 }, { arrivalMillis: 1000 });
      expected.set(`${k}|${j}`, (expected.get(`${k}|${j}`) ?? 0) + 1);
    }
    engine.advance(60_000);
    expect(new Map(rows.map(({ k, j, n }) => [`${k}|${j}`, n]))).toEqual(expected);
  });

  it('sums without losing small values beside great ones', () => {
    const { rows, sinks } = collect();
    const engine = createEngine(windows(), sinks);
    for (const v of [1e16, 1, 1, -1e16]) engine.acceptRecord({ k: 'a', v }, { arrivalMillis: 1 });
    engine.advance(60_000);
    expect(rows[0]?.sum).toBe(2);
  });

  it('sends a sum that is no finite number to the error stream and closes the other groups', () => {
    const { rows, errors, sinks } = collect();
    const engine = createEngine(windows(), sinks);
    for (const v of [1.7e308, 1.7e308]) engine.acceptRecord({ k: 'a', v }, { arrivalMillis: 1 });
    engine.acceptRecord({ k: 'b', v: 1 }, { arrivalMillis: 1 });
    engine.advance(60_000);
    expect(rows.map(({ k, sum }) => [k, sum])).toEqual([['b', 1]]);
    expect(errors.map(({ ERROR_NAME, PUMP_NAME }) => [ERROR_NAME, PUMP_NAME])).toEqual([
      ['NUMERIC_OVERFLOW', 'P'],
    ]);
  });

  it('refuses further groups beyond the limit, with a count instead of a crash', () => {
    const { rows, sinks } = collect();
    const engine = createEngine(windows(), { ...sinks, maxGroups: 2 });
    for (const k of ['a', 'b', 'c', 'a']) engine.acceptRecord({ k, v: 1 }, { arrivalMillis: 1 });
    engine.advance(60_000);
    expect(rows.map(({ k, n }) => [k, n])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(engine.stats().errors).toBe(1);
  });
});

describe('time', () => {
  it('holds windows open for a declared shard that has given nothing, until advance speaks for it', () => {
    const { rows, sinks } = collect();
    const engine = createEngine(windows(), { ...sinks, shardIds: ['a', 'b'] });
    engine.acceptRecord({ k: 'x', v: 1 }, { arrivalMillis: 1000, shardId: 'a' });
    engine.acceptRecord({ k: 'x', v: 1 }, { arrivalMillis: 70_000, shardId: 'a' });
    engine.acceptRecord({ k: 'x', v: 1 }, { arrivalMillis: 2000, shardId: 'b' });
    expect(rows).toEqual([]);
    engine.advance(71_000);
    expect(rows.map(({ n }) => n)).toEqual([2]);
  });

  it('corrects a closed window within the allowed lateness and reports later rows as late', () => {
    const { rows, late, sinks } = collect();
    const engine = createEngine(
      windows({ source: 'column', column: 't', allowedLatenessMillis: 60_000 }),
      sinks,
    );
    const give = (t: number) => engine.acceptRecord({ k: 'x', v: 1, t }, { arrivalMillis: 200_000 });
    for (const t of [1000, 61_000, 2000, 121_000, 3000]) give(t);
    engine.advance(300_000);
    expect(rows.map(({ n, revision, final, rowtimeMillis }) => [rowtimeMillis, n, revision, final])).toEqual([
      [60_000, 1, 1, false],
      [60_000, 2, 2, false],
      [120_000, 1, 1, false],
      [180_000, 1, 1, false],
    ]);
    expect(late.map(({ rowtimeMillis, windowEndMillis }) => [rowtimeMillis, windowEndMillis])).toEqual([
      [3000, 60_000],
    ]);
  });

  it('never lets a timestamp far ahead of arrival move time', () => {
    const { rows, errors, sinks } = collect();
    const engine = createEngine(windows({ source: 'column', column: 't' }), sinks);
    engine.acceptRecord({ k: 'x', v: 1, t: 1000 }, { arrivalMillis: 1000 });
    engine.acceptRecord({ k: 'x', v: 1, t: 301_001 }, { arrivalMillis: 1000 });
    engine.acceptRecord({ k: 'x', v: 1 }, { arrivalMillis: 1000 });
    engine.acceptRecord({ k: 'x', v: 1, t: 2000 }, { arrivalMillis: 1000 });
    expect(rows).toEqual([]);
    expect(errors.map(({ ERROR_NAME }) => ERROR_NAME)).toEqual(['TIME_AHEAD', 'TIME_MISSING']);
    expect(engine.stats()).toMatchObject({ ahead: 1, errors: 2, watermarkMillis: 2000 });
  });

  it('leaves an idle shard out of event time and runs on with arrival when all are idle', () => {
    const { rows, sinks } = collect();
    const engine = createEngine(windows({ source: 'column', column: 't', idleMillis: 10_000 }), sinks);
    engine.acceptRecord({ k: 'x', v: 1, t: 1000 }, { arrivalMillis: 1000, shardId: 'a' });
    engine.acceptRecord({ k: 'x', v: 1, t: 2000 }, { arrivalMillis: 2000, shardId: 'b' });
    engine.acceptRecord({ k: 'x', v: 1, t: 65_000 }, { arrivalMillis: 65_000, shardId: 'b' });
    expect(rows.map(({ n }) => n)).toEqual([2]);
    engine.advance(120_001);
    expect(rows.map(({ n }) => n)).toEqual([2, 1]);
  });
});

describe('streams of several pumps or shards', () => {
  const compile = (sql: string, time?: TimeOptions, parallel = 1) =>
    compileApplication(sql, {
      input: { ...input, InputParallelism: { Count: parallel } },
      ...(time === undefined ? {} : { time }),
    });

  it('puts the rows of several shards in order before they take a ROWTIME of their own', () => {
    const { rows, errors, sinks } = collect();
    const plan = compile(
      `CREATE STREAM "OUT" ("v" DOUBLE);
       CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "v", TO_TIMESTAMP("t") AS ROWTIME FROM S_001`,
    );
    const engine = createEngine(plan, { ...sinks, shardIds: ['a', 'b'] });
    for (const [shardId, at] of [
      ['a', 1],
      ['a', 5],
      ['b', 2],
      ['b', 3],
    ] as const)
      engine.acceptRecord({ v: at, t: at * 10 }, { arrivalMillis: at, shardId });
    engine.advance(100);
    expect(rows.map(({ v, rowtimeMillis }) => [v, rowtimeMillis])).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
      [5, 50],
    ]);
    expect(errors).toEqual([]);
  });

  it('merges windows that can still be corrected, and lets corrections pass', () => {
    const { rows, sinks } = collect();
    const window = (n: number, millis: number) => `CREATE PUMP "P${n}" AS INSERT INTO "OUT"
      SELECT STREAM COUNT(*) * ${n} FROM S_001 GROUP BY STEP(S_001.ROWTIME BY INTERVAL '${millis / 1000}' SECOND);`;
    const plan = compile(`CREATE STREAM "OUT" ("n" BIGINT); ${window(100, 6000)} ${window(1, 2000)}`, {
      source: 'column',
      column: 't',
      allowedLatenessMillis: 4000,
    });
    const engine = createEngine(plan, sinks);
    for (const t of [0, 1000, 2000, 7000, 1500, 3000, 13_000])
      engine.acceptRecord({ v: 1, t }, { arrivalMillis: 20_000 });
    engine.advance(100_000);
    expect(rows.map(({ n, rowtimeMillis, revision, final }) => [rowtimeMillis, n, revision, final])).toEqual([
      [2000, 2, 1, false],
      [4000, 1, 1, false],
      [6000, 300, 1, false],
      [6000, 400, 2, false],
      [6000, 500, 3, false],
      [4000, 2, 2, false],
      [8000, 1, 1, true],
      [12_000, 100, 1, false],
      [14_000, 1, 1, true],
      [18_000, 100, 1, true],
    ]);
  });

  it('sends each shard to one of the parallel input streams', () => {
    const { rows, sinks } = collect();
    const plan = compile(
      `CREATE STREAM "OUT" ("k" VARCHAR(8), "j" VARCHAR(8));
       ${[1, 2, 3].map((n) => `CREATE PUMP P${n} AS INSERT INTO "OUT" SELECT STREAM "k", '${n}' FROM S_00${n};`).join('')}`,
      undefined,
      3,
    );
    const engine = createEngine(plan, sinks);
    const shards = [
      'shardId-000000000000',
      'shardId-000000000004',
      'shardId-000000000005',
      'left',
      'left',
      '',
    ];
    for (const [at, shardId] of shards.entries())
      engine.acceptRecord({ k: `r${at}` }, { arrivalMillis: at, shardId });
    engine.advance(100);
    expect(rows.slice(0, 3).map(({ j }) => j)).toEqual(['1', '2', '3']);
    expect(rows[3]!.j).toBe(rows[4]!.j);
    expect(rows[5]!.j).toBe('1');
  });
});

describe('snapshots', () => {
  const engine = createEngine(windows(), collect().sinks);
  engine.acceptRecord({ k: 'x', v: 1 }, { arrivalMillis: 1000 });
  const bytes = engine.snapshot();

  it('are refused by another plan', () => {
    const other = windows({ source: 'column', column: 't' });
    expect(() => createEngine(other, { ...collect().sinks, restore: bytes })).toThrow(/belongs to plan/);
  });

  it('are refused when any byte is missing or changed', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => createEngine(windows(), { ...collect().sinks, restore: bytes.slice(0, length) })).toThrow(
        SnapshotError,
      );
    }
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 0x10;
      expect(() => createEngine(windows(), { ...collect().sinks, restore: changed })).toThrow(SnapshotError);
    }
  });
});
