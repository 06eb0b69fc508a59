import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { Operations } from '../aws-endpoint/aws-endpoint-json.ts';
import type { Members, Shape } from '../aws-endpoint/aws-endpoint-shape.ts';
import type { DurableLog } from '../log/durable-log.ts';
import type { FirehoseDelivery } from './firehose-delivery.ts';

export interface FirehoseApiOptions {
  readonly deliveries: readonly FirehoseDelivery[];
  readonly log: DurableLog;
  readonly accountId: string;
  readonly createdMillis?: number;
}

interface Named {
  readonly DeliveryStreamName: string;
}

interface Entry {
  readonly Data: Uint8Array;
}

/** 1,000 KiB before base64, and 4 MiB for a batch (Amazon Data Firehose API reference, PutRecordBatch). */
const MAX_RECORD_BYTES = 1000 * 1024;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;

const anyStreamName = {
  type: 'string',
  minLength: 1,
  maxLength: 64,
  pattern: /^[a-zA-Z0-9_.-]+$/,
} satisfies Shape;
const streamName: Shape = { ...anyStreamName, required: true };
const record: Shape = {
  type: 'structure',
  required: true,
  members: { Data: { type: 'blob', required: true, maxLength: MAX_RECORD_BYTES } },
};

const shapes = {
  PutRecord: { DeliveryStreamName: streamName, Record: record },
  PutRecordBatch: {
    DeliveryStreamName: streamName,
    Records: { type: 'list', required: true, minLength: 1, maxLength: 500, of: record },
  },
  DescribeDeliveryStream: { DeliveryStreamName: streamName },
  ListDeliveryStreams: {
    Limit: { type: 'integer', min: 1, max: 10_000 },
    DeliveryStreamType: { type: 'string' },
    ExclusiveStartDeliveryStreamName: anyStreamName,
  },
} satisfies Record<string, Members>;

/** The operations of Firehose over the given deliveries (Amazon Data Firehose API reference). */
export function firehoseOperations(options: FirehoseApiOptions): Operations {
  return {
    PutRecord: { input: shapes.PutRecord, run: (input) => putRecord(options, input) },
    PutRecordBatch: { input: shapes.PutRecordBatch, run: (input) => putRecordBatch(options, input) },
    DescribeDeliveryStream: {
      input: shapes.DescribeDeliveryStream,
      run: async (input) => describeDeliveryStream(options, input),
    },
    ListDeliveryStreams: {
      input: shapes.ListDeliveryStreams,
      run: async (input) => listDeliveryStreams(options, input),
    },
  };
}

/** Answers when the record is durable. */
async function putRecord(options: FirehoseApiOptions, input: Named & { Record: Entry }): Promise<object> {
  options.log.checkWritable();
  const RecordId = append(findDirect(options, input), input.Record);
  await options.log.durable();
  return { RecordId, Encrypted: false };
}

/** Answers when all records are durable; all are taken or none. */
async function putRecordBatch(
  options: FirehoseApiOptions,
  input: Named & { Records: readonly Entry[] },
): Promise<object> {
  const delivery = findDirect(options, input);
  if (input.Records.reduce((sum, { Data }) => sum + Data.byteLength, 0) > MAX_BATCH_BYTES)
    throw new AwsError('InvalidArgumentException', 'Records size exceeds 4 MB limit');
  options.log.checkWritable();
  const RequestResponses = input.Records.map((each) => ({ RecordId: append(delivery, each) }));
  await options.log.durable();
  return { FailedPutCount: 0, Encrypted: false, RequestResponses };
}

function describeDeliveryStream(options: FirehoseApiOptions, input: Named): object {
  const { resource, isDirect } = findDelivery(options, input);
  const BufferingHints = { SizeInMBs: resource.bufferMegabytes, IntervalInSeconds: resource.bufferSeconds };
  const destination = {
    RoleARN: `arn:aws:iam::${options.accountId}:role/local`,
    BucketARN: `arn:aws:s3:::${resource.bucketName}`,
    Prefix: resource.prefix,
    ErrorOutputPrefix: resource.errorOutputPrefix,
    BufferingHints,
    CompressionFormat: resource.compression,
    EncryptionConfiguration: { NoEncryptionConfig: 'NoEncryption' },
  };
  return {
    DeliveryStreamDescription: {
      DeliveryStreamName: resource.name,
      DeliveryStreamARN: resource.arn,
      DeliveryStreamStatus: 'ACTIVE',
      DeliveryStreamType: isDirect ? 'DirectPut' : 'KinesisStreamAsSource',
      ...(!isDirect && { Source: { KinesisStreamSourceDescription: sourceOf(resource, destination) } }),
      VersionId: '1',
      CreateTimestamp: new Date(options.createdMillis ?? 0),
      Destinations: [
        {
          DestinationId: 'destinationId-000000000001',
          ExtendedS3DestinationDescription: destination,
        },
      ],
      HasMoreDestinations: false,
    },
  };
}

function listDeliveryStreams(
  { deliveries }: FirehoseApiOptions,
  input: { Limit?: number; ExclusiveStartDeliveryStreamName?: string },
): object {
  const after = input.ExclusiveStartDeliveryStreamName ?? '';
  const names = deliveries
    .map(({ name }) => name)
    .filter((name) => name > after)
    .sort();
  const page = names.slice(0, input.Limit ?? 10);
  return { DeliveryStreamNames: page, HasMoreDeliveryStreams: names.length > page.length };
}

function findDelivery({ deliveries, accountId }: FirehoseApiOptions, { DeliveryStreamName }: Named) {
  const delivery = deliveries.find(({ name }) => name === DeliveryStreamName);
  if (!delivery)
    throw new AwsError(
      'ResourceNotFoundException',
      `Firehose ${DeliveryStreamName} under account ${accountId} not found.`,
    );
  return delivery;
}

function sourceOf({ sourceStreamArn }: FirehoseDelivery['resource'], { RoleARN }: { RoleARN: string }) {
  return { KinesisStreamARN: sourceStreamArn, RoleARN };
}

/** Nothing can be put on a delivery stream that reads a data stream. */
function findDirect(options: FirehoseApiOptions, input: Named): FirehoseDelivery {
  const delivery = findDelivery(options, input);
  if (!delivery.isDirect)
    throw new AwsError(
      'InvalidArgumentException',
      'This operation is not permitted on KinesisStreamAsSource delivery stream type.',
    );
  return delivery;
}

function append({ stream }: FirehoseDelivery, { Data }: Entry): string {
  const data = Buffer.isBuffer(Data) ? Data : Buffer.from(Data.buffer, Data.byteOffset, Data.byteLength);
  return stream.put('', data).sequenceNumber;
}
