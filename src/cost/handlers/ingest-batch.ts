import { assumed } from '../assumptions.ts';
import type { RecordFlow } from '../batches.ts';
import { COUNT_METRICS, type HandlerInput, type Put, timeOf, type Work } from './work.ts';

/** PutRecords takes 500 records. */
const MAX_RECORDS = 500;

/** functions/ingest-batch.ts: one invocation per packed publish, its readings to the stream. */
export function ingestBatch({ resource, batches }: HandlerInput): Work {
  const { READINGS_STREAM } = resource.environment;
  const perInvocation = batches.recordsPerSecond / batches.invocationsPerSecond;
  const flows = batches.groups.map(
    ({ perSecond, records, spacingSeconds, bytes }): RecordFlow => ({
      recordsPerSecond: perSecond * records,
      bytes,
      sensors: perSecond * records * spacingSeconds,
      together: records,
    }),
  );
  const puts = flows.flatMap((flow): Put[] => [
    ...(READINGS_STREAM ? [{ to: 'stream', name: READINGS_STREAM, flow } as const] : []),
  ]);
  return {
    ...timeOf({ records: perInvocation, large: Math.ceil(perInvocation / MAX_RECORDS) }),
    logBytes: assumed('countsLogBytes'),
    metrics: COUNT_METRICS,
    uses: [],
    puts,
  };
}
