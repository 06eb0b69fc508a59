import { join } from 'node:path';
import type { Stack } from '../stack/stack.ts';
import { createAwsEndpoint } from './aws-endpoint/aws-endpoint.ts';
import { callOperation, jsonFace, type Operations } from './aws-endpoint/aws-endpoint-json.ts';
import type { AwsFace } from './aws-endpoint/aws-endpoint-message.ts';
import { startDynamodb } from './dynamodb/dynamodb.ts';
import { callDynamodb } from './dynamodb/dynamodb-call.ts';
import { createDynamodbControl } from './dynamodb/dynamodb-control.ts';
import { dynamodbFace } from './dynamodb/dynamodb-face.ts';
import type { FailureDocument } from './event-source-mapping/event-source-mapping-event.ts';
import { failpoint } from './failpoint.ts';
import { firehoseOperations } from './firehose/firehose-api.ts';
import { FirehoseDelivery } from './firehose/firehose-delivery.ts';
import type { AlertLog } from './http/alert-log.ts';
import { createAwsServer, listen } from './http/http-server.ts';
import type { StageLag } from './http/statistics.ts';
import { type IotControlOptions, iotControlFace } from './iot-core/iot-control.ts';
import type { CertificateSigner } from './iot-core/registry/certificate-operations.ts';
import type { DeviceRegistry } from './iot-core/registry/device-registry.ts';
import { kinesisOperations } from './kinesis/kinesis-api.ts';
import type { LocalPort } from './lambda/lambda-sandbox.ts';
import type { Ledger } from './ledger.ts';
import { LocalError } from './local-error.ts';
import type { Durability, DurableLog } from './log/durable-log.ts';
import type { KinesisStream } from './log/kinesis-stream.ts';
import { s3Face } from './s3/s3-api.ts';
import { S3BucketStore } from './s3/s3-bucket-store.ts';
import { startLifecycle } from './s3/s3-lifecycle.ts';
import { MultipartUploads } from './s3/s3-multipart.ts';
import { createSns } from './sns/sns.ts';
import { createSqsFace } from './sqs/sqs-face.ts';
import type { SqsQueue } from './sqs/sqs-queue.ts';

export interface StartAwsServicesOptions {
  readonly stack: Stack;
  readonly dataFolder: string;
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly streams: ReadonlyMap<string, KinesisStream>;
  /** The queues that are kept on the log, by name. */
  readonly sqsQueues: ReadonlyMap<string, SqsQueue>;
  readonly alerts: AlertLog;
  readonly durability: Durability;
  readonly host: string;
  readonly awsPort?: number;
  /** The door of AWS IoT data: what comes over HTTPS as if it had come over MQTT. */
  readonly iotData: AwsFace;
  readonly jobs: IotControlOptions['jobs'];
  /** Takes what services of IoT Core tell devices. */
  readonly tell: IotControlOptions['tell'];
  /** `host:port` of the listener for devices. */
  readonly deviceAddress: () => string;
  /** `host:port` of the credential provider. */
  readonly credentialsAddress: () => string;
  readonly registry: DeviceRegistry;
  readonly signer: CertificateSigner;
  readonly provisioning: IotControlOptions['provisioning'];
  readonly nowMillis: () => number;
  readonly report: (text: string) => void;
}

/** The stand-ins for the AWS services, behind one endpoint. */
export interface RunningAwsServices {
  readonly endpoints: { readonly aws: string; readonly dynamodb: string };
  /** Operations that handlers reach in process, without HTTP. */
  readonly ports: Readonly<Record<string, LocalPort>>;
  /** The buffers of the delivery streams that take what is put on them, by name. */
  readonly deliveryBuffers: ReadonlyMap<string, KinesisStream>;
  /** What S3 keeps. */
  readonly buckets: S3BucketStore;
  /** Resolves when the object is durable. */
  readonly putObject: (bucketName: string, key: string, body: Uint8Array) => Promise<void>;
  readonly readObject: (bucketName: string, key: string) => Promise<{ etag: string; bytes: Buffer }>;
  /** Calls one operation of DynamoDB. */
  readonly callDynamodb: (operation: string, input: object) => Promise<unknown>;
  /** The door of SNS and SQS. */
  readonly messaging: AwsFace;
  readonly onFailure: (destinationArn: string, document: FailureDocument) => Promise<void>;
  /** How far the delivery streams are behind. */
  lag(): StageLag[];
  stop(): Promise<void>;
}

