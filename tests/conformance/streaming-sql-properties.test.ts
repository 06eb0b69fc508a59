import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEngine, type OutputRow } from '../../src/streaming-sql/engine/index.ts';
import { compileApplication, type InputSchema, type TimeOptions } from '../../src/streaming-sql/index.ts';
import {
  joinSlowly,
  type OraclePoint,
  type OracleRow,
  type OracleWindow,
  slideSlowly,
  staggerSlowly,
  tumbleSlowly,
} from './streaming-sql-oracle.ts';

const input: InputSchema = {
  NamePrefix: 'S',
  InputSchema: {
    RecordFormat: { RecordFormatType: 'JSON' },
    RecordColumns: [
      { Name: 'k', SqlType: 'VARCHAR(8)', Mapping: '$.k' },
      { Name: 'v', SqlType: 'DOUBLE', Mapping: '$.v' },
      { Name: 't', SqlType: 'BIGINT', Mapping: '$.t' },
    ],
  },
};

const sql = `CREATE STREAM "OUT" ("key" VARCHAR(8), "count" BIGINT, "sum" DOUBLE, "average" DOUBLE,
    "minimum" DOUBLE, "maximum" DOUBLE, "end" TIMESTAMP);
  CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k", COUNT(*), SUM("v"), AVG("v"), MIN("v"), MAX("v"), ROWTIME
  FROM S_001 GROUP BY "k", STEP(S_001.ROWTIME BY INTERVAL '10' SECOND)`;

interface Given {
  readonly row: OracleRow;
  readonly arrival: number;
  readonly shard: string;
}

function toWindow(row: OutputRow): OracleWindow {
  return { ...row, end: Date.parse(`${String(row.end).replace(' ', 'T')}Z`) } as unknown as OracleWindow;
}

function run(
  given: readonly Given[],
  shardIds: readonly string[],
  time?: TimeOptions,
  restartAt = -1,
): OracleWindow[] {
  const plan = compileApplication(sql, { input, ...(time === undefined ? {} : { time }) });
  const found = new Map<string, OracleWindow>();
  const onRow = (_stream: string, row: OutputRow) => found.set(`${row.key}|${row.end}`, toWindow(row));
  let engine = createEngine(plan, { onRow, shardIds });
  given.forEach(({ row, arrival, shard }, index) => {
    if (index === restartAt) engine = createEngine(plan, { onRow, restore: engine.snapshot() });
    engine.acceptRecord(
      { k: row.key, v: row.value, t: row.time },
      { arrivalMillis: arrival, shardId: shard },
    );
  });
  while (engine.advance(10_000_000_000, 3));
  return sorted([...found.values()]);
}

function sorted(windows: readonly OracleWindow[]): OracleWindow[] {
  return windows.toSorted((a, b) => a.end - b.end || String(a.key).localeCompare(String(b.key)));
}

/** Eighths add exactly, so that the oracle's plain sums are exact too. */
const value = fc.option(
  fc.integer({ min: -8000, max: 8000 }).map((eighths) => eighths / 8),
  { nil: null },
);
const key = fc.constantFrom('a', 'b', 'c', null);
const rows = fc
  .array(fc.record({ key, value, gap: fc.integer({ min: 0, max: 7000 }) }), { maxLength: 60 })
  .map((drawn) => {
    let time = 1_000_000;
    return drawn.map(({ key: k, value: v, gap }) => {
      time += gap;
      return { key: k, value: v, time };
    });
  });

describe('tumbling windows agree with the slow oracle', () => {
  it('on rows in order of arrival', () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        const given = drawn.map((row) => ({ row, arrival: row.time, shard: '' }));
        expect(run(given, [])).toEqual(sorted(tumbleSlowly(drawn, 10_000)));
      }),
      { numRuns: 1000 },
    );
  });

  it('however two declared shards interleave', () => {
    fc.assert(
      fc.property(rows, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (drawn, picks) => {
        const shards = [drawn.filter((_, i) => i % 2 === 0), drawn.filter((_, i) => i % 2 === 1)] as const;
        const given: Given[] = [];
        const at = [0, 0];
        for (let step = 0; given.length < drawn.length; step++) {
          const wanted = picks[step % picks.length] ? 0 : 1;
          const side = at[wanted]! < shards[wanted].length ? wanted : 1 - wanted;
          const row = shards[side as 0 | 1][at[side]!++]!;
          given.push({ row, arrival: row.time, shard: `shard-${side}` });
        }
        expect(run(given, ['shard-0', 'shard-1'])).toEqual(sorted(tumbleSlowly(drawn, 10_000)));
      }),
      { numRuns: 500 },
    );
  });

  it('on event times out of order within the allowed lateness, by corrections', () => {
    const jittered = fc.tuple(
      rows,
      fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 60, maxLength: 60 }),
    );
    fc.assert(
      fc.property(jittered, ([drawn, jitter]) => {
        const shaken = drawn.map((row, i) => ({ ...row, time: row.time - jitter[i]! }));
        const given = shaken.map((row, i) => ({ row, arrival: drawn[i]!.time, shard: '' }));
        const time: TimeOptions = { source: 'column', column: 't', allowedLatenessMillis: 40_000 };
        expect(run(given, [], time)).toEqual(sorted(tumbleSlowly(shaken, 10_000)));
      }),
      { numRuns: 500 },
    );
  });

  it('when it is restored from a snapshot at any position', () => {
    fc.assert(
      fc.property(rows, fc.nat(60), (drawn, restartAt) => {
        const given = drawn.map((row) => ({ row, arrival: row.time, shard: '' }));
        expect(run(given, [], undefined, restartAt)).toEqual(run(given, []));
      }),
      { numRuns: 500 },
    );
  });
});

