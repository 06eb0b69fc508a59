import { createHash } from 'node:crypto';
import type { StreamRecord } from '../log/kinesis-stream.ts';

/** Where the records of an event come from. */
export interface EventSource {
  readonly streamArn: string;
  readonly shardId: string;
  readonly region: string;
  readonly roleArn: string;
}

const EVENT_START = '{"Records":[';
const EVENT_END = ']}';

/**
 * The event of a batch as JSON text: what Lambda hands to the function (Lambda developer guide, "Example event"). It is
 * written straight into bytes, which move to the worker's thread and leave nothing for this thread to collect.
 * @param windowMembers what a tumbling window adds, with a comma before it
 */
export function kinesisEvent(
  records: readonly StreamRecord[],
  source: EventSource,
  windowMembers = '',
): Uint8Array {
  const envelope = envelopeBytes(source) + TIMESTAMP_SLACK;
  const most = records.reduce(
    (sum, record) => sum + recordBytes(record, envelope),
    EVENT_START.length + Buffer.byteLength(windowMembers) + EVENT_END.length,
  );
  const event = Buffer.allocUnsafeSlow(most);
  let at = event.write(EVENT_START, 0);
  for (const [index, record] of records.entries()) {
    if (index > 0) at += event.write(',', at);
    at += event.write(recordText(record, source), at);
  }
  at += event.write(`]${windowMembers}}`, at);
  return event.subarray(0, at);
}

/** A timestamp may print with more digits than the one that envelopes are measured with. */
const TIMESTAMP_SLACK = 8;

/** How many bytes a record adds to its event. */
export function recordBytes(record: StreamRecord, envelopeBytes: number): number {
  const key = Buffer.byteLength(JSON.stringify(record.partitionKey));
  return envelopeBytes + key + Math.ceil(record.data.length / 3) * 4;
}

/** The bytes of a record's event but for its data and partition key; a comma is counted too. */
export function envelopeBytes(source: EventSource): number {
  const record = { sequenceNumber: '0'.repeat(56), partitionKey: '', data: Buffer.alloc(0) };
  return Buffer.byteLength(recordText({ ...record, arrivalMillis: 1_700_000_000_999 }, source));
}

function recordText(record: StreamRecord, { streamArn, shardId, region, roleArn }: EventSource): string {
  const { sequenceNumber, partitionKey, data, arrivalMillis } = record;
  return (
    `{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":${JSON.stringify(partitionKey)},` +
    `"sequenceNumber":"${sequenceNumber}","data":"${data.toString('base64')}",` +
    `"approximateArrivalTimestamp":${arrivalMillis / 1000}},"eventSource":"aws:kinesis","eventVersion":"1.0",` +
    `"eventID":"${shardId}:${sequenceNumber}","eventName":"aws:kinesis:record","invokeIdentityArn":"${roleArn}",` +
    `"awsRegion":"${region}","eventSourceARN":"${streamArn}"}`
  );
}

/** A document for an on-failure destination; on S3 it becomes the object `key`. */
export interface FailureDocument {
  readonly key: string;
  readonly body: string;
}

export type FailureCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded' | 'PayloadTooLarge';

export interface FailedBatch {
  readonly condition: FailureCondition;
  readonly records: readonly StreamRecord[];
  readonly source: EventSource;
  readonly mappingId: string;
  readonly functionArn: string;
  readonly requestId: string;
  readonly invokeCount: number;
  readonly nowMillis: number;
  /** S3 keeps the whole event; queues and topics get the metadata only. */
  readonly withPayload: boolean;
}

/**
 * The invocation record of a discarded batch as Lambda writes it (Lambda developer guide, "Retaining discarded batch
 * records"). Its key ends in a digest of the batch where Lambda's ends in a random id, so that writing it again overwrites it.
 */
export function failureDocument(batch: FailedBatch): FailureDocument {
  const { records, source, nowMillis } = batch;
  const first = records[0]!;
  const last = records.at(-1)!;
  const { shardId, streamArn } = source;
  const digest = createHash('sha256')
    .update(`${shardId}/${first.sequenceNumber}/${last.sequenceNumber}`)
    .digest('hex');
  const timestamp = new Date(nowMillis).toISOString();
  const arrival = new Date(first.arrivalMillis).toISOString();
  const day = arrival.slice(0, 10);
  const time = arrival.slice(0, 19).replaceAll(':', '.');
  const invoked = batch.invokeCount > 0;
  const body = {
    requestContext: {
      requestId: batch.requestId,
      functionArn: `${batch.functionArn}:$LATEST`,
      condition: batch.condition,
      approximateInvokeCount: batch.invokeCount,
    },
    ...(invoked && {
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    }),
    version: '1.0',
    timestamp,
    KinesisBatchInfo: {
      shardId,
      startSequenceNumber: first.sequenceNumber,
      endSequenceNumber: last.sequenceNumber,
      approximateArrivalOfFirstRecord: arrival,
      approximateArrivalOfLastRecord: new Date(last.arrivalMillis).toISOString(),
      batchSize: records.length,
      streamArn,
    },
    ...(batch.withPayload && { payload: Buffer.from(kinesisEvent(records, source)).toString() }),
  };
  const prefix = `aws/lambda/${batch.mappingId}/${shardId}/${day.replaceAll('-', '/')}`;
  return { key: `${prefix}/${time}-${digest.slice(0, 32)}`, body: JSON.stringify(body) };
}
