import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FlinkJob, printFlinkJob } from '../streaming-sql/flink/index.ts';
import { compileApplication, type InputSchema, type TimeOptions } from '../streaming-sql/index.ts';
import { FlinkJobError } from './flink-job-error.ts';

/** An application as `Mesonet::StreamingApplications` of the template has it; files are relative to the project. */
export interface DeployedApplication {
  readonly Name: string;
  readonly Code: string;
  readonly Outputs?: Readonly<Record<string, { readonly PartitionKey?: string }>>;
  readonly References?: Readonly<Record<string, { readonly File: string }>>;
  readonly TimeColumn?: string;
  readonly OutOfOrderMillis?: number;
  readonly AllowedLatenessMillis?: number;
}

/**
 * The job that `analytics-sql/flink-runner` runs for an application, as JSON text: its statements, the partition keys of its
 * outputs, and the rows of its reference tables as they are now.
 * @throws FlinkJobError for an application that Flink cannot run, StreamingSqlError for one that nothing can
 */
export function jobDocument(application: DeployedApplication, projectFolder: string): string {
  const job = printJob(application, projectFolder);
  return `${JSON.stringify(deployedJob(job, application, projectFolder), undefined, 1)}\n`;
}

function printJob(application: DeployedApplication, projectFolder: string): FlinkJob {
  const { Code, Name } = application;
  const time = timeOf(application);
  const plan = compileApplication(readText(join(projectFolder, Code), Name), {
    file: Code,
    input: readSchema(join(projectFolder, Code.replace(/\.sql$/, '.input.json')), Name),
    ...(time && { time }),
  });
  try {
    return printFlinkJob(plan);
  } catch (cause) {
    throw new FlinkJobError(
      `Cannot run '${Code}' on Flink: ${(cause as Error).message}; change it, or deploy with --param windows=lambda`,
      { cause },
    );
  }
}

function timeOf({
  TimeColumn,
  OutOfOrderMillis,
  AllowedLatenessMillis,
}: DeployedApplication): TimeOptions | undefined {
  if (TimeColumn === undefined) return undefined;
  return {
    source: 'column',
    column: TimeColumn,
    outOfOrderMillis: OutOfOrderMillis ?? 0,
    allowedLatenessMillis: AllowedLatenessMillis ?? 0,
  };
}

function deployedJob(job: FlinkJob, application: DeployedApplication, projectFolder: string): object {
  const { Name, Outputs = {}, References = {} } = application;
  const stray = Object.keys(Outputs).find((name) => !job.outputs.some(({ stream }) => stream === name));
  if (stray !== undefined)
    throw new FlinkJobError(
      `Cannot run application '${Name}' on Flink: its SQL makes no stream '${stray}', it makes ${quoted(job.outputs.map(({ stream }) => stream))}`,
    );
  const outputs = job.outputs.map((output) => {
    const key = Outputs[output.stream]?.PartitionKey;
    return key === undefined ? output : { ...output, partitionKey: [key] };
  });
  const reference = job.source.reference.map((table) => {
    const file = References[table.table]?.File;
    if (file === undefined)
      throw new FlinkJobError(
        `Cannot run application '${Name}' on Flink: the stack names no file for its reference table '${table.table}'`,
      );
    return { ...table, content: readText(join(projectFolder, file), Name) };
  });
  return { ...job, source: { ...job.source, reference }, outputs };
}

function readSchema(file: string, name: string): InputSchema {
  const text = readText(file, name);
  try {
    return JSON.parse(text) as InputSchema;
  } catch (cause) {
    throw new FlinkJobError(
      `Cannot read '${file}' of application '${name}': it is not valid JSON (${(cause as Error).message})`,
      { cause },
    );
  }
}

function readText(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new FlinkJobError(`Cannot read '${file}' of application '${name}': ${(cause as Error).message}`, {
      cause,
    });
  }
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}
