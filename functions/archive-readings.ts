import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import { archiveKey, hourOf, putArchive } from '../src/stores/archive-bucket.ts';
import { decodeReading } from '../src/telemetry/decode-reading.ts';
import { eventId } from '../src/telemetry/event-id.ts';
import type { Reading } from '../src/telemetry/reading.ts';
import { requiredVariable } from './environment.ts';
import { settleBatch } from './kinesis/settle-batch.ts';
import { DUPLICATE, decodeRecords, FAILED, type Outcome, STORED } from './kinesis/stream-record.ts';
import { createLogger } from './observability/logger.ts';

const FUNCTION = 'archive-readings';
const logger = createLogger(FUNCTION);

interface Line {
  readonly index: number;
  readonly id: string;
  readonly reading: Reading;
}

/**
 * Kinesis "readings" → one object per hour of event time and batch. All or nothing: when one object cannot be put, the
 * whole batch is retried, so that its objects get the same names again and overwrite each other. An object is named by
 * the first record *it* holds, so that this stays true when Lambda splits the batch.
 */
export async function handler(event: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> {
  const records = decodeRecords(event, decodeReading);
  const outcomes: Outcome[] = [];
  const lines: Line[] = [];
  const seen = new Set<string>();
  records.forEach(({ decoded }, index) => {
    if (!decoded.ok) {
      outcomes.push({ kind: 'rejected', rejection: decoded.rejection });
      return;
    }
    const id = eventId(decoded.value);
    const key = JSON.stringify([decoded.value.sensor_id, id]);
    outcomes.push(seen.has(key) ? DUPLICATE : STORED);
    if (!seen.has(key)) lines.push({ index, id, reading: decoded.value });
    seen.add(key);
  });
  try {
    const hours = Map.groupBy(lines, ({ reading }) => hourOf(reading.sensor_timestamp));
    await Promise.all([...hours].map(([hourMillis, group]) => putHour(records, hourMillis, group)));
  } catch (error) {
    logger.error('Cannot put an archive object, the batch will be retried', error as Error);
    outcomes.forEach((outcome, index) => {
      if (outcome.kind !== 'rejected') outcomes[index] = FAILED;
    });
  }
  const answer = await settleBatch(FUNCTION, records, outcomes, logger);
  const first = lines[0] && records[lines[0].index]!.sequenceNumber;
  // When refused records could not be kept, the retry must not begin inside an object that is put already.
  const failed = answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  if (first === undefined || failed.length === 0 || failed.includes(first)) return answer;
  return { batchItemFailures: [{ itemIdentifier: first }, ...answer.batchItemFailures] };
}

function putHour(
  records: readonly { readonly shardId: string; readonly sequenceNumber: string }[],
  hourMillis: number,
  lines: readonly Line[],
): Promise<void> {
  const first = records[lines[0]!.index]!;
  const key = archiveKey(hourMillis, first.shardId, first.sequenceNumber);
  const text = lines.map(({ id, reading }) => JSON.stringify({ event_id: id, ...reading }));
  return putArchive(requiredVariable('ARCHIVE_BUCKET'), key, text);
}
