import { join } from 'node:path';
import type { Stack } from '../stack/stack.ts';
import { type AwsEndpoint, createAwsEndpoint } from './aws-endpoint.ts';
import { callOperation, jsonFace, type Operations } from './aws-endpoint-json.ts';
import type { Durability, DurableLog } from './durable-log.ts';
import { startDynamodb } from './dynamodb.ts';
import { dynamodbFace } from './dynamodb-face.ts';
import { firehoseOperations } from './firehose-api.ts';
import { FirehoseDelivery } from './firehose-delivery.ts';
import { type IotOptions, iotDataFace, iotFace } from './iot-data.ts';
import { kinesisOperations } from './kinesis-api.ts';
import type { KinesisStream } from './kinesis-stream.ts';
import type { Ledger } from './ledger.ts';
import { type S3ApiOptions, s3Face } from './s3-api.ts';
import { S3BucketStore } from './s3-bucket-store.ts';
import { startLifecycle } from './s3-lifecycle.ts';
import { MultipartUploads } from './s3-multipart.ts';
import { createSns, type PublishedMessage } from './sns.ts';

export interface AwsServicesOptions {
  readonly stack: Pick<
    Stack,
    'region' | 'accountId' | 'deliveryStreams' | 'buckets' | 'tables' | 'topics' | 'queues'
  >;
  readonly streams: readonly KinesisStream[];
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly dataFolder: string;
  readonly durability: Durability;
  readonly iot: IotOptions;
  /** Told of every message that a topic took. */
  readonly onPublish: (message: PublishedMessage) => void;
  /** Told what went wrong behind the scenes and is tried again. */
  readonly onError: (error: Error) => void;
  readonly onObjectPut?: S3ApiOptions['onPut'];
  readonly nowMillis?: () => number;
}

/** The AWS services that the runtime stands in for. */
export interface AwsServices {
  /** Answers whatever comes to `AWS_ENDPOINT_URL`. */
  readonly endpoint: AwsEndpoint;
  /** For `AWS_ENDPOINT_URL_DYNAMODB`: saves the way through the common endpoint. */
  readonly dynamodbUrl: string;
  readonly store: S3BucketStore;
  readonly deliveries: readonly FirehoseDelivery[];
  /**
   * The operations that are answered in this process, by `Kinesis.PutRecords` and the like: the same code as behind the
   * endpoint, without the serialising. Each rejects with an `AwsError`.
   */
  readonly ports: Readonly<Record<string, (input: object) => Promise<object>>>;
  stop(): Promise<void>;
}

/** @throws LocalError when a stand-in cannot start */
export async function startAwsServices(options: AwsServicesOptions): Promise<AwsServices> {
  const { stack, dataFolder, durability, nowMillis, onError } = options;
  const { region, accountId } = stack;
  const store = S3BucketStore.open({ folder: join(dataFolder, 's3'), durability });
  for (const { name } of stack.buckets) store.createBucket(name);
  const deliveries = openDeliveries(options, store);
  const sns = createSns({ ...stack, onPublish: options.onPublish });
  const dynamodb = await startDynamodb({
    dataFolder,
    durability,
    tables: stack.tables,
    region,
    accountId,
    onRestart: onError,
  });
  const stopLifecycle = startLifecycle(store, stack.buckets, { onError, ...(nowMillis && { nowMillis }) });
  const common = { ...options, accountId, createdMillis: Date.now() };
  const operations = {
    Kinesis: kinesisOperations(common),
    Firehose: firehoseOperations({ ...common, deliveries }),
  };
  const uploads = new MultipartUploads(store, join(dataFolder, 's3', '.uploads'));
  const endpoint = createAwsEndpoint({
    kinesis: jsonFace(operations.Kinesis),
    firehose: jsonFace(operations.Firehose),
    dynamodb: dynamodbFace(() => dynamodb.url),
    s3: s3Face({ store, uploads, ...(options.onObjectPut && { onPut: options.onObjectPut }) }),
    sns: sns.face,
    sqs: sns.face,
    iot: iotFace(options.iot),
    iotdata: iotDataFace(options.iot),
    iotdevicegateway: iotDataFace(options.iot),
  });
  return {
    endpoint,
    dynamodbUrl: dynamodb.url,
    store,
    deliveries,
    ports: portsOf(operations),
    async stop() {
      stopLifecycle();
      await Promise.all(deliveries.map((delivery) => delivery.stop()));
      await Promise.all([sns.stop(), dynamodb.stop()]);
    },
  };
}

function openDeliveries(options: AwsServicesOptions, store: S3BucketStore): FirehoseDelivery[] {
  const { stack, log, ledger, onError, nowMillis } = options;
  return stack.deliveryStreams.map(
    (resource) =>
      new FirehoseDelivery({
        resource,
        log,
        store,
        stage: ledger.stage(`delivery ${resource.name}`),
        onError,
        ...(nowMillis && { nowMillis }),
      }),
  );
}

function portsOf(services: Readonly<Record<string, Operations>>): AwsServices['ports'] {
  const ports = Object.entries(services).flatMap(([service, operations]) =>
    Object.keys(operations).map((name) => [
      `${service}.${name}`,
      (input: object) => callOperation(operations, name, input),
    ]),
  );
  return Object.fromEntries(ports);
}
