import { createHash } from 'node:crypto';
import { LocalError } from '../local-error.ts';
import type { DurableLog } from './durable-log.ts';
import { readTopology, writeTopology } from './kept-topology.ts';
import { type Closing, ReshardError, type Shard, ShardTopology, shardIdOf } from './shard-topology.ts';
import { StreamShard } from './stream-shard.ts';

export interface StreamTopologyOptions {
  readonly stream: string;
  /** Of a new stream; a stream that was last asked for another number is resharded to it. */
  readonly shardCount: number;
  readonly retentionMillis: number;
  readonly nowMillis: () => number;
  /** Called when records became durable, and when the shards have changed. */
  readonly notify: () => void;
  readonly report: (text: string) => void;
}

/**
 * The shards of one stream over the log: which there are, where a key's records go, and how they are split and merged.
 * Resharding is done with the next commit, together with the records that were put before; what is put from then on goes to
 * the new shards. The stream is never anything but active, where AWS says UPDATING for some seconds.
 */
export class StreamTopology {
  readonly #log: DurableLog;
  readonly #options: StreamTopologyOptions;
  #askedShards: number;
  #topology: ShardTopology;
  /** By number, closed ones included. */
  readonly shards: StreamShard[] = [];
  #everyShardId: readonly string[] = [];
  #shardIds: readonly string[] = [];
  readonly #numberOf = new Map<string, number>();
  /** Number of the only open shard; undefined when there are several. */
  #onlyOpen: number | undefined;
  readonly #shardOfKey = new Map<string, number>();
  #isDurable = true;

  private constructor(log: DurableLog, options: StreamTopologyOptions) {
    this.#log = log;
    this.#options = options;
    const { stream, shardCount } = options;
    const kept = readTopology(log, stream);
    this.#askedShards = kept?.askedShards ?? shardCount;
    this.#topology = kept?.topology ?? ShardTopology.uniform(shardCount);
    if (!kept) this.#write();
    this.#adopt();
  }

  static open(log: DurableLog, options: StreamTopologyOptions): StreamTopology {
    const topology = new StreamTopology(log, options);
    topology.#ask(options.shardCount);
    return topology;
  }

  /** Ids of the shards that can be read: open ones, and closed ones until the retention of their records has passed. */
  get shardIds(): readonly string[] {
    return this.#shardIds;
  }

  /** Ids of all that the stream ever had, in the order in which they came: parents before their children. */
  get everyShardId(): readonly string[] {
    return this.#everyShardId;
  }

  /** In the order of their hash keys. */
  get open(): readonly Shard[] {
    return this.#topology.open;
  }

  /** Whether what was split and merged is on the disk: until then nobody is told where a closed shard goes on. */
  get isDurable(): boolean {
    return this.#isDurable;
  }

  /** @throws LocalError */
  shard(id: string): Shard {
    return this.#topology.shards[this.numberOf(id)]!;
  }

  /** @throws LocalError */
  numberOf(id: string): number {
    const number = this.#numberOf.get(id);
    if (number === undefined)
      throw new LocalError(
        `Cannot read shard '${id}': stream '${this.#options.stream}' has ${this.#shardIds.length} shards`,
      );
    return number;
  }

  parentIds(id: string): readonly string[] {
    return this.shard(id).parents.map(shardIdOf);
  }

  /** What a closed shard was split or merged into. */
  childIds(id: string): readonly string[] {
    return this.#topology.childrenOf(this.numberOf(id)).map(({ number }) => shardIdOf(number));
  }

