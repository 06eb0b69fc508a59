import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { KinesisStream } from '../log/kinesis-stream.ts';
import { indexOf, isSameShard } from '../log/sequence-number.ts';
import { decodeIterator, encodeIterator, type IteratorPosition } from './kinesis-api-iterator.ts';
import {
  checkShard,
  findStream,
  hashKeyRange,
  type KinesisApiOptions,
  type StreamReference,
} from './kinesis-api-streams.ts';

interface GetShardIteratorInput extends StreamReference {
  readonly ShardId: string;
  readonly ShardIteratorType: string;
  readonly StartingSequenceNumber?: string;
  readonly Timestamp?: Date;
}

interface GetRecordsInput {
  readonly ShardIterator: string;
  readonly Limit?: number;
}

const MAX_RECORDS = 10_000;
const MAX_BYTES = 10 * 1024 * 1024;
const SEQUENCE_DIGITS = 56;

export function getShardIterator(options: KinesisApiOptions, input: GetShardIteratorInput): object {
  const stream = findStream(options, input);
  checkShard(stream, input.ShardId, options);
  return {
    ShardIterator: encodeIterator({
      stream: stream.name,
      shardId: input.ShardId,
      afterSequenceNumber: STARTS[input.ShardIteratorType]!(stream, input) ?? '',
      createdMillis: nowMillis(options),
    }),
  };
}

export function getRecords(options: KinesisApiOptions, input: GetRecordsInput): object {
  const now = nowMillis(options);
  const position = decodeIterator(input.ShardIterator, now);
  const stream = findStream(options, { StreamName: position.stream });
  checkShard(stream, position.shardId, options);
  const records = stream.read(position.shardId, position.afterSequenceNumber, {
    maxRecords: input.Limit ?? MAX_RECORDS,
    maxBytes: MAX_BYTES,
  });
  const afterSequenceNumber = records.at(-1)?.sequenceNumber ?? behindGap(stream, position);
  const { oldestArrivalMillis } = stream.backlog(position.shardId, afterSequenceNumber);
  const next = { ...position, afterSequenceNumber, createdMillis: now };
  return {
    Records: records.map((record) => ({
      SequenceNumber: record.sequenceNumber,
      ApproximateArrivalTimestamp: new Date(record.arrivalMillis),
      Data: record.data,
      PartitionKey: record.partitionKey,
      EncryptionType: 'NONE',
    })),
    ...(stream.isReadOut(position.shardId, afterSequenceNumber)
      ? { ChildShards: childShards(stream, position.shardId) }
      : { NextShardIterator: encodeIterator(next) }),
    MillisBehindLatest: oldestArrivalMillis === undefined ? 0 : Math.max(0, now - oldestArrivalMillis),
  };
}

/** Where nothing can be read, records may have expired or be damaged: a closed shard ends behind them all the same. */
function behindGap(stream: KinesisStream, { shardId, afterSequenceNumber }: IteratorPosition): string {
  const passed = stream.passedOver(shardId, afterSequenceNumber, undefined);
  return passed?.lastSequenceNumber ?? afterSequenceNumber;
}

/** Told at the end of a closed shard: where to read on (Kinesis API reference, ChildShard). */
function childShards(stream: KinesisStream, id: string): object[] {
  return stream.topology.childIds(id).map((ShardId) => ({
    ShardId,
    ParentShards: stream.topology.parentIds(ShardId),
    HashKeyRange: hashKeyRange(stream, ShardId),
  }));
}

/** Where each type of iterator starts: after which record, nothing meaning before the oldest. */
const STARTS: Readonly<
  Record<string, (stream: KinesisStream, input: GetShardIteratorInput) => string | undefined>
> = {
  TRIM_HORIZON: () => '',
  LATEST: (stream, { ShardId }) => stream.latestSequenceNumber(ShardId),
  AT_TIMESTAMP: (stream, { ShardId, Timestamp }) => {
    if (!Timestamp)
      throw new AwsError(
        'InvalidArgumentException',
        'Must specify Timestamp parameter for iterator of type AT_TIMESTAMP.',
      );
    return stream.sequenceNumberAt(ShardId, Timestamp.getTime());
  },
  AFTER_SEQUENCE_NUMBER: (stream, input) => digits(startingNumber(stream, input)),
  AT_SEQUENCE_NUMBER: (stream, input) => {
    const text = digits(startingNumber(stream, input));
    return text === '' || indexOf(text) === 0 ? '' : stream.sequenceNumber(input.ShardId, indexOf(text) - 1);
  },
};

/** A number that the shard never gave out is refused, as on AWS; 0 stands for its beginning. */
function startingNumber(stream: KinesisStream, input: GetShardIteratorInput): bigint {
  const { ShardId, ShardIteratorType, StartingSequenceNumber } = input;
  if (StartingSequenceNumber === undefined)
    throw new AwsError(
      'InvalidArgumentException',
      `Must specify StartingSequenceNumber parameter for iterator of type ${ShardIteratorType}.`,
    );
  const number = BigInt(StartingSequenceNumber);
  if (number !== 0n && !isSameShard(digits(number), stream.sequenceNumber(ShardId, 0)))
    throw new AwsError(
      'InvalidArgumentException',
      `StartingSequenceNumber ${StartingSequenceNumber} used in GetShardIterator on shard ${ShardId} in stream ${stream.name} is invalid.`,
    );
  return number;
}

function digits(number: bigint): string {
  return number === 0n ? '' : String(number).padStart(SEQUENCE_DIGITS, '0');
}

function nowMillis(options: KinesisApiOptions): number {
  return (options.nowMillis ?? Date.now)();
}
