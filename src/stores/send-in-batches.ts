import { type Backoff, DEFAULT_BACKOFF, pause } from './backoff.ts';
import { PartialWriteError } from './store-error.ts';

/** Limits of one request of a batch API. */
export interface BatchLimits {
  readonly records: number;
  readonly bytes: number;
}

/**
 * Sends entries in requests within the limits; `send` returns the entries that the service refused, which alone are sent
 * again, in their order, with backoff. The first batch that cannot be written ends it.
 * @throws PartialWriteError which entries are not written, when some are still refused after the last attempt or `send` throws
 */
export async function sendInBatches<T extends { readonly bytes: number }>(
  entries: readonly T[],
  limits: BatchLimits,
  send: (batch: readonly T[]) => Promise<readonly T[]>,
  backoff: Backoff = DEFAULT_BACKOFF,
): Promise<void> {
  let sent = 0;
  for (const batch of splitBatches(entries, limits)) {
    sent += batch.length;
    const refused = await sendBatch(batch, send, backoff);
    if (!refused) continue;
    const waiting = new Set(refused.entries);
    const unwritten = [...entries.keys()].filter((index) => index >= sent || waiting.has(entries[index]!));
    throw new PartialWriteError(
      `Cannot write ${waiting.size} of ${batch.length} records: ${refused.reason}`,
      unwritten,
      { cause: refused.cause },
    );
  }
}

interface Refused<T> {
  readonly entries: readonly T[];
  readonly reason: string;
  readonly cause?: unknown;
}

/** Undefined when all of the batch is written. */
async function sendBatch<T>(
  batch: readonly T[],
  send: (batch: readonly T[]) => Promise<readonly T[]>,
  backoff: Backoff,
): Promise<Refused<T> | undefined> {
  let waiting = batch;
  for (let attempt = 0; waiting.length > 0; attempt++) {
    if (attempt === backoff.attempts)
      return { entries: waiting, reason: `still refused after ${attempt} attempts` };
    if (attempt > 0) await pause(attempt, backoff);
    try {
      waiting = await send(waiting);
    } catch (cause) {
      return { entries: waiting, reason: (cause as Error).message, cause };
    }
  }
  return undefined;
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
