import { type Backoff, DEFAULT_BACKOFF, pause } from './backoff.ts';
import { PartialWriteError } from './store-error.ts';

/** Limits of one request of a batch API. */
export interface BatchLimits {
  readonly records: number;
  readonly bytes: number;
}

/**
 * Sends entries in requests within the limits; `send` returns the entries that the service refused, which alone are sent
 * again, in their order, with backoff.
 * @throws PartialWriteError when some are still refused after the last attempt; whatever `send` throws
 */
export async function sendInBatches<T extends { readonly bytes: number }>(
  entries: readonly T[],
  limits: BatchLimits,
  send: (batch: readonly T[]) => Promise<readonly T[]>,
  backoff: Backoff = DEFAULT_BACKOFF,
): Promise<void> {
  for (const batch of splitBatches(entries, limits)) {
    let waiting: readonly T[] = batch;
    for (let attempt = 0; waiting.length > 0; attempt++) {
      if (attempt === backoff.attempts) {
        throw new PartialWriteError(
          `Cannot write ${waiting.length} of ${batch.length} records: still refused after ${attempt} attempts`,
        );
      }
      if (attempt > 0) await pause(attempt, backoff);
      waiting = await send(waiting);
    }
  }
}

function* splitBatches<T extends { readonly bytes: number }>(
  entries: readonly T[],
  limits: BatchLimits,
): Generator<T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (batch.length === limits.records || (batch.length > 0 && bytes + entry.bytes > limits.bytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += entry.bytes;
  }
  if (batch.length > 0) yield batch;
}