const points = rows.map((drawn) =>
  drawn.map(({ key: k, value: v, time }): OraclePoint => ({ key: k ?? 'none', value: v ?? 0, time })),
);

describe('sliding windows agree with the slow oracle', () => {
  const slide = (frame: string, drawn: readonly OraclePoint[], restartAt: number) => {
    const plan = compileApplication(
      `CREATE STREAM "OUT" ("key" VARCHAR(8), "count" BIGINT, "sum" DOUBLE, "maximum" DOUBLE, "first" DOUBLE);
       CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k", COUNT(*) OVER w, SUM("v") OVER w, MAX("v") OVER w,
       FIRST_VALUE("v") OVER w FROM S_001 WINDOW w AS (PARTITION BY "k" ${frame})`,
      { input },
    );
    const found: OutputRow[] = [];
    const onRow = (_: string, row: OutputRow) => found.push(row);
    let engine = createEngine(plan, { onRow });
    drawn.forEach(({ key: k, value: v, time }, index) => {
      if (index === restartAt) engine = createEngine(plan, { onRow, restore: engine.snapshot() });
      engine.acceptRecord({ k, v }, { arrivalMillis: time });
    });
    return found;
  };

  it('by time, restored anywhere', () => {
    fc.assert(
      fc.property(points, fc.nat(60), (drawn, restartAt) => {
        const expected = slideSlowly(drawn, (row, at) => row.time >= at.time - 10_000);
        expect(slide("RANGE INTERVAL '10' SECOND PRECEDING", drawn, restartAt)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('by rows, restored anywhere', () => {
    fc.assert(
      fc.property(points, fc.nat(60), (drawn, restartAt) => {
        expect(slide('ROWS 3 PRECEDING', drawn, restartAt)).toEqual(
          slideSlowly(drawn, (_row, _at, back) => back <= 3),
        );
      }),
      { numRuns: 500 },
    );
  });
});

/** Runs a program over points, restored once on the way; `side` tells which stream a point goes to. */
function runPoints(
  program: string,
  drawn: readonly (OraclePoint & { side?: string })[],
  restartAt: number,
): OutputRow[] {
  const plan = compileApplication(program, { input });
  const found: OutputRow[] = [];
  const options = { onRow: (_: string, row: OutputRow) => found.push(row), outputs: ['OUT'] };
  let engine = createEngine(plan, options);
  drawn.forEach(({ key: k, value: v, time, side }, index) => {
    if (index === restartAt) engine = createEngine(plan, { ...options, restore: engine.snapshot() });
    engine.acceptRecord({ k: side === undefined ? k : `${side}${k}`, v }, { arrivalMillis: time });
  });
  engine.advance(10_000_000_000);
  return found;
}

const byText = (rowsGiven: readonly object[]) => rowsGiven.map((row) => JSON.stringify(row)).sort();
const printed = (millis: number) => new Date(millis).toISOString().replace('T', ' ').replace('Z', '');

it('stagger windows agree with the slow oracle', () => {
  const program = `CREATE STREAM "OUT" ("key" VARCHAR(8), "count" BIGINT, "sum" DOUBLE, "time" TIMESTAMP);
    CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k", COUNT(*), SUM("v"), ROWTIME FROM S_001
    WINDOWED BY STAGGER (PARTITION BY "k" RANGE INTERVAL '10' SECOND)`;
  fc.assert(
    fc.property(points, fc.nat(60), (drawn, restartAt) => {
      const expected = staggerSlowly(drawn, 10_000).map((row) => ({ ...row, time: printed(row.time) }));
      expect(byText(runPoints(program, drawn, restartAt))).toEqual(byText(expected));
    }),
    { numRuns: 500 },
  );
});

it('left window joins agree with the slow oracle, in ROWTIME order', () => {
  const program = `CREATE STREAM O ("k" VARCHAR(8), "v" DOUBLE); CREATE STREAM H ("k" VARCHAR(8), "v" DOUBLE);
    CREATE STREAM "OUT" ("key" VARCHAR(8), "order" DOUBLE, "shipment" DOUBLE, "time" TIMESTAMP);
    CREATE PUMP PO AS INSERT INTO O SELECT STREAM SUBSTRING("k" FROM 2), "v" FROM S_001 WHERE "k" LIKE 'o%';
    CREATE PUMP PH AS INSERT INTO H SELECT STREAM SUBSTRING("k" FROM 2), "v" FROM S_001 WHERE "k" LIKE 'h%';
    CREATE PUMP PJ AS INSERT INTO "OUT" SELECT STREAM o."k", o."v", h."v", ROWTIME
    FROM O OVER (RANGE INTERVAL '10' SECOND PRECEDING) AS o LEFT JOIN H OVER (RANGE INTERVAL '4' SECOND PRECEDING) AS h ON o."k" = h."k"`;
  fc.assert(
    fc.property(
      points,
      fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
      fc.nat(60),
      (drawn, sides, restartAt) => {
        const sided = drawn.map((point, i) => ({ ...point, side: sides[i] ? 'o' : 'h' }));
        const [orders, shipments] = ['o', 'h'].map((side) => sided.filter((point) => point.side === side));
        const expected = joinSlowly(orders!, shipments!, 10_000, 4000).map((row) => ({
          ...row,
          time: printed(row.time),
        }));
        const found = runPoints(program, sided, restartAt);
        expect(byText(found)).toEqual(byText(expected));
        expect(found.map(({ time }) => time)).toEqual(found.map(({ time }) => time).toSorted());
      },
    ),
    { numRuns: 500 },
  );
});

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
