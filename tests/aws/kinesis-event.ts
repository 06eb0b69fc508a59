import type { KinesisStreamEvent } from 'aws-lambda';

/** Data of a record: bytes as they are, or anything else as JSON. */
export type TestData = Uint8Array | object;

/** An event as Lambda's Kinesis poller makes it, sequence numbers from `first` on. */
export function kinesisEvent(
  data: readonly TestData[],
  { first = 1, arrivalMillis = Date.now(), shard = 0 } = {},
): KinesisStreamEvent {
  const eventSourceARN = 'arn:aws:kinesis:us-east-1:123456789012:stream/mesonet-test-readings';
  return {
    Records: data.map((each, i) => {
      const sequence = sequenceNumber(first + i);
      return {
        kinesis: {
          kinesisSchemaVersion: '1.0',
          partitionKey: 'key',
          sequenceNumber: sequence,
          data: Buffer.from(each instanceof Uint8Array ? each : JSON.stringify(each)).toString('base64'),
          approximateArrivalTimestamp: arrivalMillis / 1000,
        },
        eventSource: 'aws:kinesis',
        eventVersion: '1.0',
        eventID: `shardId-${String(shard).padStart(12, '0')}:${sequence}`,
        eventName: 'aws:kinesis:record',
        invokeIdentityArn: 'arn:aws:iam::123456789012:role/lambda',
        awsRegion: 'us-east-1',
        eventSourceARN,
      };
    }),
  };
}

/** 56 digits, far above 2^53. */
export function sequenceNumber(n: number): string {
  return `4954${String(n).padStart(52, '0')}`;
}

/** The numbers that a response reports as failed. */
export function failedNumbers(response: { batchItemFailures: { itemIdentifier: string }[] }): number[] {
  return response.batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier.slice(4)));
}
