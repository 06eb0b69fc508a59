import { assumed } from '../assumptions.ts';
import type { RecordFlow } from '../batches.ts';
import { COUNT_METRICS, type HandlerInput, type Put, timeOf, type Work } from './work.ts';

/** PutRecords and PutRecordBatch take 500 records. */
const MAX_RECORDS = 500;

/** functions/ingest-batch.ts: one invocation per packed publish, its readings to the stream and to the delivery stream. */
export function ingestBatch({ resource, batches }: HandlerInput): Work {
  const { READINGS_STREAM, RAW_DELIVERY_STREAM } = resource.environment;
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
    ...(RAW_DELIVERY_STREAM ? [{ to: 'delivery stream', name: RAW_DELIVERY_STREAM, flow } as const] : []),
  ]);
  const targets = [READINGS_STREAM, RAW_DELIVERY_STREAM].filter(Boolean).length;
  return {
    ...timeOf({ records: perInvocation, large: targets * Math.ceil(perInvocation / MAX_RECORDS) }),
    logBytes: assumed('countsLogBytes'),
    metrics: COUNT_METRICS,
    uses: [],
    puts,
  };
}
