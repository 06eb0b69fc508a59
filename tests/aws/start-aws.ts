import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { closeClients, dynamoDb, s3 } from '../../src/stores/aws-clients.ts';

const dynalite = createRequire(import.meta.url)('dynalite') as (options: { createTableMs: number }) => Server;

// Read when a handler is loaded, after this module: faults are part of these tests, not news.
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

/** A fault at the network edge: requests whose target or path contains `match` get this answer, `times` times. */
export interface Fault {
  readonly match: string;
  times: number;
  readonly status: number;
  readonly type: string;
}

/** One request to Kinesis as it went over the wire. */
export interface CapturedRequest {
  readonly target: string;
  readonly body: { readonly Records: { readonly Data: string; readonly PartitionKey?: string }[] };
}

/** AWS for a test, on one port: DynamoDB (dynalite), S3 and SNS (fauxqs), and a recorder for the streams. */
export interface TestAws {
  readonly captured: CapturedRequest[];
  readonly faults: Fault[];
  /** Which entries of a PutRecords or PutRecordBatch request to refuse, by their data. */
  refuse: (data: string) => boolean;
  objects(prefix?: string): Promise<Map<string, Buffer>>;
  items(tableName: string): Promise<Record<string, unknown>[]>;
  tables(): Promise<string[]>;
  alerts(): Record<string, unknown>[];
  stop(): Promise<void>;
}

const BUCKET = 'mesonet-test-archive';
export const WEEKLY_PREFIX = 'mesonet-test-readings-';

const TABLES: readonly CreateTableCommandInput[] = [
  table(
    'mesonet-test-latest',
    { sensor_id: 'S' },
    { 'by-station': { station_id: 'S', sensor_id: 'S' }, 'by-state': { state: 'S', sensor_id: 'S' } },
  ),
  table('mesonet-test-windows', { sensor_id: 'S', window_end_millis: 'N' }),
  table('mesonet-test-devices', { device_id: 'S' }),
];

/** Starts it, makes the tables, and points the environment and the stores' clients at it. */
export async function startAws(): Promise<TestAws> {
  const tables = dynalite({ createTableMs: 0 });
  await listen(tables);
  const fauxqs = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  const queue = prepareFauxqs(fauxqs);
  const aws = {
    captured: [] as CapturedRequest[],
    faults: [] as Fault[],
    refuse: (_data: string): boolean => false,
  };
  const edge = createServer(edgeListener(aws, portOf(tables), fauxqs.port));
  await listen(edge);
  setEnvironment(portOf(edge), queue.topicArn);
  for (const input of TABLES) await dynamoDb().send(new CreateTableCommand(input));
  return Object.assign(aws, {
    objects: (prefix?: string) => readObjects(prefix),
    items: readItems,
    tables: async () => (await dynamoDb().send(new ListTablesCommand({}))).TableNames ?? [],
    alerts: () => readAlerts(fauxqs, queue.queueName),
    stop: async () => {
      closeClients();
      await Promise.all([close(edge), close(tables), fauxqs.stop()]);
    },
  });
}

function setEnvironment(port: number, topicArn: string): void {
  closeClients();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    READINGS_STREAM: 'mesonet-test-readings',
    WINDOWS_STREAM: 'mesonet-test-windows',
    READINGS_TABLE_PREFIX: WEEKLY_PREFIX,
    READINGS_ITEM_MINUTES: '1',
    EXPORT_AFTER_WEEKS: '4',
    LATEST_TABLE: 'mesonet-test-latest',
    WINDOWS_TABLE: 'mesonet-test-windows',
    DEVICES_TABLE: 'mesonet-test-devices',
    ARCHIVE_BUCKET: BUCKET,
    ALERT_TOPIC_ARN: topicArn,
    ALERT_THRESHOLDS: '{"temperature":{"above":35,"below":-20}}',
    METRICS_NAMESPACE: 'Mesonet',
  });
}

function prepareFauxqs(fauxqs: FauxqsServer) {
  fauxqs.createBucket(BUCKET);
  const { topicArn } = fauxqs.createTopic('alerts');
  const { queueName } = fauxqs.createQueue('alerts-seen');
  fauxqs.subscribe({ topic: 'alerts', queue: 'alerts-seen' });
  return { topicArn, queueName };
}

