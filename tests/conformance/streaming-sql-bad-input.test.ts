import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEngine, type ErrorRow, type OutputRow } from '../../src/streaming-sql/engine/index.ts';
import { compileApplication, type InputSchema, StreamingSqlError } from '../../src/streaming-sql/index.ts';

const root = new URL('./streaming-sql/', import.meta.url);
const shared = JSON.parse(readFileSync(new URL('input.json', root), 'utf8')) as InputSchema;
const corpus = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => readFileSync(new URL(`${name}/query.sql`, root), 'utf8'));

/** Compiles and, where that succeeds, runs a few rows. */
function compileAndRun(sql: string): void {
  const plan = compileApplication(sql, { input: shared });
  const engine = createEngine(plan, { onRow: () => undefined, maxGroups: 100 });
  for (let i = 0; i < 3; i++)
    engine.acceptRecord({ ticker: 'A', price: i, qty: i }, { arrivalMillis: i * 1000 });
  engine.advance(1_000_000);
}

const pieces = fc.constantFrom(
  ...`( ) , ; . * + - / = < > || ' " -- /* NULL ROWTIME OVER PARTITION BY RANGE ROWS 5 PRECEDING JOIN ON UNION ALL SELECT
  STREAM DISTINCT FROM WHERE GROUP HAVING WINDOW AS INTERVAL '1' MINUTE TO SECOND CAST CASE WHEN THEN END VALUES PERIOD
  OVERLAPS 0 -1 1e308 9007199254740993 X'0' u&'\\\\' "ticker" "price" COUNT(*) SUM AVG STEP FLOOR TABLE CURSOR`
    .split(/\s+/)
    .concat(['', ' ', '\u0000', '\u{1f600}', '\n']),
);

interface Edit {
  readonly at: number;
  readonly length: number;
  readonly text: string;
}
const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({ at: fc.nat(2000), length: fc.nat(20), text: pieces }),
  { minLength: 1, maxLength: 4 },
);
const mutate = (sql: string, changes: readonly Edit[]): string =>
  changes.reduce((text, { at, length, text: piece }) => {
    const from = at % (text.length + 1);
    return `${text.slice(0, from)} ${piece} ${text.slice(from + length)}`;
  }, sql);

describe('broken programs', () => {
  it('fail with a place and a sentence, or run', () => {
    fc.assert(
      fc.property(fc.constantFrom(...corpus), edits, (sql, changes) => {
        try {
          compileAndRun(mutate(sql, changes));
        } catch (error) {
          expect(error).toBeInstanceOf(StreamingSqlError);
          const { line, column, reason } = error as StreamingSqlError;
          expect(line).toBeGreaterThan(0);
          expect(column).toBeGreaterThan(0);
          expect(reason).toMatch(/^\S.{8,}[^.]$/s);
        }
      }),
      { numRuns: process.env.MESONET_LONG === '1' ? 60_000 : 3000 },
    );
  });

  const query = (items: string, rest = '') =>
    `CREATE STREAM O (A DOUBLE); CREATE PUMP P AS INSERT INTO O SELECT STREAM ${items} FROM SOURCE_SQL_STREAM_001 ${rest}`;
  it.each([
    ['a sum without end', query(`"price"${' + "price"'.repeat(9000)}`)],
    ['a condition without end', query('"price"', `WHERE "price" = 1${' OR "price" = 1'.repeat(5000)}`)],
    ['negations without end', query('"price"', `WHERE ${'NOT '.repeat(20_000)}TRUE`)],
    ['signs without end', query(`${'- '.repeat(20_000)}"price"`)],
    ['parentheses without end', query(`${'('.repeat(20_000)}"price"`)],
    [
      'unions without end',
      query('"price"', ' UNION ALL SELECT STREAM "price" FROM SOURCE_SQL_STREAM_001'.repeat(1000)),
    ],
    [
      'functions that call functions',
      Array.from(
        { length: 40 },
        (_, i) =>
          `CREATE FUNCTION F${i}(X DOUBLE) RETURNS DOUBLE RETURN ${i === 0 ? 'X' : `F${i - 1}(X) + F${i - 1}(X)`};`,
      ).join('\n') + query('F39("price")'),
    ],
    [
      'windows that build on each other in a circle',
      query('SUM("price") OVER a', 'WINDOW a AS (b), b AS (a)'),
    ],
    ['more text than the service takes', query('"price"') + ' '.repeat(110_000)],
  ])('refuse %s', (_, sql) => {
    expect(() => compileAndRun(sql)).toThrow(StreamingSqlError);
  });
});

