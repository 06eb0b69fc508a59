import { Command } from 'commander';
import { readSchema, readText } from './read-application.ts';

interface ReportFlags {
  readonly input?: string;
  readonly partitionKey?: string;
  readonly json?: boolean;
}

/** `mesonet sql report`: what each statement uses, what is wrong with it, and where it can run. */
export function sqlReportCommand(): Command {
  return new Command('report')
    .summary('say per statement what is supported, and where')
    .description('Say per statement what it uses, what is wrong with it, and how each back end takes it')
    .argument('<file>', 'the application, or - for standard input')
    .option('--input <schema>', 'input schema (default: <file>.input.json beside it, if there)')
    .option('--partition-key <column>', 'column that the source stream is partitioned by')
    .option('--json', 'print one JSON object')
    .addHelpText('after', BACK_ENDS)
    .action(report);
}

const BACK_ENDS = `
Back ends:
  engine   the local runtime
  lambda   the same engine with the state of Lambda's tumbling windows
  flink    Managed Service for Apache Flink

  native: as it is; udf: with a user-defined function; function: with stateful code of its own; impossible: not at all

The exit code is 0 when the application compiles, 1 when not.`;

async function report(file: string, { input, partitionKey, json }: ReportFlags): Promise<void> {
  const sql = await readText(file);
  const schema = await readSchema(file, input);
  const { reportApplication } = await import('../../streaming-sql/index.ts');
  const answer = reportApplication(sql, {
    file,
    ...(schema && { input: schema }),
    ...(partitionKey !== undefined && { partitionKey }),
  });
  const { printReport } = await import('./print-report.ts');
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : printReport(answer));
  if (!answer.compiles) process.exitCode = 1;
}
