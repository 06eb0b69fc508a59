import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printPlan, printScript } from '../../src/streaming-sql/flink/index.ts';
import { compileApplication, type InputSchema, type TimeOptions } from '../../src/streaming-sql/index.ts';
import { joinPrograms } from './streaming-sql-join-programs.ts';
import { directPrograms, windowPrograms } from './streaming-sql-programs.ts';

/**
 * `flink.sql` beside each case is the script that the printer makes of it; a case without one is refused, for the reason
 * given below. `MESONET_UPDATE_FLINK=1 vitest run tests/conformance/streaming-sql-flink.test.ts` writes them anew.
 */
const refusals: Readonly<Record<string, string>> = {
  'join-by-rows':
    'PJ: a join window by ROWS holds the newest rows of a stream, and Flink joins by keys or by time only',
  'late-and-corrected': 'P: late rows that correct a window (allowedLatenessMillis): windows are given once',
  'rowtime-alias': 'P: AS ROWTIME gives rows another time, which a view cannot do to a time attribute',
};

const project = new URL('../../', import.meta.url);
const root = 'tests/conformance/streaming-sql/';
const isUpdate = process.env.MESONET_UPDATE_FLINK === '1';

interface Case {
  readonly name: string;
  readonly query: string;
  readonly input: string;
  readonly time?: string;
  readonly golden: string;
}

const cases: readonly Case[] = [
  ...readdirSync(new URL(root, project), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !existsSync(at(`${root}${entry.name}/error.json`)))
    .map(({ name }) => ({
      name,
      query: `${root}${name}/query.sql`,
      input: existsSync(at(`${root}${name}/input.json`)) ? `${root}${name}/input.json` : `${root}input.json`,
      ...(existsSync(at(`${root}${name}/time.json`)) && { time: `${root}${name}/time.json` }),
      golden: `${root}${name}/flink.sql`,
    })),
  ...['weather-windows', 'weather-alerts'].map((name) => ({
    name,
    query: `analytics-sql/${name}.sql`,
    input: `analytics-sql/${name}.input.json`,
    golden: `tests/conformance/streaming-sql-flink/${name}.sql`,
  })),
];

function at(path: string): URL {
  return new URL(path, project);
}

function print({ name, query, input, time }: Case) {
  const plan = compileApplication(readFileSync(at(query), 'utf8'), {
    file: `${name}.sql`,
    input: JSON.parse(readFileSync(at(input), 'utf8')) as InputSchema,
    ...(time !== undefined && { time: JSON.parse(readFileSync(at(time), 'utf8')) as TimeOptions }),
  });
  const { job, pumps } = printPlan(plan);
  const refused = pumps.flatMap((each) => ('refusal' in each ? [`${each.pump}: ${each.refusal}`] : []));
  return { script: printScript(job), refusal: refused[0] };
}

describe.each(cases)('the Flink script of $name', (each) => {
  it('is the one beside the case, or the case is refused', () => {
    const { script, refusal } = print(each);
    const golden = at(each.golden);
    expect(refusal).toBe(refusals[each.name]);
    if (isUpdate && refusal === undefined) writeFileSync(golden, script);
    if (isUpdate && refusal !== undefined) rmSync(golden, { force: true });
    expect(existsSync(golden) ? readFileSync(golden, 'utf8') : undefined).toBe(
      refusal === undefined ? script : undefined,
    );
  });
});

describe('any program', () => {
  const column = (Name: string, SqlType: string) => ({ Name, SqlType, Mapping: `$.${Name}` });
  const record = (...columns: ReturnType<typeof column>[]) => ({
    RecordFormat: { RecordFormatType: 'JSON' as const },
    RecordColumns: columns,
  });
  const text = 'VARCHAR(8)';
  const input: InputSchema = {
    NamePrefix: 'S',
    InputSchema: record(
      column('k', text),
      column('s', text),
      column('v', 'DOUBLE'),
      column('n', 'INTEGER'),
      column('t', 'BIGINT'),
    ),
    ReferenceDataSources: [
      { TableName: 'REF', ReferenceSchema: record(column('key', text), column('low', 'DOUBLE')) },
    ],
  };

  it('is printed, or refused with a reason', () => {
    fc.assert(
      fc.property(fc.oneof(windowPrograms, directPrograms, joinPrograms), ({ sql }) => {
        const { job, pumps } = printPlan(compileApplication(sql, { input }));
        const refusals = pumps.flatMap((pump) => ('refusal' in pump ? [pump.refusal] : []));
        expect(refusals.every((reason) => reason.length > 10)).toBe(true);
        if (refusals.length === 0) expect(job.outputs.map(({ stream }) => stream)).toContain('OUT');
        for (const { sql: view } of job.views) expect(view).not.toMatch(/undefined|\[object|NaN/);
      }),
      { numRuns: 300 },
    );
  });
});