const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    '',
    ' ',
    'x',
    'NaN',
    '1e999',
    '-1',
    '1.5',
    '2020-02-30',
    '2020-02-29 25:00:00',
  ),
  fc.constantFrom<unknown>(
    '9999-12-31 23:59:59.999',
    '0000-01-01',
    '2020-01-01T00:00:00Z',
    1e308,
    -1e308,
    2 ** 53,
    -0,
  ),
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.string(),
  fc.object({ maxDepth: 2 }),
  fc.array(fc.integer(), { maxLength: 3 }),
);
const typed: InputSchema = {
  NamePrefix: 'S',
  InputSchema: {
    RecordFormat: { RecordFormatType: 'JSON' },
    RecordColumns: [
      ['k', 'VARCHAR(4)'],
      ['d', 'DOUBLE'],
      ['i', 'INTEGER'],
      ['g', 'BIGINT'],
      ['m', 'DECIMAL(6,2)'],
      ['b', 'BOOLEAN'],
      ['t', 'TIMESTAMP'],
      ['y', 'DATE'],
      ['c', 'TIME'],
      ['x', 'VARBINARY(4)'],
    ].map(([Name = '', SqlType = '']) => ({ Name, SqlType, Mapping: `$.${Name}` })),
  },
};
const names = typed.InputSchema.RecordColumns.map(({ Name }) => Name);
const records = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record(Object.fromEntries(names.map((name) => [name, junk])), { requiredKeys: [] }),
    },
    { weight: 1, arbitrary: junk },
  ),
  { maxLength: 20 },
);

/** Programs over junk: what each may give for one row of input, and the errors every one of them can meet. */
function runJunk(sql: string, given: readonly unknown[], timeColumn?: string) {
  const time = timeColumn === undefined ? {} : { time: { source: 'column' as const, column: timeColumn } };
  const plan = compileApplication(sql, { input: typed, ...time });
  const rows: OutputRow[] = [];
  const errors: ErrorRow[] = [];
  let late = 0;
  const engine = createEngine(plan, {
    onRow: (_, row) => rows.push(row),
    onError: (error) => errors.push(error),
    onLate: () => void late++,
    maxGroups: 5,
  });
  given.forEach((record, index) => {
    engine.acceptRecord(record, { arrivalMillis: 1_500_000_000_000 + index * 500 });
  });
  engine.advance(1_600_000_000_000);
  return { rows, errors, late, stats: engine.stats() };
}

const out = 'CREATE STREAM O (A DOUBLE, N BIGINT); CREATE PUMP P AS INSERT INTO O SELECT STREAM';

