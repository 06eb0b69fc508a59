import { beforeAll, describe, expect, it } from 'vitest';
import { type PrintedJob, printPlan } from '../../src/streaming-sql/flink/index.ts';
import { compareRows } from './compare-rows.test-support.ts';
import { conformanceCases, withReferences } from './conformance-case.test-support.ts';
import { expectedDifferences } from './differences.ts';
import { runOnEngine } from './engine-run.test-support.ts';
import { buildRunner, type FlinkResult, hasFlinkTools, runOnFlink } from './flink-runner.test-support.ts';

const MINUTE_MILLIS = 60_000;

/** Cases with what the printer makes of them; those of which it makes nothing are not run. */
const cases = conformanceCases()
  .map((each): typeof each & { printed: PrintedJob } => ({ ...each, printed: printPlan(each.plan) }))
  .filter(({ printed }) => printed.job.outputs.length > 0);

const reasonAndPump = (line: string): string => {
  const { reason, pump } = JSON.parse(line) as { reason: string; pump: string };
  return `${reason} ${pump}`;
};

/** Everything in which a case differs on Flink, as text. */
function differencesOf(name: string, result: FlinkResult): string[] {
  const { plan, records, references } = cases.find((each) => each.name === name)!;
  if (result.outputs === undefined) return [result.failure ?? 'gave nothing'];
  const engine = runOnEngine(plan, records, references);
  const refused = cases
    .find((each) => each.name === name)!
    .printed.pumps.flatMap((pump) => ('refusal' in pump ? [pump.pump] : []));
  const expectedErrors = engine.errors.filter((error) => !refused.some((pump) => error.endsWith(` ${pump}`)));
  const errors = compareRows(expectedErrors, (result.errors ?? []).map(reasonAndPump), false);
  const rows = Object.entries(result.outputs).flatMap(([stream, lines]) => {
    const { missing, extra } = compareRows(engine.outputs[stream] ?? [], lines, true);
    return [...missing.map((row) => `${stream} lacks ${row}`), ...extra.map((row) => `${stream} has ${row}`)];
  });
  return [
    ...rows,
    ...errors.missing.map((error) => `errors lack ${error}`),
    ...errors.extra.map((error) => `errors have ${error}`),
  ];
}

describe.skipIf(!hasFlinkTools())('on a local Flink cluster', () => {
  const results = new Map<string, FlinkResult>();

  beforeAll(async () => {
    const jobs = cases.map(({ name, printed, records, references }) => ({
      id: name,
      job: withReferences(printed.job, references),
      records,
      startMillis: 0,
    }));
    for (const result of await runOnFlink(await buildRunner(), jobs)) results.set(result.id, result);
  }, 10 * MINUTE_MILLIS);

  it.each(cases.map(({ name }) => name).filter((name) => !(name in expectedDifferences)))(
    'case %s gives the rows and errors that the engine gives',
    (name) => expect(differencesOf(name, results.get(name)!)).toEqual([]),
  );

  it.each(Object.keys(expectedDifferences))('case %s differs for the reason that is listed', (name) => {
    const { printed } = cases.find((each) => each.name === name)!;
    const said = printed.pumps.flatMap((pump) => ('differences' in pump ? pump.differences : []));
    expect(said).toContain(expectedDifferences[name]);
    expect(results.get(name)?.failure).toBeNull();
    expect(differencesOf(name, results.get(name)!)).not.toEqual([]);
  });
});
