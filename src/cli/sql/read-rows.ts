import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { RecordMeta } from '../../streaming-sql/engine/index.ts';
import type { ApplicationPlan } from '../../streaming-sql/index.ts';
import { compileArrival, isArrival } from './default-arrival.ts';
import { SqlCommandError } from './sql-command-error.ts';

/** One record and what came with it. */
export interface InputRow {
  readonly record: unknown;
  readonly meta: RecordMeta;
}

/**
 * Reads rows one line at a time. A line is a JSON object; its members `$arrival` (ms), `$shard`, `$sequence` and
 * `$partitionKey` come with the record, `$csv` is the record where the schema is CSV, all others are the record. A line
 * that is no JSON object is a record that does not fit, as bytes on a stream would be.
 *
 * @throws SqlCommandError when the file cannot be read or a `$` member has the wrong type
 */
export async function* readRows(file: string, plan: ApplicationPlan): AsyncGenerator<InputRow> {
  const arrivalOf = compileArrival(plan);
  let number = 0;
  for await (const line of linesOf(file)) {
    number += 1;
    if (line.trim() === '') continue;
    const { meta, record } = splitLine(line, number, file);
    yield { record, meta: { ...meta, arrivalMillis: arrivalOf(meta.arrivalMillis, record) } };
  }
}

/** The shards that the rows name; they must be known before the first row. Standard input cannot be read twice. */
export async function shardsOf(file: string): Promise<string[]> {
  const shards = new Set<string>();
  if (file === '-') return [];
  for await (const line of linesOf(file)) {
    if (!line.includes('"$shard"')) continue;
    const value = parseObject(line)?.$shard;
    if (typeof value === 'string') shards.add(value);
  }
  return [...shards].sort();
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (cause) {
    throw new SqlCommandError(`Cannot read rows from '${file}': ${(cause as Error).message}`, { cause });
  }
}

interface SplitLine {
  readonly record: unknown;
  readonly meta: Omit<RecordMeta, 'arrivalMillis'> & { readonly arrivalMillis?: number };
}

function splitLine(line: string, number: number, file: string): SplitLine {
  const value = parseObject(line);
  if (value === undefined) return { record: line, meta: {} };
  const { $arrival, $shard, $sequence, $partitionKey, $csv, ...record } = value;
  const wrong = (member: string, found: unknown, wanted: string): SqlCommandError =>
    new SqlCommandError(
      `Cannot use "${member}" in line ${number} of '${file}': found ${JSON.stringify(found)}, wanted ${wanted}`,
    );
  if ($arrival !== undefined && !isArrival($arrival))
    throw wrong('$arrival', $arrival, 'milliseconds since the epoch, from 0 to the year 9999');
  const texts = Object.entries({ $shard, $sequence, $partitionKey, $csv });
  const noText = texts.find(([, found]) => found !== undefined && typeof found !== 'string');
  if (noText !== undefined) throw wrong(noText[0], noText[1], 'a text');
  return {
    record: $csv ?? record,
    meta: {
      ...($arrival !== undefined && { arrivalMillis: $arrival }),
      ...($shard !== undefined && { shardId: String($shard) }),
      ...($sequence !== undefined && { sequenceNumber: String($sequence) }),
      ...($partitionKey !== undefined && { partitionKey: String($partitionKey) }),
    },
  };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Not JSON: the record is the line as it is.
  }
  return undefined;
}
