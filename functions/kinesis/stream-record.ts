import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import type { Decoded, Rejection } from '../../src/telemetry/rejection.ts';

/** One record of a Kinesis event with its decoded value, or why it is refused. */
export interface StreamRecord<T> {
  readonly shardId: string;
  readonly sequenceNumber: string;
  /** Approximate arrival in the stream, milliseconds since the epoch. */
  readonly arrivalMillis: number;
  /** ARN of the stream and sequence number. */
  readonly source: string;
  readonly bytes: Uint8Array;
  readonly decoded: Decoded<T>;
}

/**
 * Decodes every record of the event (AWS Lambda developer guide, "Using AWS Lambda with Amazon Kinesis": `eventID` is
 * `shardId-…:sequence`, `approximateArrivalTimestamp` is in seconds).
 */
export function decodeRecords<T>(
  event: KinesisStreamEvent,
  decode: (bytes: Uint8Array, arrivalMillis: number) => Decoded<T>,
): StreamRecord<T>[] {
  return event.Records.map((record) => decodeRecord(record, decode));
}

/** What became of one record; `failed` is given back for a retry. */
export type Outcome =
  | { readonly kind: 'stored' | 'duplicate' | 'failed' }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

export const STORED: Outcome = { kind: 'stored' };
export const DUPLICATE: Outcome = { kind: 'duplicate' };
export const FAILED: Outcome = { kind: 'failed' };

function decodeRecord<T>(
  record: KinesisStreamRecord,
  decode: (bytes: Uint8Array, arrivalMillis: number) => Decoded<T>,
): StreamRecord<T> {
  const { data, sequenceNumber, approximateArrivalTimestamp } = record.kinesis;
  const bytes = Buffer.from(data, 'base64');
  const arrivalMillis = Math.round(approximateArrivalTimestamp * 1000);
  return {
    shardId: record.eventID.split(':')[0] ?? '',
    sequenceNumber,
    arrivalMillis,
    source: `${record.eventSourceARN} ${sequenceNumber}`,
    bytes,
    decoded: decode(bytes, arrivalMillis),
  };
}
