import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printPlan } from '../../src/streaming-sql/flink/index.ts';
import { compileApplication, type InputSchema } from '../../src/streaming-sql/index.ts';
import { joinPrograms } from '../conformance/streaming-sql-join-programs.ts';
import { referenceTable, windowPrograms } from '../conformance/streaming-sql-programs.ts';
import { compareRows } from './compare-rows.test-support.ts';
import { withReferences } from './conformance-case.test-support.ts';
import { runOnEngine } from './engine-run.test-support.ts';
import { buildRunner, type FlinkRecord, hasFlinkTools, runOnFlink } from './flink-runner.test-support.ts';

const PROGRAMS = 200;
/** Enough that as many are left when those are taken out that Flink cannot express. */
const DRAWN = 300;
const SEED = 20_261_121;
const TIMEOUT_MILLIS = 1_200_000;
const START_MILLIS = 28 * 86_400_000;

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
const references = { REF: referenceTable.map(([key, low]) => ({ key, low })) };

/** Rows of which no two arrive in the same millisecond: Flink's RANGE windows give those one result. */
const rows = fc.array(
  fc.record({
    k: fc.constantFrom('a', 'b', 'c', null),
    s: fc.constantFrom('x', 'y'),
    v: fc.option(
      fc.integer({ min: -800, max: 800 }).map((n) => n / 8),
      { nil: null },
    ),
    n: fc.option(fc.integer({ min: -50, max: 50 }), { nil: null }),
    gap: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 1, max: 7000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 4_000_000_000 }) },
    ),
  }),
  { maxLength: 40 },
);
const programs = fc.oneof({ weight: 3, arbitrary: windowPrograms }, { weight: 1, arbitrary: joinPrograms });

function draw() {
  return fc
    .sample(fc.tuple(programs, rows), { numRuns: DRAWN, seed: SEED })
    .map(([{ sql }, drawn], index) => {
      const plan = compileApplication(sql, { input });
      let arrivalMillis = START_MILLIS;
      const records = drawn.map(({ gap, ...row }): FlinkRecord => {
        arrivalMillis += gap;
        return { data: Buffer.from(JSON.stringify(row)).toString('base64'), arrivalMillis, shardId: '' };
      });
      return { id: String(index), sql, plan, records, ...printPlan(plan) };
    })
    .filter(({ pumps }) => pumps.every((pump) => 'differences' in pump))
    .slice(0, PROGRAMS);
}

type Drawn = ReturnType<typeof draw>[number];

/** A sliding window over a stream in which a row may stand twice, or that windows closed at once have written. */
function sharesTimes({ sql, pumps }: Drawn): boolean {
  const hasPeers = pumps.some((pump) => 'differences' in pump && pump.differences.includes('peers'));
  return hasPeers && /UNION ALL|PUMP PM2|GROUP BY|DISTINCT/.test(sql);
}

describe.skipIf(!hasFlinkTools())('on a local Flink cluster', () => {
  it(
    `${PROGRAMS} random programs give the rows that the engine gives, but for sliding windows over equal times`,
    async () => {
      const drawn = draw();
      expect(drawn.length).toBe(PROGRAMS);
      const jobs = drawn.map(({ id, job, records }) => ({
        id,
        job: withReferences(job, references),
        records,
        startMillis: 0,
      }));
      const results = await runOnFlink(await buildRunner(), jobs);
      const wrong = results.flatMap(({ id, outputs, errors, failure }) => {
        const program = drawn.find((each) => each.id === id)!;
        const engine = runOnEngine(program.plan, program.records, references);
        const { missing, extra } = compareRows(engine.outputs.OUT ?? [], outputs?.OUT ?? [], true);
        const isSame =
          failure === null && missing.length + extra.length === 0 && errors?.length === engine.errors.length;
        return isSame ? [] : [{ program, text: `${program.sql}\n${failure ?? ''}-${missing}\n+${extra}` }];
      });
      const isExplained = ({ program }: { program: Drawn }): boolean => sharesTimes(program);
      const explained = wrong.filter(isExplained);
      expect(wrong.filter((each) => !isExplained(each)).map(({ text }) => text)).toEqual([]);
      expect(explained.length).toBeLessThan(PROGRAMS / 10);
    },
    TIMEOUT_MILLIS,
  );
});
