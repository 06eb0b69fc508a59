import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InputSchema, reportApplication } from './index.ts';

const project = new URL('../../', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, project), 'utf8');
const input = JSON.parse(read('analytics-sql/weather-windows.input.json')) as InputSchema;
const out = 'CREATE STREAM "OUT" ("sensor_id" VARCHAR(32), "n" INT);';

/** The report of the one pump behind a stream of two columns. */
function pump(query: string, options: { partitionKey?: string } = {}) {
  const { statements } = reportApplication(`${out}\nCREATE PUMP P AS INSERT INTO "OUT" ${query};`, {
    input,
    ...options,
  });
  return statements[1]!;
}

const grouped = (term: string): string =>
  `SELECT STREAM "sensor_id", COUNT(*) FROM SOURCE_SQL_STREAM_001 AS s GROUP BY "sensor_id", ${term}`;

describe('reportApplication()', () => {
  it('finds the shipped windows native everywhere', () => {
    const report = reportApplication(read('analytics-sql/weather-windows.sql'), { input });
    expect(report).toMatchObject({ compiles: true, notes: [] });
    expect(report.statements).toMatchObject([
      { kind: 'CREATE STREAM', name: 'DESTINATION_SQL_STREAM', line: 1, column: 1, status: 'ok' },
      {
        kind: 'CREATE PUMP',
        name: 'STREAM_PUMP',
        line: 5,
        column: 1,
        status: 'ok',
        problems: [],
        constructs: 'CREATE PUMP,GROUP BY,tumbling window (epoch FLOOR),ROWTIME,AVG,SUM,COUNT,MIN,MAX'.split(
          ',',
        ),
        backEnds: {
          engine: { support: 'native' },
          lambda: { support: 'native' },
          flink: { support: 'native' },
        },
      },
    ]);
  });

  it('reports every broken statement at its place and the sound ones beside them', () => {
    const text = [
      out,
      'CREATE PUMP P1 AS INSERT INTO "OUT" SELECT STREAM "nope", 1 FROM SOURCE_SQL_STREAM_001;',
      'CREATE PUMP P2 AS INSERT INTO "OUT" SELECT STREAM "sensor_id" # FROM SOURCE_SQL_STREAM_001;',
      'CREATE PUMP P3 AS INSERT INTO "OUT" SELECT STREAM "sensor_id", 1 FROM SOURCE_SQL_STREAM_001',
      'CREATE PUMP P4 AS INSERT INTO "OUT" SELECT STREAM "sensor_id", 1 FROM SOURCE_SQL_STREAM_001;',
      'SELECT 1;',
      'CREATE PUMP P5 AS INSERT INTO "OUT" SELECT STREAM \'abc FROM SOURCE_SQL_STREAM_001',
    ].join('\n');
    const { compiles, statements } = reportApplication(text, { input });
    expect(compiles).toBe(false);
    expect(statements.map(({ name, line, column, status }) => `${name} ${line}:${column} ${status}`)).toEqual(
      [
        'OUT 1:1 ok',
        'P1 2:51 error',
        'P2 3:63 error',
        'P3 5:1 error',
        'P4 5:1 ok',
        ' 6:1 error',
        'P5 7:51 error',
      ],
    );
  });

  it('finds errors that only all statements together have', () => {
    const circle =
      'CREATE STREAM A (x INT); CREATE STREAM B (x INT);\nCREATE PUMP P AS INSERT INTO A SELECT STREAM x FROM B;' +
      '\nCREATE PUMP Q AS INSERT INTO B SELECT STREAM x FROM A;';
    const { compiles, statements } = reportApplication(circle, { input });
    expect(compiles).toBe(false);
    expect(statements.find(({ status }) => status === 'error')).toMatchObject({
      name: 'P',
      line: 2,
      message: expect.stringContaining('feeds itself'),
    });
    expect(reportApplication(out, { input })).toMatchObject({
      compiles: false,
      notes: [expect.stringContaining('no pump')],
    });
  });

  it('says without a schema what it could not check, and checks the rest', () => {
    const text = `${out}\nCREATE PUMP P AS INSERT INTO "OUT" SELECT STREAM "a", 1 FROM SOURCE_SQL_STREAM_001;
      CREATE STREAM "B" (n INT); CREATE PUMP Q AS INSERT INTO "B" SELECT STREAM "m" FROM "OUT";`;
    const { compiles, notes, statements } = reportApplication(text);
    expect({ compiles, notes }).toEqual({
      compiles: false,
      notes: [expect.stringContaining('No input schema')],
    });
    expect(statements.map(({ status }) => status)).toEqual(['ok', 'warning', 'ok', 'error']);
    expect(statements[1]!.message).toContain('"SOURCE_SQL_STREAM_001" is not declared here');
    expect(statements[3]!.message).toContain('Unknown column "m"');
  });

  it('gives warnings their place', () => {
    expect(
      pump(grouped("STEP(s.ROWTIME BY INTERVAL '10' SECOND)").replace('COUNT(*)', 'AVG("direction")')),
    ).toMatchObject({
      status: 'warning',
      line: 2,
      column: 63,
      message: expect.stringContaining('truncates'),
    });
  });

  it.each([
    [grouped("STEP(s.ROWTIME BY INTERVAL '10' SECOND)"), 'native', 'one of "sensor_id"'],
    [grouped('FLOOR(s.ROWTIME TO HOUR)'), 'impossible', '1 to 900 whole seconds'],
    [grouped('FLOOR(s.ROWTIME TO MONTH)'), 'impossible', 'MONTH'],
    ['SELECT STREAM "sensor_id", 1 FROM SOURCE_SQL_STREAM_001', 'native', 'without state'],
    [
      'SELECT STREAM "sensor_id", COUNT(*) OVER (ROWS 3 PRECEDING) FROM SOURCE_SQL_STREAM_001',
      'impossible',
      'sliding window spans windows',
    ],
    [
      'SELECT STREAM MAX("sensor"), COUNT(*) FROM SOURCE_SQL_STREAM_001 AS s GROUP BY FLOOR(s.ROWTIME TO MINUTE)',
      'impossible',
      'by no column of the stream',
    ],
  ])('judges for Lambda: %s', (query, support, reason) => {
    const { lambda } = pump(query).backEnds;
    expect(lambda).toEqual({ support, reason: expect.stringContaining(reason) });
  });

  it("compares the groups with the stream's partition key where it is known", () => {
    const query = grouped("STEP(s.ROWTIME BY INTERVAL '10' SECOND)");
    expect(pump(query, { partitionKey: 'sensor_id' }).backEnds.lambda.support).toBe('native');
    expect(pump(query, { partitionKey: 'station_id' }).backEnds.lambda).toEqual({
      support: 'impossible',
      reason:
        'grouped by "sensor_id", not by its partition key "station_id": a group would be split among shards',
    });
  });

  it.each([
    ['SELECT STREAM "sensor_id", 1 FROM SOURCE_SQL_STREAM_001', 'native'],
    ['SELECT STREAM SHARD_ID, 1 FROM SOURCE_SQL_STREAM_001', 'native'],
    ['SELECT STREAM LOWER("sensor_id"), "direction" / 0 FROM SOURCE_SQL_STREAM_001', 'native'],
    ["SELECT STREAM REGEX_REPLACE(\"sensor_id\", 'a', 'b', 2, 1), 1 FROM SOURCE_SQL_STREAM_001", 'udf'],
    [
      'SELECT STREAM "sensor_id", COUNT(*) FROM SOURCE_SQL_STREAM_001 WINDOWED BY STAGGER (PARTITION BY "sensor_id" RANGE INTERVAL \'1\' MINUTE)',
      'function',
    ],
    [
      'SELECT STREAM a."sensor_id", 1 FROM SOURCE_SQL_STREAM_001 OVER (RANGE INTERVAL \'1\' MINUTE PRECEDING) AS a, SOURCE_SQL_STREAM_001 AS b',
      'native',
    ],
    [
      'SELECT STREAM a."sensor_id", 1 FROM SOURCE_SQL_STREAM_001 OVER (ROWS 3 PRECEDING) AS a, SOURCE_SQL_STREAM_001 AS b',
      'impossible',
    ],
    [
      'SELECT STREAM s."sensor_id", COUNT(*) FROM SOURCE_SQL_STREAM_001 AS s GROUP BY s."sensor_id", FLOOR(s.ROWTIME TO MONTH)',
      'function',
    ],
  ])('judges for Flink: %s', (query, support) => {
    const { status, backEnds } = pump(query);
    expect(status).not.toBe('error');
    expect(backEnds.flink.support).toBe(support);
  });

  it('reports any mutilated program, every statement in its place', () => {
    const cases = 'tests/conformance/streaming-sql/';
    const programs = readdirSync(new URL(cases, project), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => read(`${cases}${name}/query.sql`));
    const caseInput = JSON.parse(read(`${cases}input.json`)) as InputSchema;
    const cut = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), length: fc.nat(12) });
    const junk = fc.constantFrom(
      '',
      ';',
      '(',
      ')',
      "'",
      '"',
      '#',
      '/*',
      '--',
      ' SELECT ',
      ',',
      'CREATE STREAM',
      '\u0000',
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...programs),
        fc.array(fc.tuple(cut, junk), { maxLength: 4 }),
        (text, cuts) => {
          const broken = cuts.reduce((sql, [{ at, length }, put]) => {
            const start = Math.floor(at * sql.length);
            return sql.slice(0, start) + put + sql.slice(start + length);
          }, text);
          const { statements, compiles } = reportApplication(broken, { input: caseInput });
          const lines = broken.split(/\r\n|\r|\n/).length;
          for (const { line, column, status, message } of statements) {
            expect(line >= 1 && line <= lines && column >= 1).toBe(true);
            expect(message === undefined).toBe(status === 'ok');
          }
          expect(compiles && statements.some(({ status }) => status === 'error')).toBe(false);
        },
      ),
      { numRuns: 400 },
    );
  });
});
