import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileApplication } from '../index.ts';
import { createEngine } from './index.ts';

const columns = [
  { Name: 'k', SqlType: 'VARCHAR(8)', Mapping: '$.k' },
  { Name: 'g', SqlType: 'INTEGER', Mapping: '$.g' },
  { Name: 'x', SqlType: 'DOUBLE', Mapping: '$.x' },
  { Name: 'n', SqlType: 'INTEGER', Mapping: '$.n' },
];
const input = {
  NamePrefix: 'SOURCE_SQL_STREAM',
  InputSchema: { RecordFormat: { RecordFormatType: 'JSON' }, RecordColumns: columns },
} as const;

const queries = [
  'SELECT STREAM "k", COUNT(*), SUM("x"), AVG("n"), MIN("k"), COUNT("x") FROM $ AS s GROUP BY "k", FLOOR(s.ROWTIME TO MINUTE)',
  'SELECT STREAM "k", COUNT(*), MAX("x"), STDDEV_SAMP("x"), FIRST_VALUE("k"), SUM("n") FROM $ AS s WHERE "x" / "n" > 1 OR "g" = 2 GROUP BY "k", FLOOR(s.ROWTIME TO MINUTE)',
  'SELECT STREAM UPPER("k"), COUNT(*), SUM("x" / "n"), AVG("n" + 1), LAST_VALUE("k"), MIN("g") FROM $ AS s GROUP BY UPPER("k"), "g", STEP(s.ROWTIME BY INTERVAL \'20\' SECOND)',
  'SELECT STREAM MAX("k"), COUNT(*), SUM("y"), AVG("n"), MIN("k"), COUNT("x") FROM (SELECT STREAM "k", "x", "n", "x" * "n" AS "y", 1 / "g" AS "unused" FROM $ WHERE "n" IS NOT NULL) AS s GROUP BY FLOOR(s.ROWTIME TO MINUTE)',
];
const result =
  'CREATE STREAM "RESULT" ("a" VARCHAR(8), "b" BIGINT, "c" DOUBLE, "d" DOUBLE, "e" VARCHAR(8), "f" DOUBLE);';
const copy = `CREATE STREAM "COPY" ("k" VARCHAR(8), "g" INTEGER, "x" DOUBLE, "n" INTEGER);
  CREATE PUMP "COPIER" AS INSERT INTO "COPY" SELECT STREAM "k", "g", "x", "n" FROM "SOURCE_SQL_STREAM_001";`;

/** The result's rows, and what went wrong how often. */
function run(sql: string, records: readonly unknown[]): { rows: unknown[]; errors: Record<string, number> } {
  const rows: unknown[] = [];
  const errors: Record<string, number> = {};
  const engine = createEngine(compileApplication(sql, { input }), {
    outputs: ['RESULT'],
    onRow: (_stream, row, { rowtimeMillis }) => rows.push([rowtimeMillis, row]),
    onError: ({ ERROR_NAME }) => {
      errors[ERROR_NAME] = (errors[ERROR_NAME] ?? 0) + 1;
    },
  });
  for (const [i, record] of records.entries()) engine.acceptRecord(record, { arrivalMillis: i * 7000 });
  engine.advance(records.length * 7000 + 120_000);
  return { rows, errors };
}

const record = fc.record({
  k: fc.constantFrom('a', 'b', 'cc', null, 7),
  g: fc.constantFrom(0, 1, 2, null),
  x: fc.constantFrom(0.1, 0.2, -3, 1e16, null, 'no number'),
  n: fc.constantFrom(0, 1, 2, 3, null),
});

describe('rows of the source that go into windows column by column', () => {
  it.each(queries)('give what whole rows give, errors included: %s', (query) => {
    const columnwise = `${result} CREATE PUMP "P" AS INSERT INTO "RESULT" ${query.replace('$', '"SOURCE_SQL_STREAM_001"')};`;
    const rowwise = `${copy} ${result} CREATE PUMP "P" AS INSERT INTO "RESULT" ${query.replace('$', '"COPY"')};`;
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), (records) => {
        expect(run(columnwise, records)).toEqual(run(rowwise, records));
      }),
      { numRuns: 150 },
    );
  });
});
