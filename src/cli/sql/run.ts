import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import type { Engine } from '../../streaming-sql/engine/index.ts';
import type { ApplicationPlan } from '../../streaming-sql/index.ts';
import { readSchema, readText, referenceFileOf } from './read-application.ts';
import { SqlCommandError } from './sql-command-error.ts';
import { addTimeOptions, type TimeFlags, timeOf } from './time-options.ts';

interface RunFlags extends TimeFlags {
  readonly input?: string;
  readonly rows: string;
  readonly reference?: ReadonlyMap<string, string>;
  readonly json?: boolean;
}

const NOTES = `
Rows: one JSON object a line. "$arrival" (ms since the epoch), "$shard", "$sequence" and "$partitionKey" come with the
record, "$csv" is the record itself where the schema is CSV, all other members are the record. A row without "$arrival"
arrives one millisecond after the row before, the first at 1970-01-01 00:00:00.

Printed are the rows of every in-application stream in order, with "$stream", "$rowtime" (ms) and, when a row corrects an
earlier one, "$revision"; rows that failed as "error_stream", rows that came too late as "late_rows". At the end of the
rows time runs on until every window has closed.

The exit code is 0 when the rows have been run, also when some of them failed, and 1 when the application or a file
cannot be used.`;

/** `mesonet sql run`: an application on given rows, with time taken from them. */
export function sqlRunCommand(): Command {
  const command = new Command('run')
    .summary('run an application on given rows')
    .description('Run an application on given rows and print what comes out')
    .argument('<file>', 'the application')
    .option('--input <schema>', 'input schema (default: <file>.input.json beside it)')
    .requiredOption('--rows <rows>', 'rows, one JSON object a line, or - for standard input')
    .option(
      '--reference <name=file>',
      'rows of a reference table (default: <file>.<table>.csv or .json beside it); may be repeated',
      parseReference,
    );
  return addTimeOptions(command)
    .option('--json', 'print one JSON object a row')
    .addHelpText('after', NOTES)
    .action(run);
}

async function run(file: string, flags: RunFlags): Promise<void> {
  if (file === '-' && flags.rows === '-')
    throw new SqlCommandError('Cannot read both the application and its rows from standard input');
  const sql = await readText(file);
  const input = await readSchema(file, flags.input);
  if (input === undefined)
    throw new SqlCommandError(
      `Cannot run '${file}': it has no input schema beside it, give one with --input`,
    );
  const { compileApplication } = await import('../../streaming-sql/index.ts');
  const time = timeOf(flags);
  const plan = compileApplication(sql, { file, input, ...(time && { time }) });
  for (const { line, column, message } of plan.warnings)
    process.stderr.write(`warning: ${file}:${line}:${column} ${message}\n`);
  await runPlan(file, plan, flags);
}

async function runPlan(file: string, plan: ApplicationPlan, flags: RunFlags): Promise<void> {
  const { createEngine } = await import('../../streaming-sql/engine/index.ts');
  const { loadReferences } = await import('../../local/reference-table.ts');
  const { readRows, shardsOf } = await import('./read-rows.ts');
  const { createRowPrinter } = await import('./print-rows.ts');
  const printer = createRowPrinter(process.stdout, flags.json ?? false);
  const engine = createEngine(plan, {
    ...printer.sinks,
    shardIds: await shardsOf(flags.rows),
    references: loadReferences(plan, referencesOf(file, plan, flags)),
  });
  let last = 0;
  for await (const { record, meta } of readRows(flags.rows, plan)) {
    engine.acceptRecord(record, meta);
    last = Math.max(last, meta.arrivalMillis);
    await printer.flushed();
  }
  // Longer than the longest window, which is a year.
  while (engine.advance(last + TWO_YEARS_MILLIS, ROWS_PER_TURN)) await printer.flushed();
  await printer.end(flags.json ? '' : summaryOf(engine));
}

const TWO_YEARS_MILLIS = 2 * 366 * 86_400_000;
const ROWS_PER_TURN = 1000;

/** The files that were named, and for other tables the ones beside the application, where there are any. */
function referencesOf(
  file: string,
  plan: ApplicationPlan,
  { reference }: RunFlags,
): ReadonlyMap<string, string> {
  const beside = plan.references
    .map(({ name, format }) => [name, referenceFileOf(file, name, format)] as const)
    .filter(([, path]) => existsSync(path));
  return new Map([...beside, ...(reference ?? [])]);
}

function summaryOf(engine: Engine): string {
  const { records, rowsIn, rowsOut, errors, late, corrections } = engine.stats();
  return `${records} records, ${rowsIn} rows in, ${rowsOut} rows out (${corrections} corrections), ${errors} errors, ${late} late\n`;
}

function parseReference(
  text: string,
  before: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected NAME=FILE');
  return new Map([...before, [text.slice(0, at), text.slice(at + 1)]]);
}
