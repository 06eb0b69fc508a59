import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEngine, type OutputRow } from '../../src/streaming-sql/engine/index.ts';
import { compileApplication, type InputSchema, type TimeOptions } from '../../src/streaming-sql/index.ts';
import { joinPrograms } from './streaming-sql-join-programs.ts';
import type { Cell, OracleRow, ResultRow } from './streaming-sql-oracle.ts';
import { directPrograms, type Program, referenceTable, windowPrograms } from './streaming-sql-programs.ts';

/** Programs per property, each on its own rows; MESONET_LONG=1 tries twenty times as many. */
const runs = (count: number): { numRuns: number } => ({
  numRuns: process.env.MESONET_LONG === '1' ? count * 20 : count,
});
const TIMEOUT_MILLIS = 600_000;

const column = (Name: string, SqlType: string) => ({ Name, SqlType, Mapping: `$.${Name}` });
const input: InputSchema = {
  NamePrefix: 'S',
  InputSchema: {
    RecordFormat: { RecordFormatType: 'JSON' },
    RecordColumns: [
      column('k', 'VARCHAR(8)'),
      column('s', 'VARCHAR(8)'),
      column('v', 'DOUBLE'),
      column('n', 'INTEGER'),
      column('t', 'BIGINT'),
    ],
  },
  ReferenceDataSources: [
    {
      TableName: 'REF',
      ReferenceSchema: {
        RecordFormat: { RecordFormatType: 'JSON' },
        RecordColumns: [column('key', 'VARCHAR(8)'), column('low', 'DOUBLE')],
      },
    },
  ],
};

interface Given {
  readonly row: OracleRow;
  readonly arrival: number;
  readonly shard?: string;
}

interface RunOptions {
  readonly time?: TimeOptions;
  readonly shardIds?: readonly string[];
  readonly restartAt: number;
}

interface Outcome {
  readonly rows: ResultRow[];
  readonly late: number;
  readonly errors: number;
}

const FAR_FUTURE_MILLIS = 8_000_000_000_000;

/** Runs a program over rows, restored from a snapshot before the given row; windows close a few rows at a time. */
function run(program: Program, given: readonly Given[], { time, shardIds, restartAt }: RunOptions): Outcome {
  const plan = compileApplication(program.sql, { input, ...(time === undefined ? {} : { time }) });
  const rows: ResultRow[] = [];
  const options = {
    onRow: (_: string, row: OutputRow, { rowtimeMillis }: { rowtimeMillis: number }) =>
      void rows.push([...Object.values(row), rowtimeMillis]),
    outputs: ['OUT'],
    references: { REF: referenceTable.map(([key, low]) => ({ key, low })) },
    ...(shardIds === undefined ? {} : { shardIds }),
  };
  let engine = createEngine(plan, options);
  given.forEach(({ row: { k, s, v, n, time: t }, arrival, shard }, index) => {
    if (index === restartAt) engine = createEngine(plan, { ...options, restore: engine.snapshot() });
    engine.acceptRecord(
      { k, s, v, n, t },
      { arrivalMillis: arrival, ...(shard === undefined ? {} : { shardId: shard }) },
    );
  });
  while (engine.advance(FAR_FUTURE_MILLIS, 7));
  const { late, errors } = engine.stats();
  return { rows, late, errors };
}

/** Floating point differs in the last digits where the order of additions does. */
function isClose(a: Cell | undefined, b: Cell | undefined): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b;
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

/** Eighths add exactly, so that the oracle's plain sums are exact too. */
const eighths = fc.integer({ min: -800, max: 800 }).map((n) => n / 8);
/** Whole seconds hit the bounds of windows, anything else does not. */
const span = (maxMillis: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.nat(maxMillis),
    fc.nat(Math.floor(maxMillis / 1000)).map((seconds) => seconds * 1000),
  );
