import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { KinesisStream } from '../log/kinesis-stream.ts';
import type { Shard } from '../log/shard-topology.ts';

/** Which shards ListShards names (Kinesis API reference, ShardFilter). */
export interface ShardFilter {
  readonly Type: string;
  readonly ShardId?: string;
  readonly Timestamp?: Date;
}

interface Wanted {
  readonly filter: ShardFilter;
  /** When the oldest record could have arrived that is still kept. */
  readonly horizonMillis: number;
}

/** @throws AwsError InvalidArgumentException when the filter lacks what its type needs */
export function filterShards(
  stream: KinesisStream,
  filter: ShardFilter | undefined,
  nowMillis: number,
): readonly string[] {
  if (!filter) return stream.shardIds;
  const horizonMillis = nowMillis - stream.retentionHours * 3_600_000;
  const isWanted = FILTERS[filter.Type]!;
  return stream.shardIds.filter((id) =>
    isWanted(stream.topology.shard(id), { filter: { ...filter }, horizonMillis }, id),
  );
}

const FILTERS: Readonly<Record<string, (shard: Shard, wanted: Wanted, id: string) => boolean>> = {
  AFTER_SHARD_ID: (_, { filter }, id) => id > given(filter, 'ShardId'),
  AT_TRIM_HORIZON: (shard, { horizonMillis }) => isOpenAt(shard, horizonMillis),
  FROM_TRIM_HORIZON: () => true,
  AT_LATEST: ({ closed }) => !closed,
  AT_TIMESTAMP: (shard, { filter }) => isOpenAt(shard, given(filter, 'Timestamp').getTime()),
  FROM_TIMESTAMP: ({ closed }, { filter }) =>
    !closed || closed.millis >= given(filter, 'Timestamp').getTime(),
};

function isOpenAt({ createdMillis, closed }: Shard, millis: number): boolean {
  return createdMillis <= millis && (!closed || closed.millis >= millis);
}

function given<Name extends 'ShardId' | 'Timestamp'>(
  filter: ShardFilter,
  name: Name,
): NonNullable<ShardFilter[Name]> {
  const value = filter[name];
  if (value === undefined)
    throw new AwsError('InvalidArgumentException', `ShardFilter of type ${filter.Type} needs ${name}.`);
  return value as NonNullable<ShardFilter[Name]>;
}