function edgeListener(
  aws: { captured: CapturedRequest[]; faults: Fault[]; refuse: (data: string) => boolean },
  dynamoPort: number,
  otherPort: number,
): RequestListener {
  return async (incoming, answer) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const target = String(incoming.headers['x-amz-target'] ?? '');
    const where = `${target} ${incoming.method} ${incoming.url} ${target === '' ? body.toString('latin1', 0, 200) : ''}`;
    const fault = aws.faults.find(({ match, times }) => times > 0 && where.includes(match));
    if (fault !== undefined) {
      fault.times--;
      answer.writeHead(fault.status, {
        'content-type': 'application/x-amz-json-1.1',
        'x-amzn-errortype': fault.type,
      });
      answer.end(JSON.stringify({ __type: fault.type, message: 'injected' }));
    } else if (target.startsWith('Kinesis_')) {
      answerStream(aws, target, body, answer);
    } else forward(incoming, body, target.startsWith('DynamoDB_') ? dynamoPort : otherPort, answer);
  };
}

function answerStream(
  aws: { captured: CapturedRequest[]; refuse: (data: string) => boolean },
  target: string,
  bytes: Buffer,
  answer: ServerResponse,
): void {
  const body = JSON.parse(bytes.toString()) as CapturedRequest['body'];
  aws.captured.push({ target, body });
  const entries = body.Records.map(({ Data }, i) =>
    aws.refuse(Buffer.from(Data, 'base64').toString())
      ? { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' }
      : { SequenceNumber: String(i), ShardId: 'shardId-000000000000', RecordId: String(i) },
  );
  const failed = entries.filter((entry) => 'ErrorCode' in entry).length;
  const isKinesis = target.startsWith('Kinesis_');
  answer.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
  answer.end(
    JSON.stringify(
      isKinesis
        ? { FailedRecordCount: failed, Records: entries }
        : { FailedPutCount: failed, RequestResponses: entries },
    ),
  );
}

function forward(incoming: IncomingMessage, body: Buffer, port: number, answer: ServerResponse): void {
  const { method, url: path, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, method, path, headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(answer);
  });
  onward.on('error', () => answer.destroy());
  onward.end(body);
}

async function readObjects(Prefix?: string): Promise<Map<string, Buffer>> {
  const input = Prefix === undefined ? { Bucket: BUCKET } : { Bucket: BUCKET, Prefix };
  const { Contents = [] } = await s3().send(new ListObjectsV2Command(input));
  const objects = new Map<string, Buffer>();
  for (const { Key } of Contents) {
    const { Body } = await s3().send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    objects.set(Key!, Buffer.from(await Body!.transformToByteArray()));
  }
  return objects;
}

async function readItems(tableName: string): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await dynamoDb().send(new ScanCommand({ TableName: tableName }));
  const sorted = Items.map((item) =>
    Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
  return sorted.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function readAlerts(fauxqs: FauxqsServer, queueName: string): Record<string, unknown>[] {
  const messages = fauxqs.inspectQueue(queueName)?.messages.ready ?? [];
  return messages.map(({ body }) => JSON.parse((JSON.parse(body) as { Message: string }).Message));
}

type Schema = Readonly<Record<string, 'S' | 'N'>>;

function table(
  TableName: string,
  key: Schema,
  indexes: Readonly<Record<string, Schema>> = {},
): CreateTableCommandInput {
  const attributes = Object.assign({}, key, ...Object.values(indexes)) as Schema;
  const GlobalSecondaryIndexes = Object.entries(indexes).map(([IndexName, schema]) => {
    return { IndexName, KeySchema: keySchema(schema), Projection: { ProjectionType: 'KEYS_ONLY' as const } };
  });
  return {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: Object.entries(attributes).map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    KeySchema: keySchema(key),
    ...(GlobalSecondaryIndexes.length === 0 ? {} : { GlobalSecondaryIndexes }),
  };
}

function keySchema(schema: Schema) {
  return Object.keys(schema).map((AttributeName, i) => ({
    AttributeName,
    KeyType: i === 0 ? ('HASH' as const) : ('RANGE' as const),
  }));
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
