import { CorruptDataError } from '../local-error.ts';
import type { CommitParticipant, DurableLog } from './durable-log.ts';
import type { BlockKey, KeptBlock } from './log-storage.ts';
import { indexBehind, MAX_BLOCK_RECORDS, type PendingRecord, RecordBlock } from './record-block.ts';

export interface StreamShardOptions {
  readonly stream: string;
  readonly shard: number;
  readonly nowMillis: () => number;
  /** No record of the shard arrives earlier. */
  readonly notBeforeMillis?: number;
  /** Of a closed shard: index of its last record plus one. */
  readonly closedIndex?: number | undefined;
  /** Called after records became durable. */
  readonly notify: () => void;
}

/** One shard: an ordered run of records, buffered, then durable as blocks; the newest blocks stay in memory for readers. */
export class StreamShard implements CommitParticipant {
  readonly #log: DurableLog;
  readonly #options: StreamShardOptions;
  /** Names the state that says where its records end: it joins each commit, so it is known also of a block that cannot be read. */
  readonly #endKey: string;
  #pending: PendingRecord[] = [];
  #preparing: readonly RecordBlock[] = [];
  #tail: RecordBlock[] = [];
  #tailBytes = 0;
  #nextIndex: number;
  #lastArrivalMillis = 0;
  /** Index of the oldest record kept. */
  startIndex: number;
  /** Index of the newest durable record plus one. */
  endIndex: number;
  #closedIndex: number | undefined;

  constructor(log: DurableLog, options: StreamShardOptions) {
    this.#log = log;
    this.#options = options;
    const { stream, shard } = options;
    this.#endKey = `end/${stream}/${shard}`;
    const newest = log.readBlock(stream, shard, Number.MAX_SAFE_INTEGER);
    this.#closedIndex = options.closedIndex;
    this.endIndex = options.closedIndex ?? this.#endOf(newest);
    this.startIndex = log.nextBlock(stream, shard, 0)?.firstIndex ?? this.endIndex;
    this.#nextIndex = this.endIndex;
    this.#lastArrivalMillis = options.notBeforeMillis ?? 0;
    const readable = this.#readableUpTo(newest);
    if (readable) this.#lastArrivalMillis = readable.arrivalMillis(readable.count - 1);
  }

