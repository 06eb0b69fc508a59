import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LambdaResult } from '../lambda/lambda-function.ts';
import {
  backoffMillis,
  type Outcome,
  planAfter,
  readOutcome,
  type Segment,
} from './event-source-mapping-plan.ts';

const ok = (value: unknown): LambdaResult => ({ ok: true, value, requestId: 'r' });
const failed: LambdaResult = {
  ok: false,
  error: { errorType: 'E', errorMessage: '', trace: [] },
  requestId: 'r',
};
const items = (...itemIdentifiers: unknown[]): LambdaResult =>
  ok({ batchItemFailures: itemIdentifiers.map((itemIdentifier) => ({ itemIdentifier })) });

describe('readOutcome', () => {
  test.each<[string, LambdaResult, Outcome]>([
    ['a function error', failed, { kind: 'failure' }],
    ['null', ok(null), { kind: 'success' }],
    ['an empty object', ok({}), { kind: 'success' }],
    ['a null list', ok({ batchItemFailures: null }), { kind: 'success' }],
    ['an empty list', items(), { kind: 'success' }],
    ['one identifier', items('s2'), { kind: 'partial', index: 1 }],
    ['several: the lowest counts', items('s3', 's2'), { kind: 'partial', index: 1 }],
    ['an empty identifier', items(''), { kind: 'failure' }],
    ['a null identifier', items(null), { kind: 'failure' }],
    ['an unknown identifier', items('s9'), { kind: 'failure' }],
    ['an unknown identifier beside a known one', items('s2', 's9'), { kind: 'failure' }],
    ['a wrong key', ok({ batchItemFailures: [{ id: 's2' }] }), { kind: 'failure' }],
    ['null as an item', ok({ batchItemFailures: [null] }), { kind: 'failure' }],
    ['something that is no list', ok({ batchItemFailures: 's2' }), { kind: 'failure' }],
  ])('takes %s as Lambda does', (_, result, outcome) => {
    expect(readOutcome(result, ['s1', 's2', 's3'], true)).toEqual(outcome);
  });

  test('ignores the list when the mapping does not ask for it', () => {
    expect(readOutcome(items('s1'), ['s1'], false)).toEqual({ kind: 'success' });
  });
});

describe('planAfter', () => {
  const segment = (from: number, to: number, attempts = 0): Segment => ({ from, to, attempts });
  const partial = (index: number): Outcome => ({ kind: 'partial', index });
  const failure: Outcome = { kind: 'failure' };
  const retry = { bisect: false, maximumRetryAttempts: 2 };
  const split = { bisect: true, maximumRetryAttempts: 2 };

  test.each([
    [
      'success',
      segment(2, 6, 1),
      { kind: 'success' } as Outcome,
      retry,
      { deliveredTo: 6, next: [], backoff: false },
    ],
    ['failure', segment(0, 4), failure, retry, { deliveredTo: 0, next: [segment(0, 4, 1)], backoff: true }],
    [
      'last failure',
      segment(0, 4, 2),
      failure,
      retry,
      { deliveredTo: 0, discard: segment(0, 4, 2), next: [], backoff: false },
    ],
    [
      'partial',
      segment(2, 6),
      partial(1),
      retry,
      { deliveredTo: 3, next: [segment(3, 6, 1)], backoff: true },
    ],
    [
      'last partial',
      segment(2, 6, 2),
      partial(1),
      retry,
      { deliveredTo: 3, discard: segment(3, 6, 2), next: [], backoff: false },
    ],
    [
      'bisected failure',
      segment(0, 5),
      failure,
      split,
      { deliveredTo: 0, next: [segment(0, 3), segment(3, 5)], backoff: false },
    ],
    [
      'bisected failure with no attempt left',
      segment(0, 2, 2),
      failure,
      split,
      { deliveredTo: 0, next: [segment(0, 1, 2), segment(1, 2, 2)], backoff: false },
    ],
    [
      'bisected partial',
      segment(0, 5),
      partial(2),
      split,
      { deliveredTo: 2, next: [segment(2, 5)], backoff: false },
    ],
    [
      'bisected partial at the first',
      segment(2, 5),
      partial(0),
      split,
      { deliveredTo: 2, next: [segment(2, 4), segment(4, 5)], backoff: false },
    ],
    [
      'failure of a single record',
      segment(3, 4),
      failure,
      split,
      { deliveredTo: 3, next: [segment(3, 4, 1)], backoff: true },
    ],
    [
      'last failure of a single record',
      segment(3, 4, 2),
      failure,
      split,
      { deliveredTo: 3, discard: segment(3, 4, 2), next: [], backoff: false },
    ],
    [
      'failure without retries',
      segment(0, 2),
      failure,
      { bisect: false, maximumRetryAttempts: 0 },
      { deliveredTo: 0, discard: segment(0, 2), next: [], backoff: false },
    ],
    [
      'failure with endless retries',
      segment(0, 2, 999),
      failure,
      { bisect: false, maximumRetryAttempts: -1 },
      { deliveredTo: 0, next: [segment(0, 2, 1000)], backoff: true },
    ],
  ])('follows %s', (_, before, outcome, policy, step) => {
    expect(planAfter(before, outcome, policy)).toEqual(step);
  });

  test('gets every good record delivered, every poison one discarded, in order and within the budget', () => {
    const run = fc.record({
      poison: fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }),
      partialResponse: fc.boolean(),
      maximumRetryAttempts: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(run, ({ poison, partialResponse, maximumRetryAttempts }) => {
        const policy = { bisect: true, maximumRetryAttempts };
        const fates: string[] = [];
        const invocationsOfRecord = poison.map(() => 0);
        const work: Segment[] = [{ from: 0, to: poison.length, attempts: 0 }];
        for (let segment = work.shift(); segment; segment = work.shift()) {
          const { from, to } = segment;
          if (to - from === 1) invocationsOfRecord[from]! += 1;
          const index = poison.slice(from, to).indexOf(true);
          const outcome: Outcome =
            index < 0
              ? { kind: 'success' }
              : partialResponse
                ? { kind: 'partial', index }
                : { kind: 'failure' };
          const step = planAfter(segment, outcome, policy);
          for (let at = from; at < step.deliveredTo; at++) fates.push(`${at} delivered`);
          if (step.discard)
            for (let at = step.discard.from; at < step.discard.to; at++) fates.push(`${at} discarded`);
          work.unshift(...step.next);
        }
        expect(fates).toEqual(poison.map((bad, at) => `${at} ${bad ? 'discarded' : 'delivered'}`));
        poison.forEach((bad, at) => {
          if (bad) expect(invocationsOfRecord[at]).toBe(maximumRetryAttempts + 1);
        });
      }),
    );
  });
});

test('backoffMillis doubles up to the cap, between half and whole', () => {
  const limits = { baseMillis: 100, capMillis: 1000 };
  expect([1, 2, 3, 9].map((attempt) => backoffMillis(attempt, limits, () => 1))).toEqual([
    100, 200, 400, 1000,
  ]);
  expect([1, 9].map((attempt) => backoffMillis(attempt, limits, () => 0))).toEqual([50, 500]);
});
