import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { FlinkJob } from '../../src/streaming-sql/flink/index.ts';
import {
  type ApplicationPlan,
  compileApplication,
  type InputSchema,
  type TimeOptions,
} from '../../src/streaming-sql/index.ts';
import type { FlinkRecord } from './flink-runner.test-support.ts';

const root = new URL('../conformance/streaming-sql/', import.meta.url);

/** Cases begin with the epoch, whose first millisecond Flink's OVER windows take for no time at all. */
const START_MILLIS = 28 * 86_400_000;

/** A case of the streaming SQL suite that is no error: a plan, its records, and the rows of its reference tables. */
export interface ConformanceCase {
  readonly name: string;
  readonly plan: ApplicationPlan;
  readonly records: readonly FlinkRecord[];
  readonly references: Readonly<Record<string, readonly unknown[]>>;
}

export function conformanceCases(): ConformanceCase[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !existsSync(new URL(`${entry.name}/error.json`, root)))
    .map(({ name }) => ({
      name,
      plan: compile(name),
      records: lines(read(name, 'rows.jsonl')).map(recordOf),
      references: JSON.parse(read(name, 'references.json') ?? '{}'),
    }));
}

function compile(name: string): ApplicationPlan {
  const input = JSON.parse(
    read(name, 'input.json') ?? readFileSync(new URL('input.json', root), 'utf8'),
  ) as InputSchema;
  const time = read(name, 'time.json');
  return compileApplication(read(name, 'query.sql') ?? '', {
    input,
    file: 'query.sql',
    ...(time === undefined ? {} : { time: JSON.parse(time) as TimeOptions }),
  });
}

function read(name: string, file: string): string | undefined {
  const url = new URL(`${name}/${file}`, root);
  return existsSync(url) ? readFileSync(url, 'utf8') : undefined;
}

function lines(text: string | undefined): Record<string, unknown>[] {
  return (text ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line));
}

function recordOf({ $arrival, $shard, $csv, ...record }: Record<string, unknown>): FlinkRecord {
  const text = typeof $csv === 'string' ? $csv : JSON.stringify(record);
  return {
    data: Buffer.from(text).toString('base64'),
    arrivalMillis: Number($arrival) + START_MILLIS,
    shardId: $shard === undefined ? '' : String($shard),
  };
}

/** The job with the rows of its reference tables in it. */
export function withReferences(job: FlinkJob, references: ConformanceCase['references']): FlinkJob {
  const reference = job.source.reference.map((table) => {
    const rows = references[table.table] ?? [];
    const text = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row)));
    return { ...table, content: text.join('\n') };
  });
  return { ...job, source: { ...job.source, reference } };
}
