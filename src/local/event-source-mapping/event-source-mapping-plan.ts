import type { LambdaResult } from '../lambda/lambda-function.ts';

/** What the mapping says about function errors (Lambda developer guide, "Configuring partial batch response" and "Parameters"). */
export interface RetryPolicy {
  readonly bisect: boolean;
  /** -1: until the record expires. */
  readonly maximumRetryAttempts: number;
}

/** Records `from` up to, not including, `to` of a batch, and how often they were retried in this extent. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly attempts: number;
}

export type Outcome =
  | { readonly kind: 'success' }
  | { readonly kind: 'failure' }
  /** Everything before `index`, counted within the segment, is done; the rest has to be retried. */
  | { readonly kind: 'partial'; readonly index: number };

/** What to do after one invocation. */
export interface Step {
  /** The records of the segment before this index of the batch are done: the checkpoint may pass them. */
  readonly deliveredTo: number;
  /** These go to the on-failure destination, then the checkpoint may pass them. */
  readonly discard?: Segment;
  /** These come next, in this order. */
  readonly next: readonly Segment[];
  /** A retry waits; a split does not. */
  readonly backoff: boolean;
}

/**
 * What a function's answer says about the records it was given. With `ReportBatchItemFailures` the lowest reported sequence
 * number counts; an identifier that is empty, missing or not of this batch fails the whole batch; no list is success.
 */
export function readOutcome(
  result: LambdaResult,
  sequenceNumbers: readonly string[],
  reportBatchItemFailures: boolean,
): Outcome {
  if (!result.ok) return { kind: 'failure' };
  if (!reportBatchItemFailures) return { kind: 'success' };
  const failures = (result.value as { batchItemFailures?: unknown } | null)?.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return { kind: 'failure' };
  if (failures.length === 0) return { kind: 'success' };
  const indexes = failures.map((failure: { itemIdentifier?: unknown } | null) =>
    sequenceNumbers.indexOf(String(failure?.itemIdentifier ?? '')),
  );
  const index = Math.min(...indexes);
  return index < 0 ? { kind: 'failure' } : { kind: 'partial', index };
}

/**
 * Decides what follows one invocation. Splitting uses up no retry attempt. With both settings on, the batch is split at the
 * reported record; a report of the very first record leaves nothing to split off, so the batch is halved then.
 */
export function planAfter(segment: Segment, outcome: Outcome, policy: RetryPolicy): Step {
  const { from, to, attempts } = segment;
  if (outcome.kind === 'success') return { deliveredTo: to, next: [], backoff: false };
  const failedFrom = outcome.kind === 'partial' ? from + outcome.index : from;
  if (policy.bisect && failedFrom > from) {
    return { deliveredTo: failedFrom, next: [{ from: failedFrom, to, attempts }], backoff: false };
  }
  if (policy.bisect && to - from > 1) {
    const middle = from + Math.ceil((to - from) / 2);
    const halves = [
      { from, to: middle, attempts },
      { from: middle, to, attempts },
    ];
    return { deliveredTo: from, next: halves, backoff: false };
  }
  const rest = { from: failedFrom, to, attempts: attempts + 1 };
  if (policy.maximumRetryAttempts >= 0 && attempts >= policy.maximumRetryAttempts) {
    return { deliveredTo: failedFrom, discard: { ...rest, attempts }, next: [], backoff: false };
  }
  return { deliveredTo: failedFrom, next: [rest], backoff: true };
}

/** Exponential, half of it jitter. `attempt` counts from 1. */
export function backoffMillis(
  attempt: number,
  limits: { readonly baseMillis: number; readonly capMillis: number },
  random: () => number,
): number {
  const millis = Math.min(limits.capMillis, limits.baseMillis * 2 ** (attempt - 1));
  return millis / 2 + (random() * millis) / 2;
}
