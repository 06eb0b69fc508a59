import type { StreamResource } from '../stack/stack.ts';
import { listOf, numberOf, objectOf } from '../stack/template.ts';
import { assumed } from './assumptions.ts';
import { type RecordFlow, sumOf } from './batches.ts';
import { type Deployment, isOnDemand, isOnDemandStream } from './deployment.ts';
import type { Use } from './handlers/work.ts';
import type { FunctionTraffic } from './traffic.ts';

/** A shard takes 1,000 records and 1 MB a second (Kinesis developer guide, "Quotas and limits"). */
export function overfilled(
  deployment: Deployment,
  stream: StreamResource,
  streams: ReadonlyMap<string, readonly RecordFlow[]>,
): string[] {
  if (isOnDemandStream(deployment, stream)) return [];
  const { name, shardCount } = stream;
  // What comes in a burst is taken a little later, so the mean counts.
  const flows = streams.get(name) ?? [];
  const records = sumOf(flows, (flow) => flow.recordsPerSecond);
  const megabytes = sumOf(flows, (flow) => flow.recordsPerSecond * flow.bytes) / 1024 ** 2;
  const needed = Math.ceil(Math.max(records / 1000, megabytes));
  if (needed <= shardCount) return [];
  return [
    `stream '${name}' needs ${needed} shards and has ${shardCount}: the load puts ${Math.round(records)} records and ${megabytes.toFixed(2)} MB a second`,
  ];
}

/** Time of one invocation: CPU shrinks with memory, waiting does not. */
export function durationMillis({ work, memoryMegabytes }: FunctionTraffic): number {
  return work.cpuMillis / Math.min(1, memoryMegabytes / assumed('megabytesPerCpu')) + work.waitMillis;
}

export function fallsBehind(traffic: FunctionTraffic): string[] {
  const { name, lanes, invocationsPerSecond } = traffic;
  const busy = (invocationsPerSecond * durationMillis(traffic)) / 1000;
  if (lanes === undefined || busy <= lanes) return [];
  return [
    `function '${name}' would fall behind: it needs ${busy.toFixed(1)} batches at once, its mapping allows ${lanes} (shards × parallelization factor)`,
  ];
}

/** Tables and indexes of provisioned capacity that the writes would go beyond, on the mean. */
export function overwritten({ stack }: Deployment, uses: readonly Use[]): string[] {
  const tables = stack.tables.filter((table) => !isOnDemand(table));
  return tables.flatMap(({ name, input }) => {
    const written = sumOf(uses, (use) =>
      use.kind === 'write' && use.table === name ? use.unitsPerSecond : 0,
    );
    const capacity = sumOf([input, ...listOf(input, 'GlobalSecondaryIndexes')], (part) =>
      numberOf(objectOf(part, 'ProvisionedThroughput'), 'WriteCapacityUnits', 0),
    );
    if (written <= capacity) return [];
    return [
      `table '${name}' has ${capacity} write units with its indexes and needs ${Math.ceil(written)}: writes would be throttled`,
    ];
  });
}
