import type { Logger } from '@aws-lambda-powertools/logger';
import type { KinesisStreamBatchResponse } from 'aws-lambda';
import { putRejected, type RejectedMessage, rejectedKey } from '../../src/stores/rejected-bucket.ts';
import type { RejectionReason } from '../../src/telemetry/rejection.ts';
import { requiredVariable } from '../environment.ts';
import { printRecordCounts } from '../observability/record-metrics.ts';
import { FAILED, type Outcome, type StreamRecord } from './stream-record.ts';

/**
 * Ends an invocation: keeps the refused records, prints the counts, and reports the failed ones. `outcomes` are in the
 * order of `records`.
 *
 * Lambda retries everything from the lowest failed sequence number on (AWS Lambda developer guide, "Configuring partial
 * batch response"). A refused record behind it comes again, so it is kept and counted only then. The object is named by the
 * first and the last record in it: the same event may be delivered twice at once, and the copy that gets less far must not
 * replace what the other one has kept.
 */
export async function settleBatch(
  functionName: string,
  records: readonly StreamRecord<unknown>[],
  outcomes: readonly Outcome[],
  logger: Logger,
): Promise<KinesisStreamBatchResponse> {
  const final = [...outcomes];
  const refused = refusedBefore(records, final, firstFailed(final));
  if (refused.length > 0) {
    try {
      const first = records[refused[0]!.index]!;
      const last = records[refused.at(-1)!.index]!;
      const name = `${first.shardId}-${first.sequenceNumber}-${last.sequenceNumber}`;
      const key = rejectedKey(first.arrivalMillis, functionName, name);
      await putRejected(
        requiredVariable('ARCHIVE_BUCKET'),
        key,
        refused.map((each) => each.message),
      );
    } catch (error) {
      logger.error('Cannot keep refused records, they will be retried', error as Error);
      final[refused[0]!.index] = FAILED;
    }
  }
  const checkpoint = firstFailed(final);
  final.forEach((outcome, index) => {
    if (outcome.kind === 'rejected' && index > checkpoint) final[index] = FAILED;
  });
  printRecordCounts(functionName, countOutcomes(final));
  const failed = records.filter((_, index) => final[index]!.kind === 'failed');
  return { batchItemFailures: failed.map(({ sequenceNumber }) => ({ itemIdentifier: sequenceNumber })) };
}

function firstFailed(outcomes: readonly Outcome[]): number {
  const index = outcomes.findIndex((outcome) => outcome.kind === 'failed');
  return index === -1 ? outcomes.length : index;
}

function refusedBefore(
  records: readonly StreamRecord<unknown>[],
  outcomes: readonly Outcome[],
  end: number,
): { index: number; message: RejectedMessage }[] {
  return records.slice(0, end).flatMap(({ arrivalMillis, source, bytes }, index) => {
    const outcome = outcomes[index]!;
    if (outcome.kind !== 'rejected') return [];
    return [
      { index, message: { rejection: outcome.rejection, receivedMillis: arrivalMillis, source, bytes } },
    ];
  });
}

function countOutcomes(outcomes: readonly Outcome[]) {
  const rejected = new Map<RejectionReason, number>();
  const counts = { in: outcomes.length, stored: 0, duplicate: 0, failed: 0, rejected };
  for (const outcome of outcomes) {
    if (outcome.kind === 'rejected') {
      rejected.set(outcome.rejection.reason, (rejected.get(outcome.rejection.reason) ?? 0) + 1);
    } else counts[outcome.kind]++;
  }
  return counts;
}
