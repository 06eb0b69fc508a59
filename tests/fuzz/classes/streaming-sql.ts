import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { createEngine } from '../../../src/streaming-sql/engine/index.ts';
import { compileApplication, type InputSchema, StreamingSqlError } from '../../../src/streaming-sql/index.ts';
import { joinPrograms } from '../../conformance/streaming-sql-join-programs.ts';
import { directPrograms, referenceTable, windowPrograms } from '../../conformance/streaming-sql-programs.ts';
import { type FuzzClass, holds } from '../fuzz-class.ts';
import { mutate, piecesOf } from '../mutate.ts';

const root = new URL('../../conformance/streaming-sql/', import.meta.url);
const shared = JSON.parse(readFileSync(new URL('input.json', root), 'utf8')) as InputSchema;
const corpus = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => readFileSync(new URL(`${name}/query.sql`, root)));
const PIECES = [
  ...piecesOf(
    `( ) , ; . * + - / = < > || ' " -- /* NULL ROWTIME OVER PARTITION BY RANGE ROWS 5 PRECEDING JOIN ON UNION ALL SELECT STREAM DISTINCT FROM WHERE
     GROUP HAVING WINDOW AS INTERVAL '1' MINUTE TO SECOND CAST CASE WHEN THEN END VALUES 0 -1 1e308 X'0' "ticker" "price" COUNT(*) SUM AVG STEP FLOOR TABLE CURSOR`,
  ),
  Buffer.from(' '),
  Buffer.from('\u0000'),
  Buffer.from('\u{1f600}'),
  Buffer.from([0xff]),
];

const ENGINE = {
  onRow: () => undefined,
  maxGroups: 100,
  references: { REF: referenceTable.map(([key, low]) => ({ key, low })) },
};

/** Compiles, or refuses with a place and a sentence. */
function compileAndRun(
  sql: string,
  input: InputSchema,
  record: (index: number) => Record<string, unknown>,
): void {
  try {
    const engine = createEngine(compileApplication(sql, { input }), ENGINE);
    for (let at = 0; at < 3; at += 1) engine.acceptRecord(record(at), { arrivalMillis: at * 1000 });
    engine.advance(1_000_000);
  } catch (error) {
    if (!(error instanceof StreamingSqlError)) throw error;
    const { line, column, reason } = error;
    holds(line > 0 && column > 0 && /^\S.{8,}[^.]$/s.test(reason), () => `${line}:${column} '${reason}'`);
  }
}

/** Broken applications: refused with line and column, or compiled and run. */
export const streamingSql: FuzzClass = {
  name: 'streaming-sql',
  counts: { ci: 4000, long: 100_000 },
  open: () => ({
    generate: (random) => mutate(random.pick(corpus), random, PIECES),
    check: (input) =>
      compileAndRun(input.toString(), shared, (at) => ({
        ticker: ['A', null, 'B'][at],
        price: at,
        qty: at - 1,
      })),
  }),
};

const column = (Name: string, SqlType: string) => ({ Name, SqlType, Mapping: `$.${Name}` });
const format = { RecordFormatType: 'JSON' as const };
const generated: InputSchema = {
  NamePrefix: 'S',
  InputSchema: {
    RecordFormat: format,
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
        RecordFormat: format,
        RecordColumns: [column('key', 'VARCHAR(8)'), column('low', 'DOUBLE')],
      },
    },
  ],
};
const programs = fc.oneof(windowPrograms, directPrograms, joinPrograms);

/** Programs out of the grammar, and the same with something broken; what they give is checked in tests/conformance. */
export const streamingSqlGenerated: FuzzClass = {
  name: 'streaming-sql-generated',
  counts: { ci: 2000, long: 50_000 },
  open: () => ({
    generate: (random) => {
      const [program] = fc.sample(programs, { numRuns: 1, seed: random.between(0, 2 ** 31 - 1) });
      const text = Buffer.from(program!.sql);
      return random.chance(0.5) ? text : mutate(text, random, PIECES);
    },
    check: (input) =>
      compileAndRun(input.toString(), generated, (at) => ({
        k: ['a', null, 'b'][at],
        s: 'x',
        v: at / 8,
        n: at - 1,
        t: at * 1000,
      })),
  }),
};
