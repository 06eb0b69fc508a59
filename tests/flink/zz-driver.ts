import { conformanceCases, withReferences } from './conformance-case.test-support.ts';
import { runOnEngine } from './engine-run.test-support.ts';
import { runOnFlink } from './flink-runner.test-support.ts';
import { compareRows } from './compare-rows.test-support.ts';
import { printPlan } from '../../src/streaming-sql/flink/index.ts';
import { readFileSync } from 'node:fs';
const only = process.argv.slice(2);
const cases = conformanceCases().filter((c) => only.length === 0 || only.includes(c.name));
const jobs = cases.flatMap((c) => { const { job, pumps } = printPlan(c.plan); return pumps.some((p) => 'refusal' in p) ? [] : [{ id: c.name, job: withReferences(job, c.references), records: c.records, startMillis: 0 }]; });
const started = Date.now();
const results = await runOnFlink('/tmp/flinkplan/classes:' + readFileSync('/tmp/flinkplan/classpath.txt', 'utf8').trim(), jobs);
let same = 0;
for (const r of results) {
  const c = cases.find(({ name }) => name === r.id)!;
  if (r.failure) { console.log('FAILURE', r.id, r.failure.slice(0, 1500)); continue; }
  const e = runOnEngine(c.plan, c.records, c.references);
  const bad: string[] = [];
  for (const [s, lines] of Object.entries(e.outputs)) { const m = compareRows(lines, r.outputs?.[s] ?? [], true); if (m.missing.length + m.extra.length > 0) bad.push(`${s}\n  missing ${m.missing.slice(0,6).join('\n          ')}\n  extra   ${m.extra.slice(0,6).join('\n          ')}`); }
  const fe = (r.errors ?? []).map((l) => { const o = JSON.parse(l); return `${o.reason} ${o.pump ?? ''}`; });
  const m = compareRows(e.errors, fe, false);
  if (m.missing.length + m.extra.length > 0) bad.push(`errors missing ${m.missing} extra ${m.extra}`);
  if (bad.length > 0) console.log('DIFFERS', r.id, bad.join('\n')); else same++;
}
console.log(same, 'of', results.length, 'same', Date.now() - started, 'ms');
