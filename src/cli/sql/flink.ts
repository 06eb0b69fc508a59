import { Command } from 'commander';
import type { ApplicationReport } from '../../streaming-sql/index.ts';
import { readSchema, readText } from './read-application.ts';
import { SqlCommandError } from './sql-command-error.ts';
import { addTimeOptions, type TimeFlags, timeOf } from './time-options.ts';

interface FlinkFlags extends TimeFlags {
  readonly input?: string;
  readonly job?: boolean;
}

const NOTES = `
Printed is one script for Flink SQL 2.2: a view for each step, and one statement set that inserts the rows of every
stream and, into the error stream, the rows that fail. With --job it is the document that analytics-sql/flink-runner
runs. The report of "mesonet sql report" goes to standard error.

The exit code is 0 when the application can run on Flink, 1 when it does not compile or a pump cannot be said there;
then nothing is printed but the report and the pump's place.`;

/** `mesonet sql flink`: an application as Flink SQL. */
export function sqlFlinkCommand(): Command {
  const command = new Command('flink')
    .summary('print an application as Flink SQL')
    .description('Print an application as Flink SQL for Managed Service for Apache Flink')
    .argument('<file>', 'the application, or - for standard input')
    .option('--input <schema>', 'input schema (default: <file>.input.json beside it)')
    .option('--job', 'print the job document of the Flink runner instead of the script');
  return addTimeOptions(command).addHelpText('after', NOTES).action(flink);
}

async function flink(file: string, flags: FlinkFlags): Promise<void> {
  const sql = await readText(file);
  const input = await readSchema(file, flags.input);
  if (input === undefined)
    throw new SqlCommandError(
      `Cannot print '${file}' as Flink SQL: it has no input schema beside it, give one with --input`,
    );
  const { compileApplication, reportApplication } = await import('../../streaming-sql/index.ts');
  const { NotForFlinkError, printFlinkJob, printScript } = await import('../../streaming-sql/flink/index.ts');
  const { printReport } = await import('./print-report.ts');
  const report = reportApplication(sql, { file, input });
  process.stderr.write(printReport(report));
  process.exitCode = 1;
  if (!report.compiles) return;
  const time = timeOf(flags);
  try {
    const job = printFlinkJob(compileApplication(sql, { file, input, ...(time && { time }) }));
    process.stdout.write(flags.job ? `${JSON.stringify(job)}\n` : printScript(job));
    process.exitCode = 0;
  } catch (error) {
    if (!(error instanceof NotForFlinkError)) throw error;
    throw new SqlCommandError(`${placeOf(report, error.pump)}: ${error.message}`, { cause: error });
  }
}

/** Where a pump stands in the text. */
function placeOf({ file, statements }: ApplicationReport, pump: string): string {
  const statement = statements.find(({ kind, name }) => kind === 'CREATE PUMP' && name === pump);
  return statement === undefined ? file : `${file}:${statement.line}:${statement.column}`;
}