const gap = fc.oneof(
  { weight: 8, arbitrary: span(7000) },
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 4_000_000_000 }) },
);
const cells = fc.record({
  k: fc.constantFrom('a', 'b', 'c', null),
  s: fc.constantFrom('x', 'y'),
  v: fc.option(eighths, { nil: null }),
  n: fc.option(fc.integer({ min: -50, max: 50 }), { nil: null }),
  gap,
});
const rows = fc.array(cells, { maxLength: 40 }).map((drawn) => {
  let time = 1_000_000;
  return drawn.map(({ gap: wait, ...row }, order): OracleRow => {
    time += wait;
    return { ...row, time, order };
  });
});
const restart = fc.nat(40);

function isSame(row: ResultRow, other: ResultRow | undefined): boolean {
  return (
    other !== undefined && other.length === row.length && row.every((cell, i) => isClose(cell, other[i]))
  );
}

/** The same rows, each as often; in the very same order where the program has one. */
function expectSame(program: Program, found: readonly ResultRow[], wanted: readonly ResultRow[]): void {
  if (program.isSequence) {
    const at = wanted.findIndex((row, index) => !isSame(row, found[index]));
    if (at >= 0)
      throw new Error(
        `${program.sql}\nrow ${at} of ${JSON.stringify(found)}\nis not ${JSON.stringify(wanted[at])}`,
      );
  }
  const missing = [...wanted];
  const extra = found.filter((row) => {
    const at = missing.findIndex((other) => isSame(other, row));
    if (at >= 0) missing.splice(at, 1);
    return at < 0;
  });
  if (missing.length + extra.length > 0)
    throw new Error(`${program.sql}\nmissing ${JSON.stringify(missing)}\ntoo many ${JSON.stringify(extra)}`);
}

describe('random programs agree with the slow oracle', () => {
  it(
    'over windows of every kind, restored anywhere, their rows in ROWTIME order',
    () => {
      fc.assert(
        fc.property(windowPrograms, rows, restart, (program, drawn, restartAt) => {
          const given = drawn.map((row) => ({ row, arrival: row.time }));
          const { rows: found, errors, late } = run(program, given, { restartAt });
          expectSame(program, found, program.expected(drawn));
          if (!program.isSequence) expectTimeOrder(found);
          expect({ errors, late }).toEqual({ errors: 0, late: 0 });
        }),
        runs(3000),
      );
    },
    TIMEOUT_MILLIS,
  );

  it(
    'over joins of every kind and pair of windows, restored anywhere',
    () => {
      fc.assert(
        fc.property(joinPrograms, rows, restart, (program, drawn, restartAt) => {
          const given = drawn.map((row) => ({ row, arrival: row.time }));
          const { rows: found } = run(program, given, { restartAt });
          expectSame(program, found, program.expected(drawn));
          expectTimeOrder(found);
        }),
        runs(1500),
      );
    },
    TIMEOUT_MILLIS,
  );

  it(
    'however two declared shards interleave',
    () => {
      fc.assert(
        fc.property(
          fc.oneof(
            windowPrograms.filter(({ hasOrder }) => hasOrder),
            joinPrograms,
          ),
          rows,
          fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
          restart,
          (program, drawn, picks, restartAt) => {
            const apart = drawn.map((row, index) => ({ ...row, time: row.time + index }));
            const given = interleave(apart, picks);
            const { rows: found, late } = run(program, given, {
              restartAt,
              shardIds: ['shard-0', 'shard-1'],
            });
            expectSame(program, found, program.expected(apart));
            expect(late).toBe(0);
          },
        ),
        runs(1000),
      );
    },
    TIMEOUT_MILLIS,
  );

  it(
    'on event times out of order: late rows are left out and counted, no other row',
    () => {
      fc.assert(
        fc.property(
          directPrograms,
          rows,
          jitters,
          span(6000),
          restart,
          (program, drawn, jitter, slack, restartAt) => {
            const { shaken, given } = shake(drawn, jitter);
            const time: TimeOptions = { source: 'column', column: 't', outOfOrderMillis: slack };
            const outcome = run(program, given, { time, restartAt });
            const onTime = withoutLate(shaken, program, slack, 0);
            expectSame(program, outcome.rows, program.expected(onTime));
            expect(outcome.late).toBe(
              shaken.filter((row) => program.reaches(row) && !onTime.includes(row)).length,
            );
          },
        ),
        runs(1000),
      );
    },
    TIMEOUT_MILLIS,
  );

  it(
    'on event times out of order within the allowed lateness, by corrections',
    () => {
      fc.assert(
        fc.property(
          directPrograms,
          rows,
          jitters,
          span(20_000),
          restart,
          (program, drawn, jitter, lateness, restartAt) => {
            const { keyColumns } = program;
            fc.pre(keyColumns !== null);
            const { shaken, given } = shake(drawn, jitter);
            const time: TimeOptions = { source: 'column', column: 't', allowedLatenessMillis: lateness };
            const { rows: found } = run(program, given, { time, restartAt });
            const last = new Map(
              found.map((row) => [JSON.stringify([row.slice(0, keyColumns), row.at(-1)]), row]),
            );
            expectSame(
              program,
              [...last.values()],
              program.expected(withoutLate(shaken, program, 0, lateness)),
            );
          },
        ),
        runs(1000),
      );
    },
    TIMEOUT_MILLIS,
  );
});

