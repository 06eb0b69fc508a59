import { array, assert, bigInt, constantFrom, integer, oneof, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Closing, HASH_KEYS, ReshardError, ShardTopology, shardIdOf } from './shard-topology.ts';

const closing: Closing = { nowMillis: 1000, endIndexOf: (shard) => shard * 10 };
const LAST = HASH_KEYS - 1n;
const ranges = ({ open }: ShardTopology): [number, bigint, bigint][] =>
  open.map(({ number, startingHashKey, endingHashKey }) => [number, startingHashKey, endingHashKey]);

/** How often a key is covered is looked at where ranges begin and end. */
function coversAllOnce({ open }: ShardTopology): void {
  expect(open[0]!.startingHashKey).toBe(0n);
  expect(open.at(-1)!.endingHashKey).toBe(LAST);
  for (let at = 1; at < open.length; at += 1)
    expect(open[at]!.startingHashKey).toBe(open[at - 1]!.endingHashKey + 1n);
}

describe('the shards of a stream', () => {
  test('begin with ranges of equal width, the last one takes what is left', () => {
    const third = HASH_KEYS / 3n;
    expect(ranges(ShardTopology.uniform(3))).toEqual([
      [0, 0n, third - 1n],
      [1, third, 2n * third - 1n],
      [2, 2n * third, LAST],
    ]);
  });

  test('a split closes one shard and opens two with the next numbers', () => {
    const split = ShardTopology.uniform(2).split(0, 1000n, closing);
    const half = HASH_KEYS / 2n;
    expect(ranges(split)).toEqual([
      [2, 0n, 999n],
      [3, 1000n, half - 1n],
      [1, half, LAST],
    ]);
    expect(split.shards[0]!.closed).toEqual({ endIndex: 0, millis: 1000 });
    expect(split.childrenOf(0).map(({ number }) => number)).toEqual([2, 3]);
    expect(split.shards[3]).toMatchObject({ parents: [0], createdMillis: 1000 });
  });

  test('a merge closes two shards and opens one, in whichever order they are named', () => {
    const merged = ShardTopology.uniform(3).merge(2, 1, closing);
    expect(ranges(merged)).toEqual([
      [0, 0n, HASH_KEYS / 3n - 1n],
      [3, HASH_KEYS / 3n, LAST],
    ]);
    expect(merged.shards[3]!.parents).toEqual([2, 1]);
    expect(merged.childrenOf(1)).toEqual(merged.childrenOf(2));
  });

  test('doubling splits each shard once, halving merges each pair once', () => {
    const four = ShardTopology.uniform(2).scale(4, closing);
    expect(four.shards).toHaveLength(6);
    expect(four.scale(2, closing).shards).toHaveLength(8);
  });

  test('a shard that lives for a moment only ends empty', () => {
    const scaled = ShardTopology.uniform(1).scaleFreely(3, { nowMillis: 1, endIndexOf: (n) => (n ? 0 : 5) });
    expect(scaled.shards.filter(({ closed }) => closed).map(({ closed }) => closed!.endIndex)).toEqual([
      5, 0,
    ]);
  });

  const two = ShardTopology.uniform(2).split(0, 1000n, closing);
  test.each([
    ['a shard that never was', () => two.split(9, 5n, closing), 'ResourceNotFoundException'],
    ['a closed shard', () => two.split(0, 5n, closing), 'InvalidArgumentException'],
    [
      'a hash key at the beginning of the shard',
      () => two.split(3, 1001n, closing),
      'InvalidArgumentException',
    ],
    ['the last hash key of the shard', () => two.split(2, 999n, closing), 'InvalidArgumentException'],
    ['a hash key of another shard', () => two.split(2, 5000n, closing), 'InvalidArgumentException'],
    ['shards that are not adjacent', () => two.merge(2, 1, closing), 'InvalidArgumentException'],
    ['a shard and itself', () => two.merge(2, 2, closing), 'InvalidArgumentException'],
    ['a closed shard among two', () => two.merge(0, 1, closing), 'InvalidArgumentException'],
    ['more than double', () => two.scale(7, closing), 'LimitExceededException'],
    ['less than half', () => two.scale(1, closing), 'LimitExceededException'],
  ])('refuses %s', (_, reshard, awsName) => {
    expect(reshard).toThrow(ReshardError);
    expect(reshard).toThrow(expect.objectContaining({ awsName }));
  });
});

describe('whatever is split, merged and scaled', () => {
  const step = oneof(
    record({ kind: constantFrom('split' as const), at: integer({ min: 0, max: 99 }), key: bigInt(0n, LAST) }),
    record({ kind: constantFrom('merge' as const), at: integer({ min: 0, max: 99 }) }),
    record({ kind: constantFrom('scale' as const), count: integer({ min: 1, max: 9 }) }),
  );

  test('open shards cover each hash key once, and each shard lies within what it came from', () => {
    assert(
      property(
        integer({ min: 1, max: 9 }),
        array(step, { maxLength: 12 }),
        bigInt(0n, LAST),
        (first, steps, key) => {
          let topology = ShardTopology.uniform(first);
          for (const each of steps) topology = apply(topology, each);
          coversAllOnce(topology);
          const { startingHashKey, endingHashKey } = topology.at(key);
          expect(startingHashKey <= key && key <= endingHashKey).toBe(true);
          expect(topology.shards.map(({ number }) => number)).toEqual(topology.shards.map((_, at) => at));
          for (const { number, parents, closed } of topology.shards) {
            expect(parents.every((parent) => parent < number && topology.shards[parent]!.closed)).toBe(true);
            expect(topology.childrenOf(number).length > 0).toBe(closed !== undefined);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('scaling ends with ranges of equal width', () => {
    assert(
      property(
        integer({ min: 1, max: 9 }),
        array(step, { maxLength: 6 }),
        integer({ min: 1, max: 12 }),
        (first, steps, count) => {
          let topology = ShardTopology.uniform(first);
          for (const each of steps) topology = apply(topology, each);
          const bounds = (of: ShardTopology) => ranges(of).map(([, start, end]) => [start, end]);
          expect(bounds(topology.scaleFreely(count, closing))).toEqual(bounds(ShardTopology.uniform(count)));
        },
      ),
      { numRuns: 200 },
    );
  });

  function apply(
    topology: ShardTopology,
    each:
      | { kind: 'split'; at: number; key: bigint }
      | { kind: 'merge'; at: number }
      | { kind: 'scale'; count: number },
  ): ShardTopology {
    const { open } = topology;
    if (each.kind === 'scale') return topology.scaleFreely(each.count, closing);
    const at = each.at % open.length;
    const shard = open[at]!;
    if (each.kind === 'merge')
      return open[at + 1] ? topology.merge(shard.number, open[at + 1]!.number, closing) : topology;
    const width = shard.endingHashKey - shard.startingHashKey;
    if (width < 4n) return topology;
    return topology.split(shard.number, shard.startingHashKey + 2n + (each.key % (width - 2n)), closing);
  }
});

test('ids count on', () => {
  expect(shardIdOf(12)).toBe('shardId-000000000012');
});
