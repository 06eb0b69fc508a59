import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FailureDocument } from '../event-source-mapping/event-source-mapping-event.ts';
import { DurableLog } from '../log/durable-log.ts';
import type { LambdaResult } from './lambda-function.ts';
import { LambdaQueue, type LambdaQueueOptions } from './lambda-queue.ts';

let folder: string;
let log: DurableLog;
let queue: LambdaQueue;
let invoked: unknown[];
let documents: FailureDocument[];
let counters: { in: number; out: number; dropped: Record<string, number> };

const ok: LambdaResult = { ok: true, value: null, requestId: 'r' };
const failed: LambdaResult = {
  ok: false,
  error: { errorType: 'E', errorMessage: 'bad', trace: [] },
  requestId: 'r',
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-queue-'));
  log = DurableLog.open({ folder, durability: 'process' });
  [invoked, documents, counters] = [[], [], { in: 0, out: 0, dropped: {} }];
});
afterEach(async () => {
  await queue.stop();
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(
  invoke: (event: { n: number }) => LambdaResult | Promise<LambdaResult>,
  options: Partial<LambdaQueueOptions> = {},
): void {
  queue = LambdaQueue.start({
    functionName: 'fn',
    functionArn: 'arn:fn',
    log,
    stageName: 'function fn',
    stage: {
      begin: () => {},
      in: (n) => {
        counters.in += n;
      },
      out: (n) => {
        counters.out += n;
      },
      drop: (reason, n) => {
        counters.dropped[reason] = (counters.dropped[reason] ?? 0) + n;
      },
    },
    invoke: async (_, text) => {
      const event = JSON.parse(text) as { n: number };
      invoked.push(event.n);
      return invoke(event);
    },
    onFailureArn: 'arn:aws:s3:::failures',
    onFailure: async (_, document) => {
      documents.push(document);
    },
    retryBaseMillis: 20,
    ...options,
  });
}

const send = async (...numbers: number[]): Promise<void> => {
  for (const n of numbers) queue.send({ n });
  await log.durable();
};
const drained = (): Promise<void> => expect.poll(() => queue.lag().backlog, { interval: 5 }).toBe(0);

describe('the queue of asynchronous invocations', () => {
  test('invokes one event at a time', async () => {
    let [running, most] = [0, 0];
    start(async () => {
      most = Math.max(most, ++running);
      await new Promise((later) => setTimeout(later, 5));
      running -= 1;
      return ok;
    });
    await send(1, 2, 3);
    await drained();
    expect([invoked, most]).toEqual([[1, 2, 3], 1]);
    expect(counters).toEqual({ in: 3, out: 3, dropped: {} });
  });

  test('retries twice while others go on, then keeps the event at the destination', async () => {
    start(({ n }) => (n === 1 ? failed : ok));
    await send(1, 2, 3);
    await drained();
    expect(invoked).toEqual([1, 2, 3, 1, 1]);
    expect(JSON.parse(documents[0]!.body)).toMatchObject({
      version: '1.0',
      requestContext: {
        requestId: 'r',
        functionArn: 'arn:fn:$LATEST',
        condition: 'RetriesExhausted',
        approximateInvokeCount: 3,
      },
      requestPayload: { n: 1 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorType: 'E', errorMessage: 'bad' },
    });
    expect(counters).toEqual({ in: 3, out: 2, dropped: { 'retries-exhausted': 1 } });
  });

  test('brings back after a restart what was not done', async () => {
    start(({ n }) => (n === 2 ? failed : ok), { retryBaseMillis: 60_000 });
    await send(1, 2, 3);
    await expect.poll(() => invoked.length).toBe(3);
    expect(queue.lag().backlog).toBe(2);
    await queue.stop();
    invoked = [];
    start(() => ok);
    await drained();
    expect(invoked).toEqual([2, 3]);
  });

  test('does not count throttling as an attempt', async () => {
    let left = 5;
    start(async () => {
      if (left-- > 0) throw new Error('stopping');
      return ok;
    });
    await send(1);
    await drained();
    expect([invoked.length, documents]).toEqual([6, []]);
  });

  test('gives up an event that is older than allowed', async () => {
    let nowMillis = 1_000_000;
    start(
      ({ n }) => {
        if (n === 1) nowMillis += 120_000;
        return ok;
      },
      { nowMillis: () => nowMillis, maximumEventAgeSeconds: 60 },
    );
    await send(1, 2);
    await drained();
    expect(invoked).toEqual([1]);
    expect(JSON.parse(documents[0]!.body)).toMatchObject({
      requestContext: { condition: 'EventAgeExceeded', approximateInvokeCount: 0 },
      requestPayload: { n: 2 },
    });
  });

  test('refuses an event of more than 1 MB', () => {
    start(() => ok);
    expect(() => queue.send('x'.repeat(1024 * 1024))).toThrow(
      "Cannot queue an event of 1048578 bytes for 'fn'",
    );
  });
});
