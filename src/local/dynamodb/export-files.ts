import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { TableExport } from './dynamodb-state.ts';

const compress = promisify(gzip);

/** One object of an export that holds items, as the manifest names it. */
export interface DataFile {
  readonly key: string;
  readonly bytes: Buffer;
  readonly items: number;
}

/** `<prefix>/AWSDynamoDB/<export id>` (DynamoDB developer guide, "DynamoDB table export output format"). */
export function exportFolder({ arn, prefix }: Pick<TableExport, 'arn' | 'prefix'>): string {
  const folder = `AWSDynamoDB/${arn.split('/').at(-1)}`;
  return prefix ? `${prefix.replace(/\/$/, '')}/${folder}` : folder;
}

/** A data object: gzip, one `{"Item":…}` a line. Its name follows from its place, so that a repeated run replaces it. */
export async function encodeDataFile(
  job: TableExport,
  index: number,
  items: readonly object[],
): Promise<DataFile> {
  const lines = items.map((Item) => `${JSON.stringify({ Item })}\n`);
  const name = createHash('sha256').update(`${job.arn} ${index}`).digest('hex').slice(0, 26);
  const bytes = await compress(lines.join(''));
  return { key: `${exportFolder(job)}/data/${name}.json.gz`, bytes, items: items.length };
}

/** One line of `manifest-files.json` for each data object. */
export function encodeManifestFiles(files: readonly Omit<ManifestFile, 'bytes'>[]): string {
  return files
    .map(({ key, items, md5 }) =>
      JSON.stringify({
        itemCount: items,
        md5Checksum: md5.toString('base64'),
        etag: md5.toString('hex'),
        dataFileS3Key: key,
      }),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** What the manifest needs of a data object once its bytes are put. */
export interface ManifestFile {
  readonly key: string;
  readonly items: number;
  readonly md5: Buffer;
}

/** `manifest-summary.json` */
export function encodeManifestSummary(
  job: TableExport,
  endMillis: number,
  itemCount: number,
  billedBytes: number,
): string {
  return JSON.stringify({
    version: '2020-06-30',
    exportArn: job.arn,
    startTime: new Date(job.startMillis).toISOString(),
    endTime: new Date(endMillis).toISOString(),
    tableArn: job.tableArn,
    tableId: job.tableId,
    exportTime: new Date(job.exportMillis).toISOString(),
    s3Bucket: job.bucket,
    s3Prefix: job.prefix ?? null,
    s3SseAlgorithm: 'AES256',
    s3SseKmsKeyId: null,
    manifestFilesS3Key: `${exportFolder(job)}/manifest-files.json`,
    billedSizeBytes: billedBytes,
    itemCount,
    outputFormat: 'DYNAMODB_JSON',
    exportType: 'FULL_EXPORT',
  });
}

export function md5Of(bytes: Uint8Array | string): Buffer {
  return createHash('md5').update(bytes).digest();
}
