import type { DurableLog } from './durable-log.ts';
import type { RecordBlock } from './record-block.ts';
import { indexOf, sequenceNumberOf } from './sequence-number.ts';
import type { StreamShard } from './stream-shard.ts';
import { StreamTopology } from './stream-topology.ts';

/** One record as a consumer sees it. */
export interface StreamRecord {
  /** 56 digits, fixed width: compare as text, never as a number. */
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Buffer;
  readonly arrivalMillis: number;
}

/** What a reader passes over: sequence numbers, for how many records had them is not always known. */
export interface PassedOver {
  /** Their retention has passed. */
  readonly expired: number;
  /** What the log has of them cannot be read. */
  readonly damaged: number;
  /** Where the reader is behind them. */
  readonly lastSequenceNumber: string;
}

export interface KinesisStreamOptions {
  readonly name: string;
  /** Of a new stream; a stream that is there is resharded to it when it last asked for another. */
  readonly shardCount: number;
  readonly retentionHours: number;
  readonly arn?: string;
  readonly nowMillis?: () => number;
  /** Told in one sentence that the stream is resharded as it is opened. */
  readonly report?: (text: string) => void;
}

/**
 * A Kinesis data stream over the durable log: records go to the shard whose hash key range holds the MD5 of their
 * partition key, keep their order within it, and can be read until their retention has passed
 * (Kinesis Data Streams developer guide, key concepts).
 */
export class KinesisStream {
  readonly name: string;
  readonly arn: string;
  readonly retentionHours: number;
  /** Its shards, which of them came from which, and how to split and merge them. */
  readonly topology: StreamTopology;
  readonly #shards: readonly StreamShard[];
  readonly #listeners = new Set<() => void>();