function expectTimeOrder(found: readonly ResultRow[]): void {
  const times = found.map((row) => row.at(-1));
  expect(times).toEqual(times.toSorted(byNumber));
}

const byNumber = (a: unknown, b: unknown): number => Number(a) - Number(b);

const jitters = fc.array(span(20_000), { minLength: 40, maxLength: 40 });

/** Rows whose event time lies before their arrival by a random span; they arrive a millisecond apart. */
function shake(
  drawn: readonly OracleRow[],
  jitter: readonly number[],
): { shaken: OracleRow[]; given: Given[] } {
  const shaken = drawn.map((row, index) => ({ ...row, time: row.time - jitter[index]! }));
  const base = (drawn.at(-1)?.time ?? 0) + 1;
  return { shaken, given: shaken.map((row, index) => ({ row, arrival: base + index })) };
}

/** What the watermark lets through: a row is late when its window, or the row itself, lies before it. */
function withoutLate(
  given: readonly OracleRow[],
  { windowOf }: Program,
  slack: number,
  lateness: number,
): OracleRow[] {
  return given.filter((row, index) => {
    const watermark = Math.max(...given.slice(0, index + 1).map(({ time }) => time)) - slack;
    return windowOf === null ? row.time >= watermark : windowOf(row.time)[1] + lateness > watermark;
  });
}

/** Even rows on one shard, odd ones on the other, each in its own order. */
function interleave(drawn: readonly OracleRow[], picks: readonly boolean[]): Given[] {
  const shards = [0, 1].map((side) => drawn.filter((_, index) => index % 2 === side));
  const given: Given[] = [];
  for (let step = 0; given.length < drawn.length; step++) {
    const wanted = picks[step % picks.length] ? 0 : 1;
    const side = shards[wanted]!.length > 0 ? wanted : 1 - wanted;
    const row = shards[side]!.shift()!;
    given.push({ row, arrival: row.time, shard: `shard-${side}` });
  }
  return given;
}

it('the shipped application gives the same rows when it is restored before every record', () => {
  const folder = new URL('../../analytics-sql/', import.meta.url);
  const text = readFileSync(new URL('weather-windows.sql', folder), 'utf8');
  const schema = JSON.parse(
    readFileSync(new URL('weather-windows.input.json', folder), 'utf8'),
  ) as InputSchema;
  const plan = compileApplication(text, { input: schema });
  const record = (i: number) => ({
    sensor_id: `s${i % 3}`,
    sensor: 'vib',
    station_id: 'x',
    sensor_value: i / 7,
  });
  const runAll = (restart: boolean) => {
    const out: string[] = [];
    const onRow = (stream: string, row: OutputRow) => out.push(JSON.stringify([stream, row]));
    let engine = createEngine(plan, { onRow });
    for (let i = 0; i < 200; i++) {
      if (restart) engine = createEngine(plan, { onRow, restore: engine.snapshot() });
      engine.acceptRecord(record(i), { arrivalMillis: 1_478_672_880_000 + i * 997 });
    }
    engine.advance(1_478_679_000_000);
    return out;
  };
  expect(runAll(true)).toEqual(runAll(false));
  expect(runAll(false).length).toBe(12);
});
