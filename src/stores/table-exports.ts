import {
  DescribeExportCommand,
  type ExportDescription,
  type ExportSummary,
  ExportTableToPointInTimeCommand,
  ListExportsCommand,
} from '@aws-sdk/client-dynamodb';
import { dynamoDb } from './aws-clients.ts';

/** An export of a table as DescribeExport shows it; times in milliseconds since the epoch. */
export interface TableExport {
  readonly arn: string;
  readonly status: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  readonly startMillis: number;
  /** The state of the table that it shows. */
  readonly exportMillis: number;
  readonly itemCount: number | undefined;
  /** Key of `manifest-summary.json`. */
  readonly manifestKey: string | undefined;
  readonly failure: string | undefined;
}

/** Where exports go. */
export interface ExportPlace {
  readonly bucketName: string;
  /** Without a slash at its end. */
  readonly prefix: string;
}

/** Full exports of this very table, not of an earlier one of its name, to that place; the newest first. */
export async function listTableExports(
  table: { readonly arn: string; readonly id: string },
  place: ExportPlace,
): Promise<TableExport[]> {
  const exports: TableExport[] = [];
  for await (const { ExportArn } of exportSummaries(table.arn)) {
    const { ExportDescription: found } = await dynamoDb().send(new DescribeExportCommand({ ExportArn }));
    if (found !== undefined && isOf(found, table.id, place)) exports.push(readExport(found));
  }
  return exports.sort((a, b) => b.startMillis - a.startMillis);
}

/** Starts a full export; calls with one token within eight hours start one. */
export async function startTableExport(
  tableArn: string,
  { bucketName, prefix }: ExportPlace,
  clientToken: string,
): Promise<TableExport> {
  const { ExportDescription: started } = await dynamoDb().send(
    new ExportTableToPointInTimeCommand({
      TableArn: tableArn,
      S3Bucket: bucketName,
      S3Prefix: prefix,
      S3SseAlgorithm: 'AES256',
      ExportFormat: 'DYNAMODB_JSON',
      ClientToken: clientToken,
    }),
  );
  return readExport(started!);
}

async function* exportSummaries(TableArn: string): AsyncGenerator<ExportSummary> {
  let NextToken: string | undefined;
  do {
    const page = await dynamoDb().send(
      new ListExportsCommand({ TableArn, ...(NextToken === undefined ? {} : { NextToken }) }),
    );
    yield* page.ExportSummaries ?? [];
    ({ NextToken } = page);
  } while (NextToken !== undefined);
}

function isOf(found: ExportDescription, tableId: string, { bucketName, prefix }: ExportPlace): boolean {
  return (
    // Whatever does not say it is compared once more when its summary is read.
    (found.TableId ?? tableId) === tableId &&
    found.S3Bucket === bucketName &&
    found.S3Prefix === prefix &&
    (found.ExportType ?? 'FULL_EXPORT') === 'FULL_EXPORT'
  );
}

function readExport(found: ExportDescription): TableExport {
  const failure = [found.FailureCode, found.FailureMessage].filter((text) => text !== undefined).join(': ');
  return {
    arn: found.ExportArn!,
    status: found.ExportStatus!,
    startMillis: found.StartTime?.getTime() ?? 0,
    exportMillis: found.ExportTime?.getTime() ?? 0,
    itemCount: found.ItemCount,
    manifestKey: found.ExportManifest,
    failure: failure === '' ? undefined : failure,
  };
}
