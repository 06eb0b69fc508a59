import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createRowPrinter } from '../../src/cli/sql/print-rows.ts';
import { referenceFileOf } from '../../src/cli/sql/read-application.ts';
import { readRows, shardsOf } from '../../src/cli/sql/read-rows.ts';
import { loadReferences } from '../../src/local/reference-table.ts';
import { createEngine } from '../../src/streaming-sql/engine/index.ts';
import {
  type ApplicationPlan,
  compileApplication,
  type InputSchema,
  reportApplication,
} from '../../src/streaming-sql/index.ts';
import { streamsRead } from '../../src/streaming-sql/pump-order.ts';

/**
 * The cases of the shipped applications: `<application>.cases/<case>/rows.jsonl` is what `mesonet sql run` takes, and
 * `expected.jsonl` what it prints of the error stream and of the streams that no pump reads. The rows of a reference
 * table stand in `<application>.<table in lower case>.csv`.
 */
const folder = fileURLToPath(new URL('../../analytics-sql/', import.meta.url));
const applications = readdirSync(folder).flatMap((file) =>
  file.endsWith('.sql') ? [file.slice(0, -4)] : [],
);
const cases = applications.flatMap((application) =>
  readdirSync(`${folder}${application}.cases`).map((name) => ({ application, name })),
);

const schemaOf = (application: string): InputSchema =>
  JSON.parse(readFileSync(`${folder}${application}.input.json`, 'utf8')) as InputSchema;
const sqlOf = (application: string): string => readFileSync(`${folder}${application}.sql`, 'utf8');

async function run(application: string, rowsFile: string): Promise<Record<string, unknown>[]> {
  const plan = compileApplication(sqlOf(application), { input: schemaOf(application) });
  let text = '';
  const output = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  const printer = createRowPrinter(output, true);
  const files = plan.references.map(
    ({ name, format }) => [name, referenceFileOf(`${folder}${application}.sql`, name, format)] as const,
  );
  const engine = createEngine(plan, {
    ...printer.sinks,
    shardIds: await shardsOf(rowsFile),
    references: loadReferences(plan, new Map(files)),
  });
  let last = 0;
  for await (const { record, meta } of readRows(rowsFile, plan)) {
    engine.acceptRecord(record, meta);
    last = meta.arrivalMillis;
  }
  engine.advance(last + 86_400_000);
  await printer.end('');
  const ends = endsOf(plan);
  return parseLines(text).filter(({ $stream }) => ends.has(String($stream)));
}

function endsOf({ streams, pumps }: ApplicationPlan): Set<string> {
  const read = new Set(pumps.flatMap(({ query }) => streamsRead(query)));
  return new Set(['error_stream', ...streams.map(({ name }) => name).filter((name) => !read.has(name))]);
}

function parseLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe.each(cases)('analytics-sql/$application.cases/$name', ({ application, name }) => {
  it('gives the expected rows', async () => {
    const at = `${folder}${application}.cases/${name}`;
    expect(existsSync(`${at}/expected.jsonl`)).toBe(true);
    const expected = parseLines(readFileSync(`${at}/expected.jsonl`, 'utf8'));
    expect(await run(application, `${at}/rows.jsonl`)).toEqual(expected);
  });
});

describe.each(applications)('analytics-sql/%s.sql', (application) => {
  it('compiles without a warning', () => {
    const { compiles, statements } = reportApplication(sqlOf(application), { input: schemaOf(application) });
    expect(compiles).toBe(true);
    expect(statements.filter(({ status }) => status !== 'ok')).toEqual([]);
  });
});
