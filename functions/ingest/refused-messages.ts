import type { RejectedMessage } from '../../src/stores/rejected-bucket.ts';
import type { DecodedBatch } from '../../src/telemetry/decode-elements.ts';
import type { Decoded, RejectionReason } from '../../src/telemetry/rejection.ts';

/** A message of many readings as it arrived. */
export interface ArrivedBatch {
  readonly bytes: Uint8Array;
  readonly receivedMillis: number;
  readonly source: string;
  readonly batch: Decoded<DecodedBatch>;
}

/** What is to be kept of a message: itself when it is refused whole, else each reading in it that is refused. */
export function refusedMessages({ batch, bytes, source, receivedMillis }: ArrivedBatch): RejectedMessage[] {
  if (!batch.ok) return [{ rejection: batch.rejection, receivedMillis, source, bytes }];
  return batch.value.rejected.map((element) => ({
    rejection: element.rejection,
    receivedMillis,
    source: `${source} readings[${element.index}]`,
    bytes: element.bytes,
  }));
}

/** How many are refused for each reason. */
export function countReasons(refused: readonly RejectedMessage[]): Map<RejectionReason, number> {
  const counts = new Map<RejectionReason, number>();
  for (const { rejection } of refused) counts.set(rejection.reason, (counts.get(rejection.reason) ?? 0) + 1);
  return counts;
}
