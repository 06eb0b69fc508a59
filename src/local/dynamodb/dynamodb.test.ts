import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchWriteItemCommand, DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, describe, expect, test } from 'vitest';
import { type Dynamodb, type DynamodbOptions, startDynamodb } from './dynamodb.ts';
import { callDynamodb } from './dynamodb-call.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const windows = {
  input: {
    TableName: 'windows',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'sensor_id', AttributeType: 'S' },
      { AttributeName: 'window_end', AttributeType: 'N' },
      { AttributeName: 'station_id', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'sensor_id', KeyType: 'HASH' },
      { AttributeName: 'window_end', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-station',
        KeySchema: [
          { AttributeName: 'station_id', KeyType: 'HASH' },
          { AttributeName: 'window_end', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
    TimeToLiveSpecification: { AttributeName: 'expires_seconds', Enabled: true },
  },
};

describe('DynamoDB', () => {
  test('creates the tables of the template, on-demand ones with an index too, and answers queries on the index', async () => {
    const client = clientOf(await started({ tables: [windows] }));
    const Item = { sensor_id: { S: 's1' }, window_end: { N: '60' }, station_id: { S: 'k' } };
    await client.send(new BatchWriteItemCommand({ RequestItems: { windows: [{ PutRequest: { Item } }] } }));
    const { Items } = await client.send(
      new QueryCommand({
        TableName: 'windows',
        IndexName: 'by-station',
        KeyConditionExpression: 'station_id = :station',
        ExpressionAttributeValues: { ':station': { S: 'k' } },
      }),
    );
    expect(Items).toEqual([Item]);
  });

  test('keeps items over a restart, and does not mind tables that are there already', async () => {
    const dataFolder = temporaryFolder();
    const first = await started({ dataFolder, tables: [windows] });
    await put(first, 's1');
    await first.stop();
    expect(await sensors(await started({ dataFolder, tables: [windows] }))).toEqual(['s1']);
  });

  test.each(['power', 'process'] as const)(
    'keeps what it answered for when the process is killed (%s)',
    { timeout: 20_000 },
    async (durability) => {
      const dataFolder = temporaryFolder();
      const child = fork(new URL('./dynamodb.test-child.ts', import.meta.url), [dataFolder, durability]);
      const [url] = (await once(child, 'message')) as [string];
      const owner = { url, stop: async () => {} };
      for (const sensor of ['a', 'b', 'c']) await put(owner, sensor);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const restarted = await started({ dataFolder, tables: [windows] });
      expect(await sensors(restarted)).toEqual(['a', 'b', 'c']);
    },
  );

  test('goes on when a client hangs up in the middle of a request', async () => {
    const dynamodb = await started({ tables: [windows] });
    const call = request(dynamodb.url, { method: 'POST', headers: { 'content-length': '100' } });
    call.on('error', () => {});
    await new Promise((resolve) => call.write('{', resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    call.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await sensors(dynamodb)).toEqual([]);
  });

  test('starts its thread again, on the same port and tables, when a request kills it', async () => {
    const restarts: Error[] = [];
    const dynamodb = await started({
      dataFolder: temporaryFolder(),
      tables: [windows],
      onRestart: (error) => restarts.push(error),
    });
    await put(dynamodb, 's1');
    await expect(callDynamodb(dynamodb.url, 'ListTables', null as unknown as object)).rejects.toThrow();
    await expect.poll(() => sensors(dynamodb), { timeout: 5_000 }).toEqual(['s1']);
    expect(restarts).toHaveLength(1);
  });

  test('says in one sentence that its folder is in use', async () => {
    const dataFolder = temporaryFolder();
    await started({ dataFolder, tables: [] });
    await expect(startDynamodb(optionsOf({ dataFolder, tables: [] }))).rejects.toThrow(
      /^Cannot start DynamoDB: .*(lock|LOCK)/,
    );
  });

  test('says which table it cannot create', async () => {
    const input = { ...windows.input, TableName: 'w' };
    await expect(startDynamodb(optionsOf({ tables: [{ input }] }))).rejects.toThrow(
      /^Cannot create table 'w': /,
    );
  });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dynamodb-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function optionsOf(options: Pick<DynamodbOptions, 'tables'> & Partial<DynamodbOptions>): DynamodbOptions {
  return { durability: 'power', region: 'us-east-1', accountId: '000000000000', ...options };
}

async function started(
  options: Pick<DynamodbOptions, 'tables'> & Partial<DynamodbOptions>,
): Promise<Dynamodb> {
  const dynamodb = await startDynamodb(optionsOf(options));
  cleanups.push(() => dynamodb.stop());
  return dynamodb;
}

function clientOf({ url }: Dynamodb): DynamoDBClient {
  const client = new DynamoDBClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  cleanups.push(() => client.destroy());
  return client;
}

async function put(dynamodb: Dynamodb, sensor: string): Promise<void> {
  const documents = DynamoDBDocumentClient.from(clientOf(dynamodb));
  const Item = { sensor_id: sensor, window_end: 60, station_id: 'k' };
  await documents.send(new PutCommand({ TableName: 'windows', Item }));
}

async function sensors(dynamodb: Dynamodb): Promise<unknown[]> {
  const documents = DynamoDBDocumentClient.from(clientOf(dynamodb));
  const { Items = [] } = await documents.send(new ScanCommand({ TableName: 'windows' }));
  return Items.map((item) => item.sensor_id).sort();
}
