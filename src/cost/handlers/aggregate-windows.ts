import type { FunctionResource, Stack } from '../../stack/stack.ts';
import { assumed } from '../assumptions.ts';
import { type Batches, sumOf } from '../batches.ts';
import { type HandlerInput, timeOf, type Work } from './work.ts';

/** RecordsIn, RecordsRejected, WindowsClosed, StateSize, StateSpilled. */
const AGGREGATE_METRICS = 5;

/**
 * functions/aggregate-windows.ts: the engine on each batch, its state unpacked before and packed after. What it puts on the
 * windows stream is the flow of its streaming application.
 */
export function aggregateWindows({ batches, stack, resource }: HandlerInput): Work {
  const time = timeOf({ records: batches.recordsPerSecond / batches.invocationsPerSecond, large: 1 });
  const thousands = windowsOfShard(batches, shardsOf(stack, resource)) / 1000;
  return {
    ...time,
    cpuMillis: time.cpuMillis + thousands * assumed('windowStateCpuMillis'),
    logBytes: assumed('aggregateLogBytes'),
    metrics: AGGREGATE_METRICS,
    uses: [],
  };
}

/** Lambda hands the state of one shard to each invocation: the open windows of the sensors whose keys lie there. */
function windowsOfShard({ groups }: Batches, shards: number): number {
  return (
    sumOf(groups, ({ perSecond, records, spacingSeconds }) => perSecond * records * spacingSeconds) / shards
  );
}

function shardsOf({ eventSourceMappings, streams }: Stack, { name }: FunctionResource): number {
  const mapping = eventSourceMappings.find(({ functionName }) => functionName === name);
  return streams.find(({ arn }) => arn === mapping?.streamArn)?.shardCount ?? 1;
}
