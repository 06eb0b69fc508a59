import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeExportCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ExportConflictException,
  type ExportDescription,
  ExportNotFoundException,
  ExportTableToPointInTimeCommand,
  InvalidExportTimeException,
  ListExportsCommand,
  PointInTimeRecoveryUnavailableException,
  PutItemCommand,
  ResourceNotFoundException,
  TableNotFoundException,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  startTestServer,
  type TestServer,
  temporaryFolder,
} from '../aws-endpoint/aws-endpoint.test-server.ts';

const TableName = 'readings-2026-W40';
const TableArn = `arn:aws:dynamodb:us-east-1:000000000000:table/${TableName}`;
const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 1);

let now: number;
let server: TestServer;
let client: DynamoDBClient;
let folder: { folder: string; remove: () => void };

beforeEach(async () => {
  now = START;
  folder = temporaryFolder();
  await start();
  await createTable();
});
afterEach(async () => {
  await server.stop();
  folder.remove();
});

async function start(): Promise<void> {
  const buckets = [{ logicalId: 'A', name: 'archive', arn: 'arn:aws:s3:::archive', lifecycle: [] }];
  server = await startTestServer({ dataFolder: folder.folder, nowMillis: () => now, buckets });
  client = new DynamoDBClient(server.client);
}

async function createTable(): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await expect.poll(async () => (await describeTable())?.TableStatus).toBe('ACTIVE');
}

async function describeTable() {
  return (await client.send(new DescribeTableCommand({ TableName }))).Table;
}

async function put(count: number, from = 0): Promise<void> {
  for (let id = from; id < from + count; id++)
    await client.send(new PutItemCommand({ TableName, Item: { id: { N: String(id) }, v: { S: 'ü' } } }));
}

async function recover(enabled = true): Promise<void> {
  await client.send(
    new UpdateContinuousBackupsCommand({
      TableName,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: enabled, RecoveryPeriodInDays: 3 },
    }),
  );
}

async function startExport(change: object = {}): Promise<ExportDescription> {
  const input = { TableArn, S3Bucket: 'archive', S3Prefix: 'exports/2026-W40', ...change };
  return (await client.send(new ExportTableToPointInTimeCommand(input))).ExportDescription!;
}

async function ended(ExportArn: string): Promise<ExportDescription> {
  const describeExport = async () =>
    (await client.send(new DescribeExportCommand({ ExportArn }))).ExportDescription!;
  await expect.poll(async () => (await describeExport()).ExportStatus).not.toBe('IN_PROGRESS');
  return describeExport();
}

async function object(key: string): Promise<Buffer> {
  return (await server.store.read('archive', key)).bytes;
}

describe('table settings', () => {
  it('keeps table class and on-demand limits, over a restart, and not for a table of the same name made later', async () => {
    const update = { TableName, TableClass: 'STANDARD_INFREQUENT_ACCESS' as const };
    await client.send(new UpdateTableCommand(update));
    await client.send(
      new UpdateTableCommand({
        TableName,
        OnDemandThroughput: { MaxReadRequestUnits: 5, MaxWriteRequestUnits: 1 },
      }),
    );
    await server.stop();
    await start();
    expect(await describeTable()).toMatchObject({
      TableClassSummary: { TableClass: 'STANDARD_INFREQUENT_ACCESS', LastUpdateDateTime: new Date(START) },
      OnDemandThroughput: { MaxReadRequestUnits: 5, MaxWriteRequestUnits: 1 },
    });
    await client.send(new DeleteTableCommand({ TableName }));
    await expect.poll(() => describeTable().catch(({ name }) => name)).toBe('ResourceNotFoundException');
    await createTable();
    expect(await describeTable()).not.toHaveProperty('TableClassSummary');
  });

  it('hands every other update to dynalite, and refuses a mixture', async () => {
    const throughput = { ReadCapacityUnits: 2, WriteCapacityUnits: 2 };
    const provisioned = { TableName, BillingMode: 'PROVISIONED', ProvisionedThroughput: throughput } as const;
    await client.send(new UpdateTableCommand(provisioned));
    await expect.poll(async () => (await describeTable())?.ProvisionedThroughput?.ReadCapacityUnits).toBe(2);
    const mixture = { ...provisioned, TableClass: 'STANDARD' } as const;
    await expect(client.send(new UpdateTableCommand(mixture))).rejects.toThrow('in calls of their own');
  });

  it('tells an item count that is up to six hours old', async () => {
    expect((await describeTable())?.ItemCount).toBe(0);
    await put(3);
    expect((await describeTable())?.ItemCount).toBe(0);
    now += 6 * HOUR;
    await describeTable();
    await expect.poll(async () => (await describeTable())?.ItemCount).toBe(3);
  });

  it('turns point-in-time recovery on and off', async () => {
    const backups = async () => {
      const input = { TableName };
      const answer = await client.send(new DescribeContinuousBackupsCommand(input));
      return answer.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
    };
    expect(await backups()).toEqual({ PointInTimeRecoveryStatus: 'DISABLED' });
    await recover();
    expect(await backups()).toMatchObject({
      PointInTimeRecoveryStatus: 'ENABLED',
      RecoveryPeriodInDays: 3,
      EarliestRestorableDateTime: new Date(START),
    });
    await recover(false);
    expect(await backups()).toEqual({ PointInTimeRecoveryStatus: 'DISABLED' });
  });

  it('names a table that is not there as AWS does', async () => {
    const missing = { TableName: 'none' };
    const settings = { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } };
    await expect(client.send(new DescribeTableCommand(missing))).rejects.toThrow(ResourceNotFoundException);
    await expect(client.send(new UpdateTableCommand({ ...missing, TableClass: 'STANDARD' }))).rejects.toThrow(
      ResourceNotFoundException,
    );
    await expect(
      client.send(new UpdateContinuousBackupsCommand({ ...missing, ...settings })),
    ).rejects.toThrow(TableNotFoundException);
  });
});