  private constructor(log: DurableLog, options: KinesisStreamOptions) {
    this.name = options.name;
    this.arn = options.arn ?? `arn:aws:kinesis:us-east-1:000000000000:stream/${options.name}`;
    this.retentionHours = options.retentionHours;
    const { name: stream, shardCount, retentionHours, nowMillis = Date.now, report = () => {} } = options;
    const notify = (): void => {
      for (const listener of this.#listeners) listener();
    };
    const retentionMillis = retentionHours * 3_600_000;
    this.topology = StreamTopology.open(log, {
      stream,
      shardCount,
      retentionMillis,
      nowMillis,
      notify,
      report,
    });
    this.#shards = this.topology.shards;
  }

  /**
   * Opens the stream as the log keeps it. Where it was last asked for another number of shards it is resharded, as a deploy
   * does it that changes the template (AWS::Kinesis::Stream, ShardCount), however far; what was resharded by hand stays.
   */
  static open(log: DurableLog, options: KinesisStreamOptions): KinesisStream {
    return new KinesisStream(log, options);
  }

  /** The shards that can be read: open ones, and closed ones until the retention of their records has passed. */
  get shardIds(): readonly string[] {
    return this.topology.shardIds;
  }

  /** Is the shard closed, and nothing of it behind the position? */
  isReadOut(id: string, afterSequenceNumber: string | undefined): boolean {
    const { closed } = this.topology.shard(id);
    return (
      closed !== undefined && this.topology.isDurable && nextIndex(afterSequenceNumber) >= closed.endIndex
    );
  }

  /** Of a closed shard: not smaller than any of its records'. */
  endingSequenceNumber(id: string): string | undefined {
    const { number, closed } = this.topology.shard(id);
    return closed && sequenceNumberOf(number, closed.endIndex);
  }

  /** Buffers a record for the next group commit; it is durable once the log says so. */
  put(
    partitionKey: string,
    data: Buffer | string,
    explicitHashKey?: string,
  ): { shardId: string; sequenceNumber: string } {
    const shard =
      explicitHashKey === undefined
        ? this.topology.numberFor(partitionKey)
        : this.topology.numberAt(BigInt(explicitHashKey));
    const index = this.#shards[shard]!.append(partitionKey, data);
    return { shardId: this.topology.everyShardId[shard]!, sequenceNumber: sequenceNumberOf(shard, index) };
  }

  /** As `put`, for a caller who needs no receipt: nothing but the buffering is done. */
  append(partitionKey: string, data: Buffer | string): void {
    this.#shards[this.topology.numberFor(partitionKey)]!.append(partitionKey, data);
  }

  /**
   * Durable records after a sequence number; from the oldest kept when there is none. They come up to the next place where
   * records are missing, so that whoever counts finds it before the first record of a read: {@link passedOver}.
   */
  read(
    id: string,
    afterSequenceNumber: string | undefined,
    limits: { maxRecords: number; maxBytes?: number },
  ): StreamRecord[] {
    const shard = this.#shardNumber(id);
    const records: StreamRecord[] = [];
    let bytes = 0;
    let next = 0;
    for (const { block, position } of this.#shards[shard]!.positions(nextIndex(afterSequenceNumber))) {
      const data = block.data(position);
      const index = block.firstIndex + position;
      bytes += data.length;
      if (
        records.length >= limits.maxRecords ||
        (records.length > 0 && (index !== next || bytes > (limits.maxBytes ?? Infinity)))
      )
        break;
      next = index + 1;
      records.push({
        sequenceNumber: sequenceNumberOf(shard, index),
        partitionKey: block.partitionKey(position),
        data,
        arrivalMillis: block.arrivalMillis(position),
      });
    }
    return records;
  }

  /**
   * What lies between a reader's position and the record that it can read next, or, when there is none, the end of what is
   * durable. Undefined when nothing does. @param next index of that record
   */
  passedOver(
    id: string,
    afterSequenceNumber: string | undefined,
    next: number | undefined,
  ): PassedOver | undefined {
    const shard = this.#shardNumber(id);
    const { startIndex, endIndex } = this.#shards[shard]!;
    const from = nextIndex(afterSequenceNumber);
    const to = next ?? endIndex;
    if (to <= from) return undefined;
    const expired = Math.min(Math.max(startIndex - from, 0), to - from);
    return { expired, damaged: to - from - expired, lastSequenceNumber: sequenceNumberOf(shard, to - 1) };
  }

  /** The block that holds the first durable record after a sequence number, for readers that decode in bulk. */
  readBlock(
    id: string,
    afterSequenceNumber: string | undefined,
  ): { block: RecordBlock; position: number } | undefined {
    return this.#shards[this.#shardNumber(id)]!.blockAt(nextIndex(afterSequenceNumber));
  }

  /** The sequence number of the record at an index of a shard. */
  sequenceNumber(id: string, index: number): string {
    return sequenceNumberOf(this.#shardNumber(id), index);
  }

  /** The sequence number of a block's last record. */
  lastSequenceNumber(id: string, block: RecordBlock): string {
    return sequenceNumberOf(this.#shardNumber(id), block.endIndex - 1);
  }

  /** Of the newest durable record of a shard, kept or not; undefined when it never had one. */
  latestSequenceNumber(id: string): string | undefined {
    const shard = this.#shardNumber(id);
    const { endIndex } = this.#shards[shard]!;
    return endIndex > 0 ? sequenceNumberOf(shard, endIndex - 1) : undefined;
  }

  oldestSequenceNumber(id: string): string | undefined {
    const shard = this.#shardNumber(id);
    const { startIndex, endIndex } = this.#shards[shard]!;
    return endIndex > startIndex ? sequenceNumberOf(shard, startIndex) : undefined;
  }

  /** The last record that arrived before an instant; undefined when there is none. */
  sequenceNumberAt(id: string, timestampMillis: number): string | undefined {
    const shard = this.#shardNumber(id);
    const index = this.#shards[shard]!.indexAt(timestampMillis) - 1;
    return index < this.#shards[shard]!.startIndex ? undefined : sequenceNumberOf(shard, index);
  }

  /** How many durable records a reader at this position has still to read, and when the first of them arrived. */
  backlog(
    id: string,
    afterSequenceNumber: string | undefined,
  ): { records: number; oldestArrivalMillis?: number } {
    const shard = this.#shards[this.#shardNumber(id)]!;
    const from = Math.max(nextIndex(afterSequenceNumber), shard.startIndex);
    if (from >= shard.endIndex) return { records: 0 };
    const first = shard.blockAt(from);
    const records = shard.endIndex - from;
    // Nothing that can be read waits; the reader has still to pass over it.
    if (!first) return { records };
    return { records, oldestArrivalMillis: first.block.arrivalMillis(first.position) };
  }

  /** When the oldest record of a shard, or of all, arrived that readers cannot see yet; Infinity when there is none. */
  oldestUnwrittenMillis(id?: string): number {
    if (id !== undefined) return this.#shards[this.#shardNumber(id)]!.oldestUnwrittenMillis;
    return Math.min(...this.#shards.map((shard) => shard.oldestUnwrittenMillis));
  }

  /** How many records a reader at this position can no longer read: their retention has passed. */
  missed(id: string, afterSequenceNumber: string | undefined): number {
    const { startIndex } = this.#shards[this.#shardNumber(id)]!;
    return Math.max(0, startIndex - nextIndex(afterSequenceNumber));
  }

  /** The position of a reader that has still to read the oldest record kept; undefined when that is the first of all. */
  beforeOldest(id: string): string | undefined {
    const shard = this.#shardNumber(id);
    const { startIndex } = this.#shards[shard]!;
    return startIndex === 0 ? undefined : sequenceNumberOf(shard, startIndex - 1);
  }

  /** When the newest record arrived, by the clock of the time; 0 when there is none. */
  get latestArrivalMillis(): number {
    return Math.max(...this.#shards.map((shard) => shard.lastArrivalMillis));
  }

  /** As `recordCount`, with those that wait for their commit. */
  get appendedCount(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.appendedIndex, 0);
  }

  /** How many records were ever put on the stream. */
  get recordCount(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.endIndex, 0);
  }

  /** Called after records became durable, the shards have changed, or what is kept of a closed one has. Returns the way to stop being called. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  hashKeyRange(id: string): { startingHashKey: string; endingHashKey: string } {
    const { startingHashKey, endingHashKey } = this.topology.shard(id);
    return { startingHashKey: String(startingHashKey), endingHashKey: String(endingHashKey) };
  }

  /** Forgets the records older than the retention, and closed shards that have none left. Returns how many records. */
  trim(nowMillis: number): number {
    return this.topology.trim(nowMillis);
  }

  #shardNumber(id: string): number {
    return this.topology.numberOf(id);
  }
}

function nextIndex(afterSequenceNumber: string | undefined): number {
  return afterSequenceNumber ? indexOf(afterSequenceNumber) + 1 : 0;
}