/** @throws LocalError when a port is taken or a delivery stream cannot be emulated */
export async function startAwsServices(options: StartAwsServicesOptions): Promise<RunningAwsServices> {
  const { stack, log, ledger, report } = options;
  const store = openBuckets(options);
  const deliveries = stack.deliveryStreams.map(
    (resource) =>
      new FirehoseDelivery({
        resource,
        source: [...options.streams.values()].find(({ arn }) => arn === resource.sourceStreamArn),
        log,
        store,
        nowMillis: options.nowMillis,
        stage: ledger.stage(`delivery ${resource.name}`),
        onError: (error) => report(`Cannot deliver '${resource.name}': ${error.message}`),
      }),
  );
  const dynamodb = await startDynamodb({
    ...stack,
    dataFolder: options.dataFolder,
    durability: options.durability,
    onRestart: (error) => report(`DynamoDB was started again: ${error.message}`),
  });
  const control = createDynamodbControl({
    url: () => dynamodb.url,
    log,
    putObject: async (bucketName, key, body) => void (await store.put(bucketName, key, body)),
    nowMillis: options.nowMillis,
    onError: (error) => report(`Cannot export a table: ${error.message}`),
  });
  const createdMillis = options.nowMillis();
  const kinesis = kinesisOperations({
    ...stack,
    streams: [...options.streams.values()],
    log,
    ledger,
    createdMillis,
  });
  const firehose = firehoseOperations({ ...stack, deliveries, log, createdMillis });
  const sns = createSns({
    ...stack,
    queues: stack.queues.filter(({ name }) => !options.sqsQueues.has(name)),
    onPublish: ({ message }) => options.alerts.add(message),
  });
  const messaging = createSqsFace({ ...stack, queues: options.sqsQueues, log, others: sns.face });
  const endpoint = createAwsEndpoint({
    kinesis: jsonFace(kinesis),
    firehose: jsonFace(firehose),
    dynamodb: dynamodbFace(() => dynamodb.url, control.operations),
    s3: s3Face({ store, uploads: new MultipartUploads(store, join(options.dataFolder, 's3-uploads')) }),
    sns: messaging,
    sqs: messaging,
    iot: iotControlFace(options),
    iotdata: options.iotData,
    iotdevicegateway: options.iotData,
    'iot-jobs-data': options.iotData,
  });
  const { host, awsPort = 4566 } = options;
  const server = await listen(createAwsServer(endpoint.handle), {
    host,
    port: awsPort,
    option: '--aws-port',
  });
  const stopLifecycle = startLifecycle(store, stack.buckets, {
    onError: (error) => report(`Cannot apply the lifecycle rules: ${error.message}`),
  });
  return {
    endpoints: { aws: `http://${host}:${server.port}`, dynamodb: dynamodb.url },
    ports: {
      ...portsOf('Kinesis', kinesis, ['PutRecords', 'PutRecord']),
      ...portsOf('Firehose', firehose, ['PutRecordBatch', 'PutRecord']),
      ...portsOf('DynamoDB', control.operations, Object.keys(control.operations)),
    },
    deliveryBuffers: new Map(
      deliveries.flatMap(({ name, stream, isDirect }) => (isDirect ? [[name, stream] as const] : [])),
    ),
    buckets: store,
    putObject: async (bucketName, key, body) => {
      await store.put(bucketName, key, body);
    },
    readObject: async (bucketName, key) => {
      const { object, bytes } = await store.read(bucketName, key);
      return { etag: object.etag, bytes };
    },
    callDynamodb: (operation, input) => callDynamodb(dynamodb.url, operation, input),
    messaging,
    onFailure: async (destinationArn, { key, body }) => {
      failpoint('dlq.beforeWrite');
      await store.put(bucketOf(destinationArn), key, Buffer.from(body));
    },
    lag: () => deliveries.map((delivery) => delivery.lag()),
    async stop() {
      stopLifecycle();
      await server.stop();
      await Promise.all(deliveries.map((delivery) => delivery.stop()));
      await sns.stop();
      await control.stop();
      await dynamodb.stop();
    },
  };
}

function openBuckets({ stack, dataFolder, durability }: StartAwsServicesOptions): S3BucketStore {
  const store = S3BucketStore.open({ folder: join(dataFolder, 's3'), durability });
  for (const { name } of stack.buckets) if (!store.hasBucket(name)) store.createBucket(name);
  return store;
}

function portsOf(
  service: string,
  operations: Operations,
  names: readonly string[],
): Record<string, LocalPort> {
  return Object.fromEntries(
    names.map((name) => [`${service}.${name}`, (input: object) => callOperation(operations, name, input)]),
  );
}

/** Failed batches go to S3, the destination that keeps the bytes. */
function bucketOf(arn: string): string {
  if (!arn.startsWith('arn:aws:s3:::'))
    throw new LocalError(`Cannot keep a failed batch in '${arn}': only S3 is emulated`);
  return arn.slice('arn:aws:s3:::'.length);
}