describe('rows that do not fit', () => {
  it('go to the error stream with their bytes and a reason: in = out + errors', () => {
    const programs = [
      `${out} "d" / "i", MOD("g", "i") FROM S_001`,
      `${out} CAST("k" AS DOUBLE), CAST("k" AS BIGINT) FROM S_001`,
      `${out} "m" * "m" * "d", UNIX_TIMESTAMP("t" + INTERVAL '99' DAY * "g") FROM S_001`,
      `${out} LN("d"), CHAR_LENGTH(CAST(("t" - TO_TIMESTAMP("g")) SECOND AS VARCHAR(60))) FROM S_001`,
      `${out} POWER("d", "d"), EXTRACT(YEAR FROM CHAR_TO_TIMESTAMP('yyyyMMdd', "k")) FROM S_001`,
      `CREATE STREAM O (A INTEGER NOT NULL, T TIMESTAMP, C TIME, X BINARY(2)); CREATE PUMP P AS INSERT INTO O
       SELECT STREAM "d", TO_TIMESTAMP("d"), "c" + INTERVAL '30' HOUR, "x" FROM S_001`,
    ];
    fc.assert(
      fc.property(fc.constantFrom(...programs), records, (sql, given) => {
        const { rows, errors, stats } = runJunk(sql, given);
        expect(stats.records).toBe(given.length);
        expect(rows.length + errors.length).toBe(given.length);
        expect({ out: stats.rowsOut, errors: stats.errors }).toEqual({
          out: rows.length,
          errors: errors.length,
        });
        for (const row of rows)
          for (const cell of Object.values(row))
            if (typeof cell === 'number') expect(Number.isFinite(cell)).toBe(true);
        for (const { ERROR_NAME, MESSAGE, DATA_ROW } of errors) {
          expect(ERROR_NAME).toMatch(/^[A-Z_]{5,32}$/);
          expect(MESSAGE.length).toBeGreaterThan(5);
          expect(DATA_ROW).toMatch(/^([0-9a-f]{2})*$/);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('leave windows whole: rows counted + refused + late = rows in, however many keys come', () => {
    fc.assert(
      fc.property(records, fc.constantFrom(undefined, 'g', 't'), (given, timeColumn) => {
        const { rows, errors, late, stats } = runJunk(
          `CREATE STREAM O (K VARCHAR(4), N BIGINT); CREATE PUMP P AS INSERT INTO O SELECT STREAM "k", COUNT(*) FROM S_001
           GROUP BY "k", STEP(S_001.ROWTIME BY INTERVAL '2' SECOND)`,
          given,
          timeColumn,
        );
        const counted = rows.reduce((sum, row) => sum + Number(row.N), 0);
        expect(counted + errors.length + late).toBe(given.length);
        expect(stats.late).toBe(late);
      }),
      { numRuns: 1000 },
    );
  });

  it('meet limits on keys and rows with a count instead of a crash', () => {
    const given = Array.from({ length: 50 }, (_, i) => ({ k: `k${i}`, d: i }));
    const errorsOf = (sql: string): string[] => [
      ...new Set(runJunk(sql, given).errors.map(({ ERROR_NAME }) => ERROR_NAME)),
    ];
    const S = "S_001 OVER (RANGE INTERVAL '1' HOUR PRECEDING)";
    expect([
      errorsOf(`${out} "d", COUNT(*) OVER (PARTITION BY "k" ROWS 1 PRECEDING) FROM S_001`),
      errorsOf(`${out} "d", COUNT(*) OVER (RANGE INTERVAL '1' HOUR PRECEDING) FROM S_001`),
      errorsOf(
        `${out} MAX("d"), COUNT(*) FROM S_001 WINDOWED BY STAGGER (PARTITION BY "k" RANGE INTERVAL '1' HOUR)`,
      ),
      errorsOf(`${out} a."d", b."i" FROM ${S} AS a JOIN ${S} AS b ON a."k" = b."k"`),
      errorsOf(
        `${out} a."d", b."i" FROM S_001 OVER (ROWS 90 PRECEDING) AS a JOIN S_001 AS b ON a."k" = b."k"`,
      ),
      errorsOf(`${out} "d", "i" FROM S_001 ORDER BY FLOOR(S_001.ROWTIME TO HOUR), "d"`),
    ]).toEqual([
      ['TOO_MANY_ROWS'],
      ['TOO_MANY_ROWS'],
      ['TOO_MANY_GROUPS'],
      ['TOO_MANY_ROWS'],
      ['TOO_MANY_ROWS'],
      ['TOO_MANY_ROWS'],
    ]);
  });

  it('are refused also when they pose as something that JavaScript would convert', () => {
    const { rows, errors } = runJunk(`${out} "d", "i" FROM S_001`, [
      { i: { valueOf: 1, toString: 1 } },
      { d: { valueOf: 1, toString: 1 } },
      JSON.parse('{"__proto__": {"d": 1}, "i": [7]}'),
    ]);
    expect(rows).toEqual([]);
    expect(errors.map(({ ERROR_NAME }) => ERROR_NAME)).toEqual(Array(3).fill('COERCION_ERROR'));
  });

  it('with absurd event times neither move time nor stop it', () => {
    const given = [1e300, -(2 ** 53) + 1, 2 ** 53 - 1, 1_499_999_999_000, 'x', null, -62_167_219_200_001].map(
      (g) => ({ k: 'a', g }),
    );
    const { rows, errors } = runJunk(
      `CREATE STREAM O (N BIGINT); CREATE PUMP P AS INSERT INTO O SELECT STREAM COUNT(*) FROM S_001
       GROUP BY FLOOR(S_001.ROWTIME TO YEAR)`,
      given,
      'g',
    );
    expect(rows).toEqual([{ N: 1 }]);
    expect(errors.map(({ ERROR_NAME }) => ERROR_NAME)).toEqual([
      'NUMERIC_OVERFLOW',
      'TIME_OUT_OF_RANGE',
      'TIME_OUT_OF_RANGE',
      'COERCION_ERROR',
      'TIME_MISSING',
      'TIME_OUT_OF_RANGE',
    ]);
  });
});
