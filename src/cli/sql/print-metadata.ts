import type { ApplicationPlan } from '../../streaming-sql/index.ts';
import type { ImportedApplication } from './imported-application.ts';

/** Where the files of an imported application lie, relative to the project. */
export interface ImportedFiles {
  readonly sql: string;
  readonly input: string;
  /** File by table name. */
  readonly references: ReadonlyMap<string, string>;
}

/**
 * The entry for `Mesonet::StreamingApplications` in the template's Metadata. Streams are named by logical ID, which an
 * ARN does not tell; a comment keeps the ARN.
 *
 * @param plan gives the columns to partition by; absent when the application does not compile
 */
export function printMetadata(
  { name, source, outputs }: ImportedApplication,
  files: ImportedFiles,
  plan: ApplicationPlan | undefined,
): string {
  const streams = outputs.filter(({ stream }) => stream !== undefined);
  return [
    `    - Name: ${name}`,
    `      Code: ${files.sql}`,
    `      Input: ${logicalId(source, 'ReadingsStream')}`,
    ...(streams.length === 0 ? [] : ['      Outputs:']),
    ...streams.flatMap(({ from, stream = '' }) => [
      `        ${key(from)}:`,
      `          Stream: ${logicalId(stream, 'WindowsStream')}`,
      `          PartitionKey: ${key(firstColumn(plan, from))}`,
    ]),
    ...(files.references.size === 0 ? [] : ['      References:']),
    ...[...files.references].flatMap(([table, file]) => [
      `        ${key(table)}:`,
      `          File: ${file}`,
    ]),
  ].join('\n');
}

function logicalId(reference: string, fallback: string): string {
  if (/^[A-Za-z0-9]+$/.test(reference)) return reference;
  return reference === '' ? fallback : `${fallback} # choose the logical ID of ${reference}`;
}

function firstColumn(plan: ApplicationPlan | undefined, stream: string): string {
  return plan?.streams.find(({ name }) => name === stream)?.columns[0]?.name ?? 'choose a column';
}

/** Plain where YAML takes it as a plain text, in quotes otherwise. */
function key(text: string): string {
  return /^[A-Za-z_][\w-]*$/.test(text) ? text : JSON.stringify(text);
}
