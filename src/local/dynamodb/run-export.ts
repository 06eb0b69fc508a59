import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import { askDynalite } from './described-table.ts';
import type { TableExport } from './dynamodb-state.ts';
import {
  encodeDataFile,
  encodeManifestFiles,
  encodeManifestSummary,
  exportFolder,
  type ManifestFile,
  md5Of,
} from './export-files.ts';

/** What an export reads and writes. */
export interface ExportPlaces {
  readonly url: () => string;
  readonly putObject: (bucket: string, key: string, body: Uint8Array) => Promise<void>;
  readonly nowMillis: () => number;
  readonly isStopped: () => boolean;
}

/** Items of one data object at most: bounds what is in memory. */
const FILE_ITEMS = 10_000;

interface ScanPage {
  readonly Items: readonly object[];
  readonly LastEvaluatedKey?: object;
}

/** The runtime ends before the export does; the next start runs it again. */
export class ExportStopped extends Error {
  override name = 'ExportStopped';
}

/**
 * Runs an export to its end: the table as a scan finds it now, not as it was at `exportMillis`. It may be run again after
 * a kill: the objects have the same names.
 * @returns the job as it ended, COMPLETED or FAILED
 * @throws ExportStopped
 */
export async function runExport(job: TableExport, places: ExportPlaces): Promise<TableExport> {
  try {
    return await writeExport(job, places);
  } catch (error) {
    if (error instanceof ExportStopped) throw error;
    const { name, message } = error as Error;
    const code = error instanceof AwsError ? FAILURE_CODES[name] : undefined;
    const endMillis = places.nowMillis();
    return { ...job, status: 'FAILED', endMillis, failure: { code: code ?? 'UNKNOWN', message } };
  }
}

/** Failure codes of DescribeExport by what S3 or the table says. */
const FAILURE_CODES: Readonly<Record<string, string>> = {
  NoSuchBucket: 'S3NoSuchBucket',
  ResourceNotFoundException: 'TableNotFound',
};

async function writeExport(job: TableExport, places: ExportPlaces): Promise<TableExport> {
  const folder = exportFolder(job);
  const put = (name: string, body: string): Promise<void> =>
    places.putObject(job.bucket, `${folder}/${name}`, Buffer.from(body));
  await put('_started', '');
  const files: ManifestFile[] = [];
  let billedBytes = 0;
  for await (const items of itemGroups(job.tableName, places)) {
    const { key, bytes, items: count } = await encodeDataFile(job, files.length, items);
    await places.putObject(job.bucket, key, bytes);
    files.push({ key, items: count, md5: md5Of(bytes) });
    billedBytes += bytes.length;
  }
  const endMillis = places.nowMillis();
  const itemCount = files.reduce((sum, { items }) => sum + items, 0);
  const manifests = {
    'manifest-files': encodeManifestFiles(files),
    'manifest-summary': encodeManifestSummary(job, endMillis, itemCount, billedBytes),
  };
  for (const [name, text] of Object.entries(manifests)) {
    await put(`${name}.checksum`, md5Of(text).toString('base64'));
    await put(`${name}.json`, text);
  }
  const manifestKey = `${folder}/manifest-summary.json`;
  return { ...job, status: 'COMPLETED', endMillis, manifestKey, itemCount, billedBytes };
}

/** At least one group, as an export of an empty table has one data object. */
async function* itemGroups(TableName: string, places: ExportPlaces): AsyncGenerator<object[]> {
  let group: object[] = [];
  let yielded = false;
  let start: object | undefined;
  do {
    if (places.isStopped()) throw new ExportStopped('Cannot go on with the export: the runtime stops');
    const input = { TableName, ConsistentRead: true, ...(start && { ExclusiveStartKey: start }) };
    const page: ScanPage = await askDynalite(places.url(), 'Scan', input);
    group.push(...page.Items);
    if (group.length >= FILE_ITEMS) {
      yield group;
      yielded = true;
      group = [];
    }
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  if (group.length > 0 || !yielded) yield group;
}
