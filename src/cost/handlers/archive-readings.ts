import { assumed } from '../assumptions.ts';
import { sumOf } from '../batches.ts';
import { COUNT_METRICS, type HandlerInput, timeOf, type Work } from './work.ts';

const HOUR_SECONDS = 3600;

/** functions/archive-readings.ts: one gzip object per batch, and one more when the batch goes over an hour's end. */
export function archiveReadings({ resource, batches }: HandlerInput): Work {
  const { invocationsPerSecond, recordsPerSecond, groups } = batches;
  const objectsPerSecond = invocationsPerSecond + 1 / HOUR_SECONDS;
  const lines = sumOf(
    groups,
    ({ perSecond, records, bytes }) => perSecond * records * (bytes + assumed('archiveLineBytes')),
  );
  return {
    ...timeOf({ records: recordsPerSecond / invocationsPerSecond, large: 1 }),
    logBytes: assumed('countsLogBytes'),
    metrics: COUNT_METRICS,
    uses: [
      {
        kind: 'object',
        bucket: resource.environment.ARCHIVE_BUCKET ?? '',
        key: 'curated/',
        objectsPerSecond,
        bytesPerSecond: lines / assumed('gzipRatio'),
      },
    ],
  };
}
