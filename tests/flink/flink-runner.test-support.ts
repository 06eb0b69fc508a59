import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { FlinkJob } from '../../src/streaming-sql/flink/index.ts';
import { findTool } from '../tools/find-tool.test-support.ts';

const project = fileURLToPath(new URL('../../analytics-sql/flink-runner/', import.meta.url));
/** What is deployed. */
export const runnerJar = join(project, 'target/flink-runner-1.jar');
const build = fileURLToPath(new URL('../../bin/build-flink.mjs', import.meta.url));
const run = promisify(execFile);
const MEGABYTE = 1 << 20;
/** Each query is compiled and then run for a moment: the best optimisations cost more than they give. */
const shortLived = ['-Xmx2g', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** A record as it lies in a stream. */
export interface FlinkRecord {
  readonly data: string;
  readonly arrivalMillis: number;
  readonly shardId: string;
  readonly sequenceNumber?: string;
  readonly partitionKey?: string;
}

/** A job on given records; `startMillis` is what CURRENT_TIMESTAMP is frozen at. */
export interface FlinkCase {
  readonly id: string;
  readonly job: FlinkJob;
  readonly records: readonly FlinkRecord[];
  readonly startMillis: number;
}

export interface FlinkResult {
  readonly id: string;
  /** Lines by stream. */
  readonly outputs?: Readonly<Record<string, readonly string[]>>;
  /** Lines of the error stream. */
  readonly errors?: readonly string[];
  /** Why the job did not run. */
  readonly failure: string | null;
  readonly millis: number;
}

/** Are Maven and a JDK here? Says what is missing, and throws in CI. */
export function hasFlinkTools(): boolean {
  const found = [findTool('mvn', 'maven'), findTool('javac', 'openjdk-17-jdk-headless')];
  return found.every((tool) => tool !== undefined);
}

/** Builds the runner, unless it is built, and answers the class path that runner and harness run on. */
export async function buildRunner(): Promise<string> {
  await run(process.execPath, [build], { maxBuffer: MEGABYTE });
  const libraries = await readFile(join(project, 'target/classpath.txt'), 'utf8');
  return [join(project, 'target/test-classes'), join(project, 'target/classes'), libraries.trim()].join(
    delimiter,
  );
}

/** Runs all cases on one local Flink cluster in a JVM of its own. */
export async function runOnFlink(classPath: string, cases: readonly FlinkCase[]): Promise<FlinkResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mesonet-flink-'));
  try {
    const [input, output] = [join(folder, 'in.json'), join(folder, 'out.json')];
    await writeFile(input, JSON.stringify({ jobs: cases }));
    await run('java', [...shortLived, '-cp', classPath, 'mesonet.flink.CaseRunner', input, output], {
      maxBuffer: 64 * MEGABYTE,
    });
    return (JSON.parse(await readFile(output, 'utf8')) as { results: FlinkResult[] }).results;
  } finally {
    await rm(folder, { recursive: true });
  }
}
