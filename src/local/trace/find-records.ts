import type { KinesisStream, StreamRecord } from '../log/kinesis-stream.ts';
import type { BlockPosition } from '../log/record-block.ts';
import { indexOf } from '../log/sequence-number.ts';
import type { TimeSlice } from './time-slice.ts';

/** A record and the shard that holds it. */
export interface FoundRecord extends StreamRecord {
  readonly shardId: string;
}

export interface RecordSearch {
  readonly partitionKey: string;
  /** The records that arrived in [fromMillis, toMillis] are looked at. */
  readonly fromMillis: number;
  readonly toMillis: number;
  readonly isWanted: (data: Buffer) => boolean;
  /** Stops after so many; all that are looked at when not given. */
  readonly most?: number;
}

/** So much of a shard is looked at for one search. */
const MAX_RECORDS_LOOKED_AT = 50_000;

/**
 * Finds durable records by key, arrival and content: the place by bisection over the blocks, then record by record. Where
 * the stream was resharded the closed shards of the key come first.
 */
export async function findRecords(
  stream: KinesisStream,
  search: RecordSearch,
  slice: TimeSlice,
): Promise<FoundRecord[]> {
  const found: FoundRecord[] = [];
  for (const shardId of stream.topology.idsFor(search.partitionKey)) {
    await findInShard(stream, shardId, search, slice, found);
    if (found.length >= (search.most ?? Infinity)) break;
  }
  return found.slice(0, search.most);
}

async function findInShard(
  stream: KinesisStream,
  shardId: string,
  search: RecordSearch,
  slice: TimeSlice,
  found: FoundRecord[],
): Promise<void> {
  let after = sequenceNumberBefore(stream, shardId, firstIndexAt(stream, shardId, search.fromMillis));
  for (let looked = 0; looked < MAX_RECORDS_LOOKED_AT; ) {
    const at = stream.readBlock(shardId, after);
    if (!at) break;
    const isOver = lookThrough(at, search, (position) =>
      found.push(recordAt(stream, shardId, at.block, position)),
    );
    if (isOver || found.length >= (search.most ?? Infinity)) break;
    looked += at.block.count - at.position;
    after = stream.lastSequenceNumber(shardId, at.block);
    await slice.pause();
  }
}

/** When the oldest record that a key's shards still have arrived; undefined when they have none. */
export function oldestArrivalMillis(stream: KinesisStream, partitionKey: string): number | undefined {
  for (const shardId of stream.topology.idsFor(partitionKey)) {
    const { oldestArrivalMillis: oldest } = stream.backlog(shardId, undefined);
    if (oldest !== undefined) return oldest;
  }
  return undefined;
}

/** Returns whether the records after the block came too late. */
function lookThrough(
  { block, position }: BlockPosition,
  { partitionKey, fromMillis, toMillis, isWanted }: RecordSearch,
  take: (position: number) => void,
): boolean {
  for (let at = position; at < block.count; at += 1) {
    const arrivalMillis = block.arrivalMillis(at);
    if (arrivalMillis > toMillis) return true;
    if (arrivalMillis >= fromMillis && block.partitionKey(at) === partitionKey && isWanted(block.data(at)))
      take(at);
  }
  return false;
}

function recordAt(
  stream: KinesisStream,
  shardId: string,
  block: BlockPosition['block'],
  position: number,
): FoundRecord {
  return {
    shardId,
    sequenceNumber: stream.sequenceNumber(shardId, block.firstIndex + position),
    partitionKey: block.partitionKey(position),
    data: Buffer.from(block.data(position)),
    arrivalMillis: block.arrivalMillis(position),
  };
}

/** Arrival times never go back within a shard, so the first record of an instant is found by halving. */
function firstIndexAt(stream: KinesisStream, shardId: string, millis: number): number {
  const oldest = stream.oldestSequenceNumber(shardId);
  const latest = stream.latestSequenceNumber(shardId);
  if (oldest === undefined || latest === undefined) return 0;
  let low = indexOf(oldest);
  let high = indexOf(latest) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const block = stream.readBlock(shardId, sequenceNumberBefore(stream, shardId, middle))?.block;
    // Nothing behind the middle can be read.
    if (!block) high = middle;
    else if (block.arrivalMillis(block.count - 1) < millis) low = block.endIndex;
    else if (block.arrivalMillis(0) >= millis) high = Math.max(low, Math.min(middle, block.firstIndex));
    else return Math.max(low, block.firstIndex);
  }
  return low;
}

function sequenceNumberBefore(stream: KinesisStream, shardId: string, index: number): string | undefined {
  return index <= 0 ? undefined : stream.sequenceNumber(shardId, index - 1);
}
