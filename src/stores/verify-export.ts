import { objectTag, readObject } from './bucket-objects.ts';
import { runBounded } from './run-bounded.ts';
import { awsErrorName } from './store-error.ts';
import type { ExportPlace, TableExport } from './table-exports.ts';
import type { WeeklyTable } from './weekly-table-care.ts';

const PARALLEL_HEADS = 16;

/** The members of `manifest-summary.json` that are compared (DynamoDB developer guide, "DynamoDB table export output format"). */
interface Summary {
  readonly exportArn?: unknown;
  readonly tableId?: unknown;
  readonly itemCount?: unknown;
  readonly manifestFilesS3Key?: unknown;
}

/** One line of `manifest-files.json`. */
interface DataFile {
  readonly itemCount: number;
  readonly etag: string;
  readonly dataFileS3Key: string;
}

/**
 * Reads back what a completed export wrote and compares: the summary is of this export and table, it has as many items
 * as the export says and the table has, and every data object that it names is there with the ETag that it names.
 *
 * `ItemCount` of a table is up to six hours old, and tells items, not the readings in them; that nobody writes any more
 * is what makes it exact. See {@link SETTLING_MILLIS}.
 *
 * @returns undefined when the export may stand for the table, else one sentence
 */
export async function verifyExport(
  table: WeeklyTable,
  job: TableExport,
  place: ExportPlace,
): Promise<string | undefined> {
  if (job.manifestKey === undefined) return 'the export names no manifest';
  try {
    const summary = JSON.parse(await readText(place, job.manifestKey)) as Summary;
    const problem = compareSummary(summary, table, job);
    if (problem !== undefined) return problem;
    const files = parseFiles(await readText(place, String(summary.manifestFilesS3Key)));
    const listed = files.reduce((sum, { itemCount }) => sum + itemCount, 0);
    if (listed !== job.itemCount)
      return `its data objects have ${listed} items, the export has ${job.itemCount}`;
    return await findChangedFile(files, place);
  } catch (error) {
    if (error instanceof SyntaxError) return 'a manifest is not JSON';
    if (awsErrorName(error) === 'NoSuchKey') return 'a manifest is not there';
    throw error;
  }
}

function compareSummary(summary: Summary, table: WeeklyTable, job: TableExport): string | undefined {
  if (summary.exportArn !== job.arn || summary.tableId !== table.id)
    return 'its summary speaks of another export';
  if (summary.itemCount !== job.itemCount)
    return `its summary has ${summary.itemCount} items, the export has ${job.itemCount}`;
  if (job.itemCount !== table.itemCount)
    return `it has ${job.itemCount} items, the table has ${table.itemCount}`;
  return undefined;
}

function parseFiles(text: string): DataFile[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as DataFile);
}

async function findChangedFile(files: readonly DataFile[], place: ExportPlace): Promise<string | undefined> {
  const problems: string[] = [];
  let failure: unknown;
  await runBounded(files, PARALLEL_HEADS, async ({ dataFileS3Key, etag }) => {
    try {
      const found = await objectTag(place.bucketName, keyIn(place, dataFileS3Key));
      if (found !== etag) problems.push(`data object "${dataFileS3Key}" has changed`);
    } catch (error) {
      if (['NotFound', 'NoSuchKey'].includes(awsErrorName(error)))
        problems.push(`data object "${dataFileS3Key}" is not there`);
      else failure = error;
    }
  });
  if (failure !== undefined) throw failure;
  return problems[0];
}

async function readText(place: ExportPlace, key: string): Promise<string> {
  return (await readObject(place.bucketName, keyIn(place, key))).toString();
}

/** The guide's examples show keys without the prefix of the export, the service's answers have it. */
function keyIn({ prefix }: ExportPlace, key: string): string {
  return key.startsWith(`${prefix}/`) ? key : `${prefix}/${key}`;
}
