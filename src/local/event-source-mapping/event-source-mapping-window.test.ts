import { describe, expect, test } from 'vitest';
import type { LambdaResult } from '../lambda/lambda-function.ts';
import {
  counters,
  discarded,
  drained,
  failed,
  type KinesisEvent,
  ok,
  openStream,
  put,
  reopen,
  start,
  textOf,
} from './event-source-mapping.test-stage.ts';

interface WindowEvent extends KinesisEvent {
  readonly window: { readonly start: string; readonly end: string };
  readonly state: { readonly texts?: readonly string[] };
  readonly shardId: string;
  readonly eventSourceARN: string;
  readonly isFinalInvokeForWindow: boolean;
  readonly isWindowTerminatedEarly: boolean;
}

const START = Date.parse('2026-03-01T10:00:00Z');

/** A function that keeps the texts of a window in its state and, at the end, gives them to `finished`. */
function collector(finished: [string, readonly string[]][]): (event: KinesisEvent) => LambdaResult {
  return (event) => {
    const { window, state, isFinalInvokeForWindow } = event as WindowEvent;
    const texts = [...(state.texts ?? []), ...textOf(event)];
    if (isFinalInvokeForWindow) finished.push([window.start, texts]);
    return ok({ state: isFinalInvokeForWindow ? {} : { texts } });
  };
}

function clock(): { now: number } {
  const time = { now: START };
  openStream(1, () => time.now);
  return time;
}

const properties = { tumblingWindowSeconds: 60, batchSize: 2 };

describe('a tumbling window', () => {
  test('hands its state from batch to batch and ends when a record of a later window is there', async () => {
    const time = clock();
    const finished: [string, readonly string[]][] = [];
    start(collector(finished), properties, { nowMillis: () => time.now });
    await put('a0', 'a1', 'a2');
    time.now += 60_000;
    await put('b3');
    await drained();
    expect(finished).toEqual([['2026-03-01T10:00:00Z', ['a0', 'a1', 'a2']]]);
    expect(counters).toEqual({ in: 4, out: 4, dropped: {} });
  });

  test('ends by the clock when no further record comes', async () => {
    const time = clock();
    const finished: [string, readonly string[]][] = [];
    start(collector(finished), properties, { nowMillis: () => time.now });
    time.now += 59_500;
    await put('a0');
    await drained();
    expect(finished).toEqual([]);
    time.now += 600;
    await expect.poll(() => finished, { timeout: 3_000 }).toEqual([]);
    time.now += 300;
    await expect.poll(() => finished, { timeout: 3_000 }).toEqual([['2026-03-01T10:00:00Z', ['a0']]]);
  });

  test('goes on with its state after a restart', async () => {
    const time = clock();
    const finished: [string, readonly string[]][] = [];
    start(collector(finished), properties, { nowMillis: () => time.now });
    await put('a0');
    await drained();
    await reopen(1, () => time.now);
    start(collector(finished), properties, { nowMillis: () => time.now });
    await put('a1');
    time.now += 60_000;
    await put('b2');
    await drained();
    expect(finished).toEqual([['2026-03-01T10:00:00Z', ['a0', 'a1']]]);
  });

  test('says which shard and stream it belongs to, and gives an empty state to the first invocation', async () => {
    const time = clock();
    const events: WindowEvent[] = [];
    start(
      (event) => {
        events.push(event as WindowEvent);
        return ok({ state: { texts: textOf(event) } });
      },
      properties,
      { nowMillis: () => time.now },
    );
    await put('a0');
    await drained();
    expect(events).toMatchObject([
      {
        window: { start: '2026-03-01T10:00:00Z', end: '2026-03-01T10:01:00Z' },
        state: {},
        shardId: 'shardId-000000000000',
        eventSourceARN: expect.stringMatching(/stream\/readings$/),
        isFinalInvokeForWindow: false,
        isWindowTerminatedEarly: false,
      },
    ]);
  });

  test('takes an answer without a state as a failure', async () => {
    const time = clock();
    start(() => ok({ batchItemFailures: [] }), properties, { nowMillis: () => time.now });
    await put('a0');
    await drained();
    expect(discarded()).toEqual(['a0']);
    expect(counters.dropped).toEqual({ 'retries-exhausted': 1 });
  });

  test('ends early when the state outgrows one megabyte, and opens the same window again', async () => {
    const time = clock();
    const events: WindowEvent[] = [];
    start(
      (event) => {
        events.push(event as WindowEvent);
        return ok({ state: { texts: ['x'.repeat(1024 * 1024)] } });
      },
      { ...properties, batchSize: 1 },
      { nowMillis: () => time.now },
    );
    await put('a0', 'a1');
    await drained();
    const kinds = events.map(({ isFinalInvokeForWindow, isWindowTerminatedEarly, state }) => [
      isFinalInvokeForWindow,
      isWindowTerminatedEarly,
      state.texts?.length ?? 0,
    ]);
    expect(kinds.slice(0, 3)).toEqual([
      [false, false, 0],
      [true, true, 1],
      [false, false, 0],
    ]);
  });

  test('holds the shard until its last invocation succeeds', async () => {
    const time = clock();
    const finished: [string, readonly string[]][] = [];
    let failures = 3;
    start(
      (event) => {
        if ((event as WindowEvent).isFinalInvokeForWindow && failures > 0) {
          failures -= 1;
          return failed;
        }
        return collector(finished)(event);
      },
      properties,
      { nowMillis: () => time.now },
    );
    await put('a0');
    time.now += 60_000;
    await put('b1');
    await drained();
    expect(failures).toBe(0);
    expect(finished).toEqual([['2026-03-01T10:00:00Z', ['a0']]]);
  });
});
