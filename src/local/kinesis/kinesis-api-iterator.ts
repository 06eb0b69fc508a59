import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';

/** A place in a shard, and when the iterator that holds it was given out. */
export interface IteratorPosition {
  readonly stream: string;
  readonly shardId: string;
  /** Empty before the oldest record. */
  readonly afterSequenceNumber: string;
  readonly createdMillis: number;
}

/** An iterator expires five minutes after it was returned (Kinesis API reference, GetShardIterator). */
const TOLERATED_MILLIS = 300_000;

export function encodeIterator(position: IteratorPosition): string {
  const { stream, shardId, afterSequenceNumber, createdMillis } = position;
  return Buffer.from([1, stream, shardId, afterSequenceNumber, createdMillis].join(' ')).toString('base64');
}

/** @throws AwsError InvalidArgumentException for what was no iterator, ExpiredIteratorException */
export function decodeIterator(text: string, nowMillis: number): IteratorPosition {
  const [version, stream, shardId, afterSequenceNumber, created, ...rest] = Buffer.from(text, 'base64')
    .toString()
    .split(' ');
  if (version !== '1' || !stream || !shardId || !/^\d+$/.test(created ?? '') || rest.length > 0)
    throw new AwsError('InvalidArgumentException', 'Invalid ShardIterator.');
  const createdMillis = Number(created);
  if (nowMillis - createdMillis > TOLERATED_MILLIS)
    throw new AwsError(
      'ExpiredIteratorException',
      `Iterator expired. The iterator was created at time ${new Date(createdMillis).toISOString()} while right now it is ${new Date(nowMillis).toISOString()} which is further in the future than the tolerated delay of ${TOLERATED_MILLIS} milliseconds.`,
    );
  return { stream, shardId, afterSequenceNumber: afterSequenceNumber ?? '', createdMillis };
}
