import { createHash } from 'node:crypto';
import { LocalError } from '../local-error.ts';
import type { DurableLog } from './durable-log.ts';
import type { RecordBlock } from './record-block.ts';
import { indexOf, sequenceNumberOf } from './sequence-number.ts';
import { StreamShard } from './stream-shard.ts';

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
  readonly shardCount: number;
  readonly retentionHours: number;
  readonly arn?: string;
  readonly nowMillis?: () => number;
}

/**
 * A Kinesis data stream over the durable log: records go to the shard whose hash key range holds the MD5 of their
 * partition key, keep their order within it, and can be read until their retention has passed
 * (Kinesis Data Streams developer guide, key concepts).
 */
export class KinesisStream {
  readonly name: string;
  readonly arn: string;
  readonly shardIds: readonly string[];
  readonly retentionHours: number;
  readonly #shards: readonly StreamShard[];
  readonly #shardOfKey = new Map<string, number>();
  readonly #listeners = new Set<() => void>();

  private constructor(log: DurableLog, options: KinesisStreamOptions) {
    this.name = options.name;
    this.arn = options.arn ?? `arn:aws:kinesis:us-east-1:000000000000:stream/${options.name}`;
    this.retentionHours = options.retentionHours;
    const nowMillis = options.nowMillis ?? Date.now;
    const notify = (): void => {
      for (const listener of this.#listeners) listener();
    };
    this.#shards = Array.from(
      { length: options.shardCount },
      (_, shard) => new StreamShard(log, { stream: this.name, shard, nowMillis, notify }),
    );
    this.shardIds = this.#shards.map((_, shard) => shardId(shard));
  }

  /** @throws LocalError when the folder keeps this stream with another number of shards */
  static open(log: DurableLog, options: KinesisStreamOptions): KinesisStream {
    const key = `stream/${options.name}/shards`;
    const kept = log.readState(key)?.toString();
    if (kept !== undefined && Number(kept) !== options.shardCount) {
      throw new LocalError(
        `Cannot open stream '${options.name}' with ${options.shardCount} shards: the data folder keeps it with ${kept}; use another --data folder`,
      );
    }
    if (kept === undefined) log.writeState(key, Buffer.from(String(options.shardCount)));
    return new KinesisStream(log, options);
  }

  /** Buffers a record for the next group commit; it is durable once the log says so. */
  put(
    partitionKey: string,
    data: Buffer | string,
    explicitHashKey?: string,
  ): { shardId: string; sequenceNumber: string } {
    const shard =
      explicitHashKey === undefined
        ? this.#shardFor(partitionKey)
        : shardOfHash(BigInt(explicitHashKey), this.#shards.length);
    const index = this.#shards[shard]!.append(partitionKey, data);
    return { shardId: this.shardIds[shard]!, sequenceNumber: sequenceNumberOf(shard, index) };
  }

  /** As `put`, for a caller who needs no receipt: nothing but the buffering is done. */
  append(partitionKey: string, data: Buffer | string): void {
    this.#shards[this.#shardFor(partitionKey)]!.append(partitionKey, data);
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

  latestSequenceNumber(id: string): string | undefined {
    const shard = this.#shardNumber(id);
    const { startIndex, endIndex } = this.#shards[shard]!;
    return endIndex > startIndex ? sequenceNumberOf(shard, endIndex - 1) : undefined;
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

  /** Called after records became durable. Returns the way to stop being called. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  hashKeyRange(id: string): { startingHashKey: string; endingHashKey: string } {
    const width = HASH_KEYS / BigInt(this.#shards.length);
    const shard = this.#shardNumber(id);
    const end = shard === this.#shards.length - 1 ? HASH_KEYS : width * BigInt(shard + 1);
    return { startingHashKey: String(width * BigInt(shard)), endingHashKey: String(end - 1n) };
  }

  /** Forgets the records older than the retention. Returns how many. */
  trim(nowMillis: number): number {
    const before = nowMillis - this.retentionHours * 3_600_000;
    return this.#shards.reduce((trimmed, shard) => trimmed + shard.trim(before), 0);
  }

  #shardNumber(id: string): number {
    const shard = this.shardIds.indexOf(id);
    if (shard < 0)
      throw new LocalError(
        `Cannot read shard '${id}': stream '${this.name}' has ${this.shardIds.length} shards`,
      );
    return shard;
  }

  /** MD5 costs more than parsing the message, so the shard of a key is remembered. */
  #shardFor(partitionKey: string): number {
    if (this.#shards.length === 1) return 0;
    let shard = this.#shardOfKey.get(partitionKey);
    if (shard === undefined) {
      shard = shardOfHash(
        BigInt(`0x${createHash('md5').update(partitionKey).digest('hex')}`),
        this.#shards.length,
      );
      if (this.#shardOfKey.size >= MAX_REMEMBERED_KEYS) this.#shardOfKey.clear();
      this.#shardOfKey.set(partitionKey, shard);
    }
    return shard;
  }
}

const HASH_KEYS = 2n ** 128n;
const MAX_REMEMBERED_KEYS = 100_000;

function shardOfHash(hash: bigint, shardCount: number): number {
  const shard = Number(hash / (HASH_KEYS / BigInt(shardCount)));
  return Math.min(shard, shardCount - 1);
}

function shardId(shard: number): string {
  return `shardId-${String(shard).padStart(12, '0')}`;
}

function nextIndex(afterSequenceNumber: string | undefined): number {
  return afterSequenceNumber ? indexOf(afterSequenceNumber) + 1 : 0;
}
