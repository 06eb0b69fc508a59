import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createEngine } from '../src/streaming-sql/engine/index.ts';
import { printFlinkJob } from '../src/streaming-sql/flink/index.ts';
import { shippedPlan } from './window-measures.ts';
import { START, WINDOW_MILLIS } from './window-rows.ts';

/** What one side used from the end of its warm-up to its last record, and what came out of the whole run. */
export interface SideRun {
  /** Of the process with all its threads, garbage collection among them. */
  readonly cpuMillis: number;
  readonly wallMillis: number;
  readonly lines: number;
}

/** The same for both sides: `count` records, the lines of `file` again and again. */
export interface Load {
  readonly file: string;
  readonly count: number;
  readonly warmUp: number;
  /** How many records arrive in a second of the records' own time. */
  readonly perSecond: number;
}

export type StateBackend = 'hashmap' | 'rocksdb';

const project = fileURLToPath(new URL('../analytics-sql/flink-runner/', import.meta.url));
const build = fileURLToPath(new URL('../bin/build-flink.mjs', import.meta.url));
const run = promisify(execFile);
const NEWLINE = 10;
/** Records parsed before they are handed on: see `src/local/streaming-application.ts`. */
const PARSED_AHEAD = 32;

/** The embedded engine in this process: bytes, JSON.parse, windows, lines. */
export function runEngine({ file, count, warmUp, perSecond }: Load): SideRun {
  const records = linesOf(readFileSync(file));
  let lines = 0;
  const onRow = (_stream: string, row: object): void => {
    if (JSON.stringify(row).length > 0) lines++;
  };
  const onError = (): never => {
    throw new Error('Cannot measure: the engine refused a record');
  };
  const engine = createEngine(shippedPlan(), { onRow, onError });
  let cpu = process.cpuUsage();
  let began = performance.now();
  for (let first = 0; first < count; first += PARSED_AHEAD) {
    if (first <= warmUp && warmUp < first + PARSED_AHEAD) {
      cpu = process.cpuUsage();
      began = performance.now();
    }
    const at = first % records.length;
    const values = records.slice(at, at + PARSED_AHEAD).map((bytes) => JSON.parse(bytes.toString()));
    for (const [i, value] of values.entries())
      engine.acceptRecord(value, { arrivalMillis: START + Math.floor(((first + i) * 1000) / perSecond) });
  }
  const { user, system } = process.cpuUsage(cpu);
  const wallMillis = performance.now() - began;
  engine.advance(START + (count * 1000) / perSecond + WINDOW_MILLIS);
  return { cpuMillis: (user + system) / 1000, wallMillis, lines };
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, at);
    lines.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return lines;
}

/** Builds the runner and answers its class path; Maven fetches the state backend that is on no class path of ours. */
export async function flinkClassPath(): Promise<string> {
  await run(process.execPath, [build]);
  const file = join(project, 'target/classpath-rocksdb.txt');
  const goal = ['dependency:build-classpath', '-DincludeScope=test', `-Dmdep.outputFile=${file}`];
  await run('mvn', ['-q', '-B', '-Procksdb', ...goal], { cwd: project });
  const libraries = await readFile(file, 'utf8');
  return [join(project, 'target/test-classes'), join(project, 'target/classes'), libraries.trim()].join(
    delimiter,
  );
}

/** The printed job in a Flink cluster of parallelism 1 in a JVM of its own: bytes, the runner's decoding, windows, lines. */
export async function runFlink(
  classPath: string,
  load: Load,
  state: StateBackend,
  folder: string,
): Promise<SideRun> {
  const [input, output] = [join(folder, 'in.json'), join(folder, 'out.json')];
  const { file: records, ...rest } = load;
  const job = printFlinkJob(shippedPlan());
  await writeFile(input, JSON.stringify({ ...rest, job, records, startMillis: START, state }));
  await run('java', ['-Xmx4g', '-cp', classPath, 'mesonet.flink.WindowsBench', input, output]);
  const { errors, ...measured } = JSON.parse(await readFile(output, 'utf8')) as SideRun & { errors: number };
  if (errors > 0) throw new Error(`Cannot measure: Flink refused ${errors} records`);
  return measured;
}