  /** Of the shards that can be read, those that the records of a key may lie in, the oldest first. */
  idsFor(partitionKey: string): readonly string[] {
    const hashKey = hashKeyOf(partitionKey);
    return this.#shardIds.filter((id) => {
      const { startingHashKey, endingHashKey } = this.shard(id);
      return startingHashKey <= hashKey && hashKey <= endingHashKey;
    });
  }

  /** Number of the open shard of a hash key. */
  numberAt(hashKey: bigint): number {
    return this.#topology.at(hashKey).number;
  }

  /** Number of the open shard of a key. MD5 costs more than parsing the message, so it is remembered. */
  numberFor(partitionKey: string): number {
    if (this.#onlyOpen !== undefined) return this.#onlyOpen;
    let shard = this.#shardOfKey.get(partitionKey);
    if (shard === undefined) {
      shard = this.numberAt(hashKeyOf(partitionKey));
      if (this.#shardOfKey.size >= MAX_REMEMBERED_KEYS) this.#shardOfKey.clear();
      this.#shardOfKey.set(partitionKey, shard);
    }
    return shard;
  }

  /** Puts two shards in the place of one. @throws ReshardError */
  split(id: string, newStartingHashKey: bigint): void {
    const shard = this.#listed(id);
    this.#reshard((topology, closing) => topology.split(shard, newStartingHashKey, closing));
  }

  /** Puts one shard in the place of two. @throws ReshardError */
  merge(id: string, adjacentId: string): void {
    const [shard, adjacent] = [this.#listed(id), this.#listed(adjacentId)];
    this.#reshard((topology, closing) => topology.merge(shard, adjacent, closing));
  }

  /** Splits and merges until so many shards of equal width are open. @throws ReshardError */
  scale(count: number): void {
    this.#reshard((topology, closing) => topology.scale(count, closing));
  }

  /** Forgets the records older than the retention, and closed shards that have none left. Returns how many records. */
  trim(nowMillis: number): number {
    const before = nowMillis - this.#options.retentionMillis;
    const trimmed = this.shards.reduce((sum, shard) => sum + shard.trim(before), 0);
    const isOfClosed = this.#shardIds.length > this.#topology.open.length;
    this.#list(nowMillis);
    // Readers behind would otherwise hear of it with the next record only, which goes elsewhere.
    if (isOfClosed) this.#options.notify();
    return trimmed;
  }

  #ask(shardCount: number): void {
    if (this.#askedShards === shardCount) return;
    this.#askedShards = shardCount;
    const { stream, report } = this.#options;
    report(
      `Stream '${stream}' is resharded from ${this.open.length} to ${shardCount} shards: the template asks for it`,
    );
    this.#reshard((topology, closing) => topology.scaleFreely(shardCount, closing));
  }

  #reshard(change: (topology: ShardTopology, closing: Closing) => ShardTopology): void {
    // A child's records never arrive before its parents'.
    const newest = this.shards.map(({ lastArrivalMillis }) => lastArrivalMillis);
    const nowMillis = Math.max(this.#options.nowMillis(), ...newest);
    const endIndexOf = (shard: number): number => this.shards[shard]?.appendedIndex ?? 0;
    this.#topology = change(this.#topology, { nowMillis, endIndexOf });
    this.#write();
    this.#adopt();
    this.#isDurable = false;
    this.#log.whenDurable(() => {
      this.#isDurable = true;
      this.#options.notify();
    });
  }

  #write(): void {
    const kept = { askedShards: this.#askedShards, topology: this.#topology };
    writeTopology(this.#log, this.#options.stream, kept);
  }

  #adopt(): void {
    const { stream, nowMillis, notify } = this.#options;
    const { shards, open } = this.#topology;
    for (const { number: shard, createdMillis: notBeforeMillis, closed } of shards) {
      const closedIndex = closed?.endIndex;
      if (closed) this.shards[shard]?.close();
      const options = { stream, shard, nowMillis, notBeforeMillis, closedIndex, notify };
      this.shards[shard] ??= new StreamShard(this.#log, options);
    }
    this.#everyShardId = shards.map(({ number }) => shardIdOf(number));
    for (const [number, id] of this.#everyShardId.entries()) this.#numberOf.set(id, number);
    this.#onlyOpen = open.length === 1 ? open[0]!.number : undefined;
    this.#shardOfKey.clear();
    this.#list(nowMillis());
  }

  #list(nowMillis: number): void {
    const before = nowMillis - this.#options.retentionMillis;
    const isKept = ({ number, closed }: Shard): boolean =>
      !closed || this.shards[number]!.startIndex < closed.endIndex || closed.millis >= before;
    this.#shardIds = this.#topology.shards.filter(isKept).map(({ number }) => shardIdOf(number));
  }

  /** Number of a shard that can be read. */
  #listed(id: string): number {
    if (this.#shardIds.includes(id)) return this.numberOf(id);
    throw new ReshardError(
      'ResourceNotFoundException',
      `Cannot find shard '${id}': stream '${this.#options.stream}' has ${this.#shardIds.length} shards`,
    );
  }
}

const MAX_REMEMBERED_KEYS = 100_000;

function hashKeyOf(partitionKey: string): bigint {
  return BigInt(`0x${createHash('md5').update(partitionKey).digest('hex')}`);
}
