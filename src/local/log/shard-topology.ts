import { LocalError } from '../local-error.ts';

/** One shard of a stream, open or closed. */
export interface Shard {
  /** Counts on over the life of the stream, as its id does. */
  readonly number: number;
  readonly startingHashKey: bigint;
  /** The last one that belongs to it. */
  readonly endingHashKey: bigint;
  /** Numbers of the shards that it came from: none, the one that was split, or the two that were merged. */
  readonly parents: readonly number[];
  /** No record of it arrived earlier, and none of its parents later. 0 for the first ones. */
  readonly createdMillis: number;
  /** Index of its last record plus one, and when it was closed; undefined while it is open. */
  readonly closed?: { readonly endIndex: number; readonly millis: number } | undefined;
}

/** Where the shards that close now end. */
export interface Closing {
  readonly nowMillis: number;
  /** Index of the shard's next record. */
  readonly endIndexOf: (shard: number) => number;
}

/** Why a stream cannot be resharded as asked, with the name of the error that AWS answers. */
export class ReshardError extends LocalError {
  override name = 'ReshardError';
  readonly awsName: 'ResourceNotFoundException' | 'InvalidArgumentException' | 'LimitExceededException';

  constructor(awsName: ReshardError['awsName'], message: string) {
    super(message);
    this.awsName = awsName;
  }
}

/**
 * The shards that a stream has and had, and which came from which (Kinesis Data Streams developer guide, "Resharding a
 * stream"). The open ones cover every hash key exactly once. A value: splitting and merging give another one.
 */
export class ShardTopology {
  /** By number, closed ones included. */
  readonly shards: readonly Shard[];
  /** In the order of their hash keys. */
  readonly open: readonly Shard[];
  readonly #children: ReadonlyMap<number, readonly Shard[]>;

  constructor(shards: readonly Shard[]) {
    this.shards = shards;
    this.open = shards
      .filter(({ closed }) => !closed)
      .sort((a, b) => (a.startingHashKey < b.startingHashKey ? -1 : 1));
    const children = new Map<number, Shard[]>();
    for (const shard of shards)
      for (const parent of shard.parents) children.set(parent, [...(children.get(parent) ?? []), shard]);
    this.#children = children;
  }

  /** A stream that was never resharded: ranges of equal width. */
  static uniform(count: number): ShardTopology {
    const starts = [0n, ...boundariesOf(count), HASH_KEYS];
    const shards = Array.from({ length: count }, (_, number) => ({
      number,
      startingHashKey: starts[number]!,
      endingHashKey: starts[number + 1]! - 1n,
      parents: [],
      createdMillis: 0,
    }));
    return new ShardTopology(shards);
  }

