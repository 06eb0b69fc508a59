import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import type { ApplicationPlan } from '../../streaming-sql/index.ts';
import type { ImportedApplication } from './imported-application.ts';
import type { ImportedFiles } from './print-metadata.ts';
import { readJson, referenceFileOf } from './read-application.ts';
import { SqlCommandError } from './sql-command-error.ts';

interface ImportFlags {
  readonly out: string;
  readonly force?: boolean;
}

const NOTES = `
The file is what "aws kinesisanalytics describe-application" or "aws kinesisanalyticsv2 describe-application" answers, or
a CloudFormation template (or one resource) with AWS::KinesisAnalytics::Application, in JSON; YAML is not read.

Written are <app>.sql and <app>.input.json; printed are the entry for resources/windows.yml and the report. The exit code
is 0 when the application compiles, 1 when not.`;

/** `mesonet sql import`: takes over an application of the service. */
export function sqlImportCommand(): Command {
  return new Command('import')
    .summary('take over an application of the service')
    .description('Take over an application of Kinesis Data Analytics for SQL')
    .argument('<file>', 'DescribeApplication answer or CloudFormation template, or - for standard input')
    .option('--out <folder>', 'where the files are written', 'analytics-sql')
    .option('--force', 'overwrite files that are there')
    .addHelpText('after', NOTES)
    .action(importApplications);
}

async function importApplications(file: string, { out, force = false }: ImportFlags): Promise<void> {
  if (/\.ya?ml$/.test(file))
    throw new SqlCommandError(`Cannot read '${file}': YAML is not read, convert it to JSON first`);
  const value = await readJson(file);
  const { findApplications } = await import('./find-applications.ts');
  const { assembleApplication } = await import('./imported-application.ts');
  const applications = findApplications(value).map(assembleApplication);
  const planned = applications.map((application) => ({ application, files: filesOf(application, out) }));
  const taken = planned.flatMap(({ files }) => [files.sql, files.input]).filter((path) => existsSync(path));
  if (taken.length > 0 && !force)
    throw new SqlCommandError(`Cannot write '${taken[0]}': it exists, overwrite it with --force`);
  mkdirSync(out, { recursive: true });
  for (const { application, files } of planned) await writeApplication(application, files);
}

/** The service's own names are safe in paths; a template's need not be. */
function filesOf({ name, references }: ImportedApplication, out: string): ImportedFiles {
  if (!/^\w[\w.-]{0,127}$/.test(name))
    throw new SqlCommandError(
      `Cannot use '${name}' as a file name: wanted letters, digits, "_", "." and "-"`,
    );
  const path = (suffix: string): string => join(out, `${name}.${suffix}`).replaceAll('\\', '/');
  return {
    sql: path('sql'),
    input: path('input.json'),
    references: new Map(
      references.map(({ table, format }) => [table, referenceFileOf(path('sql'), table, format)]),
    ),
  };
}

async function writeApplication(application: ImportedApplication, files: ImportedFiles): Promise<void> {
  const { code, input, notes, references } = application;
  writeFileSync(files.sql, code);
  writeFileSync(files.input, `${JSON.stringify(input, null, 2)}\n`);
  const { compileApplication, reportApplication, StreamingSqlError } = await import(
    '../../streaming-sql/index.ts'
  );
  const { printMetadata } = await import('./print-metadata.ts');
  const { printReport } = await import('./print-report.ts');
  const report = reportApplication(code, { file: files.sql, input });
  let plan: ApplicationPlan | undefined;
  try {
    plan = compileApplication(code, { file: files.sql, input });
  } catch (error) {
    if (!(error instanceof StreamingSqlError)) throw error;
  }
  const fetches = references.map(
    ({ table, object }) => `aws s3 cp ${object ?? 's3://…'} ${files.references.get(table)}`,
  );
  const paragraphs = [
    `Wrote ${files.sql} and ${files.input}`,
    ...notes.map((note) => `note: ${note}`),
    ...(fetches.length === 0
      ? []
      : [`Fetch the reference tables:\n${fetches.map((line) => `  ${line}`).join('\n')}`]),
    `Add to Mesonet::StreamingApplications in resources/windows.yml:\n${printMetadata(application, files, plan)}`,
    printReport(report),
  ];
  process.stdout.write(paragraphs.join('\n\n'));
  if (!report.compiles) process.exitCode = 1;
}
