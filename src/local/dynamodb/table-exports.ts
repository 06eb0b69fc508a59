import { randomBytes, randomUUID } from 'node:crypto';
import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import { type DescribedTable, findTable } from './described-table.ts';
import type { DynamodbState, TableExport } from './dynamodb-state.ts';
import { type ExportPlaces, runExport } from './run-export.ts';

interface ExportInput {
  readonly TableArn: string;
  readonly S3Bucket: string;
  readonly S3Prefix?: string;
  readonly ClientToken?: string;
  readonly ExportTime?: Date;
  readonly ExportFormat?: string;
  readonly ExportType?: string;
}

interface ListInput {
  readonly TableArn?: string;
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

export interface TableExportsOptions extends Omit<ExportPlaces, 'isStopped'> {
  readonly state: DynamodbState;
  readonly onError: (error: Error) => void;
}

const TOKEN_MILLIS = 8 * 3_600_000;
const PAGE_EXPORTS = 25;

/** Exports of tables to S3 (DynamoDB developer guide, "DynamoDB data export to Amazon S3"). */
export class TableExports {
  readonly #options: TableExportsOptions;
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  /** Goes on with the exports that an earlier run left unfinished. */
  constructor(options: TableExportsOptions) {
    this.#options = options;
    for (const job of options.state.exports) if (job.status === 'IN_PROGRESS') this.#run(job);
  }

  /** ExportTableToPointInTime. @throws AwsError TableNotFoundException, PointInTimeRecoveryUnavailableException, … */
  async start(input: ExportInput): Promise<object> {
    checkEmulated(input);
    const { state, url, nowMillis } = this.#options;
    const table = await findTable(url(), input.TableArn);
    const known = this.#knownToken(input);
    if (known) return { ExportDescription: descriptionOf(known) };
    checkTime(table, input, state, nowMillis());
    const job = jobOf(table, input, nowMillis());
    await state.putExport(job);
    this.#run(job);
    return { ExportDescription: descriptionOf(job) };
  }

  /** ListExports, the newest first. */
  list({ TableArn, MaxResults = PAGE_EXPORTS, NextToken }: ListInput): object {
    const all = this.#options.state.exports
      .filter(({ tableArn }) => TableArn === undefined || tableArn === TableArn)
      .sort((a, b) => (a.arn < b.arn ? 1 : -1));
    const from = NextToken === undefined ? 0 : Number(NextToken);
    const page = all.slice(from, from + MaxResults);
    const more = from + page.length < all.length;
    return {
      ExportSummaries: page.map(({ arn, status }) => ({
        ExportArn: arn,
        ExportStatus: status,
        ExportType: 'FULL_EXPORT',
      })),
      ...(more && { NextToken: String(from + page.length) }),
    };
  }

  /** DescribeExport. @throws AwsError ExportNotFoundException */
  describe({ ExportArn }: { ExportArn: string }): object {
    const job = this.#options.state.exports.find(({ arn }) => arn === ExportArn);
    if (!job) throw new AwsError('ExportNotFoundException', `Export not found: ${ExportArn}`);
    return { ExportDescription: descriptionOf(job) };
  }

  /** What is unfinished is run again by the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  #run(job: TableExport): void {
    const { state, onError, ...places } = this.#options;
    const done = runExport(job, { ...places, isStopped: () => this.#stopped })
      .then((ended) => state.putExport(ended))
      .catch((error: Error) => {
        if (!this.#stopped) onError(error);
      });
    this.#running.add(done);
    void done.finally(() => this.#running.delete(done));
  }

  /** A token is good for eight hours (DynamoDB API reference, "ExportTableToPointInTime", ClientToken). */
  #knownToken({ ClientToken, TableArn, S3Bucket, S3Prefix }: ExportInput): TableExport | undefined {
    if (ClientToken === undefined) return undefined;
    const { state, nowMillis } = this.#options;
    const job = state.exports.find(
      ({ clientToken, startMillis, endMillis = nowMillis() }) =>
        clientToken === ClientToken && startMillis <= nowMillis() && endMillis + TOKEN_MILLIS > nowMillis(),
    );
    if (job && (job.tableArn !== TableArn || job.bucket !== S3Bucket || job.prefix !== S3Prefix))
      throw new AwsError(
        'ExportConflictException',
        `There is already an export with the client token '${ClientToken}' and other parameters`,
      );
    return job;
  }
}

function checkEmulated({ ExportFormat = 'DYNAMODB_JSON', ExportType = 'FULL_EXPORT' }: ExportInput): void {
  if (ExportFormat !== 'DYNAMODB_JSON')
    throw new AwsError('ValidationException', `ExportFormat '${ExportFormat}' is not emulated`);
  if (ExportType !== 'FULL_EXPORT')
    throw new AwsError('ValidationException', `ExportType '${ExportType}' is not emulated`);
}

function checkTime(
  { TableId, TableName }: DescribedTable,
  { ExportTime }: ExportInput,
  state: DynamodbState,
  nowMillis: number,
): void {
  const { pointInTimeRecovery } = state.settings(TableId);
  if (!pointInTimeRecovery)
    throw new AwsError(
      'PointInTimeRecoveryUnavailableException',
      `Point in time recovery is not enabled for table '${TableName}'`,
    );
  const millis = ExportTime?.getTime() ?? nowMillis;
  if (millis > nowMillis || millis < pointInTimeRecovery.enabledMillis)
    throw new AwsError(
      'InvalidExportTimeException',
      'The specified ExportTime is outside of the point in time recovery window',
    );
}

/** An export's id begins with its time: `01234567890123-a1b2c3d4`. */
function jobOf(table: DescribedTable, input: ExportInput, nowMillis: number): TableExport {
  const id = `${String(nowMillis).padStart(14, '0')}-${randomBytes(4).toString('hex')}`;
  return {
    arn: `${table.TableArn}/export/${id}`,
    tableArn: table.TableArn,
    tableId: table.TableId,
    tableName: table.TableName,
    status: 'IN_PROGRESS',
    startMillis: nowMillis,
    exportMillis: input.ExportTime?.getTime() ?? nowMillis,
    clientToken: input.ClientToken ?? randomUUID(),
    bucket: input.S3Bucket,
    ...(input.S3Prefix !== undefined && { prefix: input.S3Prefix }),
  };
}

function descriptionOf(job: TableExport): object {
  return {
    ExportArn: job.arn,
    ExportStatus: job.status,
    StartTime: new Date(job.startMillis),
    ...(job.endMillis !== undefined && { EndTime: new Date(job.endMillis) }),
    ...(job.manifestKey !== undefined && { ExportManifest: job.manifestKey }),
    TableArn: job.tableArn,
    TableId: job.tableId,
    ExportTime: new Date(job.exportMillis),
    ClientToken: job.clientToken,
    S3Bucket: job.bucket,
    ...(job.prefix !== undefined && { S3Prefix: job.prefix }),
    S3SseAlgorithm: 'AES256',
    ExportFormat: 'DYNAMODB_JSON',
    ExportType: 'FULL_EXPORT',
    ...(job.itemCount !== undefined && { ItemCount: job.itemCount, BilledSizeBytes: job.billedBytes }),
    ...(job.failure && { FailureCode: job.failure.code, FailureMessage: job.failure.message }),
  };
}