  /** The open shard of a hash key. */
  at(hashKey: bigint): Shard {
    let low = 0;
    let high = this.open.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.open[middle]!.startingHashKey <= hashKey) low = middle;
      else high = middle - 1;
    }
    return this.open[low]!;
  }

  /** What a closed shard was split or merged into; none of an open one. */
  childrenOf(number: number): readonly Shard[] {
    return this.#children.get(number) ?? [];
  }

  /**
   * Closes a shard; two take its place, the second one from `hashKey` on (Kinesis API reference, SplitShard).
   * @throws ReshardError
   */
  split(number: number, hashKey: bigint, closing: Closing): ShardTopology {
    const { startingHashKey, endingHashKey } = this.#openShard(number);
    if (hashKey <= startingHashKey + 1n || hashKey >= endingHashKey)
      throw new ReshardError(
        'InvalidArgumentException',
        `Cannot split shard '${shardIdOf(number)}' at ${hashKey}: the hash key must be greater than ${startingHashKey + 1n} and less than ${endingHashKey}`,
      );
    return this.#divide(number, hashKey, closing);
  }

  /**
   * Closes two shards that lie side by side; one takes their place (Kinesis API reference, MergeShards).
   * @throws ReshardError
   */
  merge(number: number, adjacent: number, closing: Closing): ShardTopology {
    const shards = [this.#openShard(number), this.#openShard(adjacent)];
    const [first, second] = shards.sort((a, b) => (a.startingHashKey < b.startingHashKey ? -1 : 1));
    if (first!.endingHashKey + 1n !== second!.startingHashKey)
      throw new ReshardError(
        'InvalidArgumentException',
        `Cannot merge shards '${shardIdOf(number)}' and '${shardIdOf(adjacent)}': their hash key ranges are not adjacent`,
      );
    const { startingHashKey } = first!;
    const { endingHashKey } = second!;
    return this.#replace([number, adjacent], [{ startingHashKey, endingHashKey }], closing);
  }

  /**
   * Splits and merges until `count` shards of equal width are open (Kinesis API reference, UpdateShardCount, uniform scaling).
   * @throws ReshardError when that is more than double, or less than half, of what is open
   */
  scale(count: number, closing: Closing): ShardTopology {
    const open = this.open.length;
    if (count > 2 * open || 2 * count < open)
      throw new ReshardError(
        'LimitExceededException',
        `Cannot scale ${open} open shards to ${count}: at most to ${2 * open}, at least to ${Math.ceil(open / 2)} at once`,
      );
    return this.scaleFreely(count, closing);
  }

  /** As `scale`, by however much. */
  scaleFreely(count: number, closing: Closing): ShardTopology {
    const boundaries = boundariesOf(count);
    const split = this.open.reduce<ShardTopology>((topology, shard) => {
      const inside = boundaries.filter((key) => key > shard.startingHashKey && key <= shard.endingHashKey);
      return topology.#divideAt(shard.number, inside, closing);
    }, this);
    const ends = [...boundaries, HASH_KEYS];
    return ends.reduce((topology, end, at) => topology.#gather(ends[at - 1] ?? 0n, end, closing), split);
  }

  /** The middle one first, so that few shards live for a moment only. */
  #divideAt(number: number, hashKeys: readonly bigint[], closing: Closing): ShardTopology {
    const middle = hashKeys.length >> 1;
    const hashKey = hashKeys[middle];
    if (hashKey === undefined) return this;
    const divided = this.#divide(number, hashKey, closing);
    const [left, right] = divided.childrenOf(number);
    return divided
      .#divideAt(left!.number, hashKeys.slice(0, middle), closing)
      .#divideAt(right!.number, hashKeys.slice(middle + 1), closing);
  }

  /** Makes one shard of those that lie in [start, end). */
  #gather(start: bigint, end: bigint, closing: Closing): ShardTopology {
    const [first, second] = this.open.filter(
      (shard) => shard.startingHashKey >= start && shard.endingHashKey < end,
    );
    if (!first || !second) return this;
    return this.merge(first.number, second.number, closing).#gather(start, end, closing);
  }

  #divide(number: number, hashKey: bigint, closing: Closing): ShardTopology {
    const { startingHashKey, endingHashKey } = this.#openShard(number);
    const ranges = [
      { startingHashKey, endingHashKey: hashKey - 1n },
      { startingHashKey: hashKey, endingHashKey },
    ];
    return this.#replace([number], ranges, closing);
  }

  #replace(
    parents: readonly number[],
    ranges: readonly Pick<Shard, 'startingHashKey' | 'endingHashKey'>[],
    { nowMillis, endIndexOf }: Closing,
  ): ShardTopology {
    const shards = this.shards.map((shard) =>
      parents.includes(shard.number)
        ? { ...shard, closed: { endIndex: endIndexOf(shard.number), millis: nowMillis } }
        : shard,
    );
    const born = ranges.map((range, at) => ({
      number: shards.length + at,
      ...range,
      parents,
      createdMillis: nowMillis,
    }));
    return new ShardTopology([...shards, ...born]);
  }

  #openShard(number: number): Shard {
    const shard = this.shards[number];
    if (!shard)
      throw new ReshardError(
        'ResourceNotFoundException',
        `Cannot find shard '${shardIdOf(number)}': the stream has had ${this.shards.length} shards`,
      );
    if (shard.closed)
      throw new ReshardError(
        'InvalidArgumentException',
        `Cannot reshard '${shardIdOf(number)}': it has been merged or split already`,
      );
    return shard;
  }
}

/** One more than the largest MD5. */
export const HASH_KEYS = 2n ** 128n;

/** The id of the shard with a number. */
export function shardIdOf(shard: number): string {
  return `shardId-${String(shard).padStart(12, '0')}`;
}

/** Where the second and every further one of so many shards of equal width begin. */
function boundariesOf(count: number): bigint[] {
  const width = HASH_KEYS / BigInt(count);
  return Array.from({ length: count - 1 }, (_, at) => width * BigInt(at + 1));
}