  /** Buffers a record and returns its index. Arrival times never go back within a shard. */
  append(partitionKey: string, data: Buffer | string): number {
    const arrivalMillis = Math.max(this.#options.nowMillis(), this.#lastArrivalMillis);
    this.#lastArrivalMillis = arrivalMillis;
    if (this.#pending.push({ partitionKey, data, arrivalMillis }) === 1) this.#log.enlist(this);
    this.#nextIndex += 1;
    return this.#nextIndex - 1;
  }

  get lastArrivalMillis(): number {
    return this.#lastArrivalMillis;
  }

  /** Index of the next record to be buffered. */
  get appendedIndex(): number {
    return this.#nextIndex;
  }

  /** No record comes after the ones that were appended. */
  close(): void {
    this.#closedIndex = this.#nextIndex;
  }

  prepare(
    put: (key: BlockKey, value: Uint8Array) => void,
    putState: (key: string, value: Uint8Array) => void,
  ): void {
    const pending = this.#pending;
    this.#pending = [];
    const blocks: RecordBlock[] = [];
    for (let at = 0; at < pending.length; at += MAX_BLOCK_RECORDS) {
      const records =
        pending.length > MAX_BLOCK_RECORDS ? pending.slice(at, at + MAX_BLOCK_RECORDS) : pending;
      blocks.push(RecordBlock.encode(this.endIndex + at, records));
    }
    this.#preparing = blocks;
    for (const { firstIndex, bytes } of blocks)
      put([this.#options.stream, this.#options.shard, firstIndex], bytes);
    putState(this.#endKey, Buffer.from(String(blocks.at(-1)!.endIndex)));
  }

  committed(): void {
    for (const block of this.#preparing) {
      this.endIndex = block.endIndex;
      this.#tail.push(block);
      this.#tailBytes += block.bytes.length + BLOCK_OVERHEAD_BYTES;
    }
    this.#preparing = [];
    while (this.#tailBytes > MAX_TAIL_BYTES && this.#tail.length > 1) {
      this.#tailBytes -= this.#tail.shift()!.bytes.length + BLOCK_OVERHEAD_BYTES;
    }
    this.#options.notify();
  }

  /** When the oldest record arrived that is still on its way to the disk; Infinity when there is none. */
  get oldestUnwrittenMillis(): number {
    return this.#preparing[0]?.arrivalMillis(0) ?? this.#pending[0]?.arrivalMillis ?? Infinity;
  }

  /** Every durable record from `index` on. */
  *positions(index: number): Generator<{ block: RecordBlock; position: number }> {
    let at = index;
    for (let found = this.blockAt(at); found; found = this.blockAt(at)) {
      for (let { position } = found; position < found.block.count; position += 1) {
        yield { block: found.block, position };
      }
      at = found.block.endIndex;
    }
  }

  /** The block with the first durable record at or after `index`, and that record's place in it. */
  blockAt(index: number): { block: RecordBlock; position: number } | undefined {
    const wanted = Math.max(index, this.startIndex);
    if (wanted >= this.endIndex) return undefined;
    const block = this.#inTail(wanted) ?? this.#kept(wanted);
    return block && { block, position: Math.max(0, wanted - block.firstIndex) };
  }

  /** Index of the first record that arrived at or after an instant. */
  indexAt(timestampMillis: number): number {
    for (const { block, position } of this.positions(this.startIndex)) {
      if (block.arrivalMillis(position) >= timestampMillis) return block.firstIndex + position;
    }
    return this.endIndex;
  }

  /** Forgets whole blocks whose newest record arrived before an instant, but of an open shard never the last block, which keeps the count. */
  trim(beforeMillis: number): number {
    const { stream, shard } = this.#options;
    const from = this.startIndex;
    for (let kept = this.#log.nextBlock(stream, shard, from); kept; ) {
      const { firstIndex } = kept;
      if (!this.#isBefore(kept, beforeMillis)) break;
      kept = this.#log.nextBlock(stream, shard, firstIndex + 1);
      if (!kept && this.endIndex !== this.#closedIndex) break;
      this.#log.removeBlock([stream, shard, firstIndex]);
      this.startIndex = kept?.firstIndex ?? this.endIndex;
    }
    if (this.startIndex === this.endIndex) this.#tail = [];
    return this.startIndex - from;
  }

  /** Whether all of a block arrived before an instant; of a damaged one the next that can be read tells. */
  #isBefore(kept: KeptBlock, millis: number): boolean {
    const block = this.#whole(kept);
    if (block) return block.arrivalMillis(block.count - 1) < millis;
    const behind = this.#kept(kept.firstIndex + 1);
    return (behind?.arrivalMillis(0) ?? this.#lastArrivalMillis) < millis;
  }

  /**
   * Where the records end. Folders of before do not keep it, and it may be damaged itself; then the newest block tells, and
   * behind one that cannot be read it is so far that no sequence number is given twice.
   */
  #endOf(newest: KeptBlock | undefined): number {
    const kept = this.#log.readCheckpoint(this.#endKey, 'the newest block of the shard says it as well');
    const known = kept === undefined || kept === 'damaged' ? undefined : Number(kept.toString());
    const block = this.#whole(newest);
    if (known !== undefined || !newest) return Math.max(known ?? 0, block?.endIndex ?? 0);
    return block?.endIndex ?? indexBehind(newest.firstIndex, newest.bytes);
  }

  #readableUpTo(newest: KeptBlock | undefined): RecordBlock | undefined {
    const { stream, shard } = this.#options;
    for (let kept = newest; kept; kept = this.#log.readBlock(stream, shard, kept.firstIndex - 1)) {
      const block = this.#whole(kept);
      if (block) return block;
    }
    return undefined;
  }

  #inTail(index: number): RecordBlock | undefined {
    if (!this.#tail.length || index < this.#tail[0]!.firstIndex) return undefined;
    let low = 0;
    let high = this.#tail.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#tail[middle]!.firstIndex <= index) low = middle;
      else high = middle - 1;
    }
    return this.#tail[low];
  }

  /** The block that holds `index`, or where there is none (it was trimmed, or is damaged) the next one kept. */
  #kept(index: number): RecordBlock | undefined {
    const { stream, shard } = this.#options;
    const floor = this.#whole(this.#log.readBlock(stream, shard, index));
    if (floor && floor.endIndex > index) return floor;
    for (let at = index; ; ) {
      const kept = this.#log.nextBlock(stream, shard, at);
      const block = this.#whole(kept);
      if (block || !kept) return block;
      at = kept.firstIndex + 1;
    }
  }

  /** Undefined for a damaged block too: it is told of, its bytes are kept aside, and it stays until its retention has passed. */
  #whole(kept: KeptBlock | undefined): RecordBlock | undefined {
    try {
      return kept && RecordBlock.decode(kept.firstIndex, kept.bytes);
    } catch (error) {
      if (!(error instanceof CorruptDataError)) throw error;
      const { stream, shard } = this.#options;
      this.#log.reportDamage({
        place: `${stream}/${shard}/${kept!.firstIndex}`,
        bytes: kept!.bytes,
        problem: `Stream '${stream}', shard ${shard}: ${error.message}`,
        remedy: 'whoever has still to read its records passes over them and counts them as damaged',
      });
      return undefined;
    }
  }
}

/** What of the newest records is kept in memory for readers that keep up. */
const MAX_TAIL_BYTES = 4 * 1024 * 1024;
/** What a block costs besides its bytes; at a low rate a block is one record. */
const BLOCK_OVERHEAD_BYTES = 1024;
