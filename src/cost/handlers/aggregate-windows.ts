import { assumed } from '../assumptions.ts';
import { type HandlerInput, timeOf, type Work } from './work.ts';

/** RecordsIn, RecordsRejected, WindowsClosed, StateSize, StateSpilled. */
const AGGREGATE_METRICS = 5;

/**
 * functions/aggregate-windows.ts: the engine on each batch, its state unpacked before and packed after. What it puts on the
 * windows stream is the flow of its streaming application.
 */
export function aggregateWindows({ batches }: HandlerInput): Work {
  const time = timeOf({ records: batches.recordsPerSecond / batches.invocationsPerSecond, large: 1 });
  return {
    ...time,
    cpuMillis: time.cpuMillis + assumed('windowStateCpuMillis'),
    logBytes: assumed('aggregateLogBytes'),
    metrics: AGGREGATE_METRICS,
    uses: [],
  };
}