describe('exports', () => {
  it('write every item as DynamoDB JSON, and manifests that agree with them', async () => {
    await put(7);
    await recover();
    const { ExportArn } = await startExport();
    const done = await ended(ExportArn!);
    const { TableId } = (await describeTable())!;
    const folder = `exports/2026-W40/AWSDynamoDB/${ExportArn!.split('/').at(-1)}`;
    expect(done).toMatchObject({
      ExportStatus: 'COMPLETED',
      ExportManifest: `${folder}/manifest-summary.json`,
      ItemCount: 7,
      ExportFormat: 'DYNAMODB_JSON',
      TableId,
    });
    const summary = await object(`${folder}/manifest-summary.json`);
    expect(JSON.parse(summary.toString())).toMatchObject({
      version: '2020-06-30',
      exportArn: ExportArn,
      tableId: TableId,
      tableArn: TableArn,
      s3Bucket: 'archive',
      manifestFilesS3Key: `${folder}/manifest-files.json`,
      itemCount: 7,
      outputFormat: 'DYNAMODB_JSON',
    });
    expect((await object(`${folder}/manifest-summary.checksum`)).toString()).toBe(md5(summary));
    const files = (await object(`${folder}/manifest-files.json`)).toString().trim().split('\n');
    const lines = await Promise.all(
      files.map(async (line) => {
        const { dataFileS3Key, md5Checksum, etag } = JSON.parse(line);
        const bytes = await object(dataFileS3Key);
        expect([md5(bytes), (await server.store.head('archive', dataFileS3Key)).etag]).toEqual([
          md5Checksum,
          etag,
        ]);
        return gunzipSync(bytes).toString().trim().split('\n');
      }),
    );
    const items = lines.flat().map((line) => JSON.parse(line).Item);
    expect(items.map(({ id }) => Number(id.N)).sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(items[0].v).toEqual({ S: 'ü' });
  });

  it('are one and the same for one client token within eight hours', async () => {
    await recover();
    const first = await startExport({ ClientToken: 't' });
    expect((await startExport({ ClientToken: 't' })).ExportArn).toBe(first.ExportArn);
    await expect(startExport({ ClientToken: 't', S3Prefix: 'other' })).rejects.toThrow(
      ExportConflictException,
    );
    await ended(first.ExportArn!);
    now += 9 * HOUR;
    const second = await startExport({ ClientToken: 't' });
    expect(second.ExportArn).not.toBe(first.ExportArn);
    const { ExportSummaries } = await client.send(new ListExportsCommand({ TableArn }));
    expect(ExportSummaries?.map(({ ExportArn }) => ExportArn)).toEqual([second.ExportArn, first.ExportArn]);
  });

  it('fail with a code when there is no such bucket', async () => {
    await recover();
    const { ExportArn } = await startExport({ S3Bucket: 'nowhere' });
    expect(await ended(ExportArn!)).toMatchObject({ ExportStatus: 'FAILED', FailureCode: 'S3NoSuchBucket' });
  });

  it('are refused in AWS words', async () => {
    await expect(startExport()).rejects.toThrow(PointInTimeRecoveryUnavailableException);
    await recover();
    await expect(startExport({ TableArn: `${TableArn}x` })).rejects.toThrow(TableNotFoundException);
    const before = { ExportTime: new Date(START - 1000) };
    await expect(startExport(before)).rejects.toThrow(InvalidExportTimeException);
    await expect(startExport({ ExportFormat: 'ION' })).rejects.toThrow("'ION' is not emulated");
    await expect(client.send(new DescribeExportCommand({ ExportArn: 'x'.repeat(40) }))).rejects.toThrow(
      ExportNotFoundException,
    );
  });

  it('survive a restart, also one that comes in the middle', async () => {
    await put(5);
    await recover();
    const { ExportArn } = await startExport();
    await server.stop();
    await start();
    expect(await ended(ExportArn!)).toMatchObject({ ExportStatus: 'COMPLETED', ItemCount: 5 });
    await client.send(new DeleteTableCommand({ TableName }));
    await server.stop();
    await start();
    expect(await ended(ExportArn!)).toMatchObject({ ExportStatus: 'COMPLETED', ItemCount: 5 });
  });
});

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('base64');
}
