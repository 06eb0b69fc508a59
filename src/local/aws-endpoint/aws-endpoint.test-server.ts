import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { DeliveryStreamResource, Stack } from '../../stack/stack.ts';
import { startDynamodb } from '../dynamodb/dynamodb.ts';
import { createDynamodbControl } from '../dynamodb/dynamodb-control.ts';
import { dynamodbFace } from '../dynamodb/dynamodb-face.ts';
import { firehoseOperations } from '../firehose/firehose-api.ts';
import { FirehoseDelivery } from '../firehose/firehose-delivery.ts';
import { DeviceServices } from '../iot-core/device-services.ts';
import { iotControlFace } from '../iot-core/iot-control.ts';
import { type IotDataOptions, iotDataFace } from '../iot-core/iot-data.ts';
import { Provisioning } from '../iot-core/provisioning/provisioning.ts';
import { DeviceRegistry } from '../iot-core/registry/device-registry.ts';
import { openLocalAuthority } from '../iot-core/tls/local-authority.ts';
import { kinesisOperations } from '../kinesis/kinesis-api.ts';
import { Ledger } from '../ledger.ts';
import { DurableLog } from '../log/durable-log.ts';
import { KinesisStream } from '../log/kinesis-stream.ts';
import { s3Face } from '../s3/s3-api.ts';
import { S3BucketStore } from '../s3/s3-bucket-store.ts';
import { MultipartUploads } from '../s3/s3-multipart.ts';
import { createSns, type SnsOptions } from '../sns/sns.ts';
import { createSqsFace } from '../sqs/sqs-face.ts';
import { SqsQueue } from '../sqs/sqs-queue.ts';
import { createAwsEndpoint } from './aws-endpoint.ts';
import { callOperation, jsonFace } from './aws-endpoint-json.ts';

/** Every AWS stand-in behind one server, on a folder that outlives a restart. */
export interface TestServer {
  readonly url: string;
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly store: S3BucketStore;
  readonly deliveries: readonly FirehoseDelivery[];
  /** A Kinesis operation as handlers reach it, without HTTP. */
  readonly callKinesis: (operation: string, input: object) => Promise<object>;
  /** Options for any SDK v3 client. */
  readonly client: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
    requestHandler: NodeHttpHandler;
    maxAttempts: number;
  };
  stop(): Promise<void>;
}

export interface TestServerOptions {
  readonly dataFolder?: string;
  readonly nowMillis?: () => number;
  readonly buckets?: Stack['buckets'];
  readonly tables?: Stack['tables'];
  readonly topics?: SnsOptions['topics'];
  readonly queues?: SnsOptions['queues'];
  /** Queues on the log. */
  readonly keptQueues?: Stack['queues'];
  readonly deliveryStreams?: readonly DeliveryStreamResource[];
  readonly onPublish?: SnsOptions['onPublish'];
  readonly iot?: Pick<IotDataOptions, 'publish'>;
  /** The policies of the template. */
  readonly iotPolicies?: Stack['iotPolicies'];
  readonly provisioningTemplates?: Stack['provisioningTemplates'];
}

const PLACE = { region: 'us-east-1', accountId: '000000000000' };

export function temporaryFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'aws-endpoint-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Starts on a folder of its own unless one is given. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { folder, remove } = options.dataFolder
    ? { folder: options.dataFolder, remove: () => {} }
    : temporaryFolder();
  const clock = options.nowMillis && { nowMillis: options.nowMillis };
  const log = DurableLog.open({ folder, durability: 'process' });
  const ledger = new Ledger();
  const streams = ['readings', 'windows'].map((name) =>
    KinesisStream.open(log, { name, shardCount: 2, retentionHours: 24, ...clock }),
  );
  const store = S3BucketStore.open({ folder: join(folder, 's3'), durability: 'process' });
  for (const { name } of options.buckets ?? []) store.createBucket(name);
  const deliveries = (options.deliveryStreams ?? []).map(
    (resource) =>
      new FirehoseDelivery({
        resource,
        source: streams.find(({ arn }) => arn === resource.sourceStreamArn),
        log,
        store,
        stage: ledger.stage(`delivery ${resource.name}`),
        onError: (error) => console.error(error),
        ...clock,
      }),
  );
  const tables = options.tables ?? [];
  const dynamodb = await startDynamodb({ ...PLACE, dataFolder: folder, durability: 'process', tables });
  const control = createDynamodbControl({
    url: () => dynamodb.url,
    log,
    putObject: async (bucket, key, body) => void (await store.put(bucket, key, body)),
    nowMillis: options.nowMillis ?? Date.now,
    onError: (error) => console.error(error),
  });
  const { topics = [], queues = [], onPublish = () => {} } = options;
  const sns = createSns({ ...PLACE, topics, queues, onPublish });
  const kept = (options.keptQueues ?? []).map((resource) => {
    const stageName = `queue ${resource.name}`;
    const stage = ledger.stage(stageName);
    const { nowMillis = Date.now } = options;
    return [resource.name, new SqsQueue({ resource, log, stageName, stage, nowMillis })] as const;
  });
  const messaging = createSqsFace({ ...PLACE, queues: new Map(kept), log, others: sns.face });
  const iot = options.iot ?? { publish: async () => {} };
  const { nowMillis = Date.now, iotPolicies: policies = [] } = options;
  const registry = new DeviceRegistry({ place: PLACE, log, nowMillis, policies });
  const signer = await openLocalAuthority(join(folder, 'iot-core'), '127.0.0.1');
  const provisioning = new Provisioning({
    registry,
    log,
    signer: signer.signer,
    declared: options.provisioningTemplates ?? [],
    invoke: () => Promise.reject(new Error('there are no functions here')),
    tell: () => log.durable(),
    nowMillis,
    report: console.error,
  });
  const services = new DeviceServices({ log, nowMillis, provisioning: provisioning.fleet });
  const deviceAddress = (): string => '127.0.0.1:18883';
  const kinesis = kinesisOperations({ ...PLACE, streams, log, ledger, ...clock });
  const endpoint = createAwsEndpoint({
    kinesis: jsonFace(kinesis),
    firehose: jsonFace(firehoseOperations({ ...PLACE, deliveries, log })),
    dynamodb: dynamodbFace(() => dynamodb.url, control.operations),
    s3: s3Face({ store, uploads: new MultipartUploads(store, join(folder, 's3-uploads')) }),
    sns: messaging,
    sqs: messaging,
    iot: iotControlFace({
      jobs: services.jobs,
      tell: () => log.durable(),
      registry,
      signer,
      provisioning,
      log,
      deviceAddress,
      credentialsAddress: () => '127.0.0.1:18443',
      nowMillis,
    }),
    iotdata: iotDataFace({ ...iot, services, tell: () => log.durable(), nowMillis }),
  });
  const server = createServer((request, response) => void endpoint.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    log,
    ledger,
    store,
    deliveries,
    callKinesis: (operation, input) => callOperation(kinesis, operation, input),
    client: {
      endpoint: url,
      region: PLACE.region,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      requestHandler: new NodeHttpHandler(),
      maxAttempts: 1,
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all(deliveries.map((delivery) => delivery.stop()));
      await control.stop();
      await Promise.all([sns.stop(), dynamodb.stop()]);
      await log.close();
      remove();
    },
  };
}
