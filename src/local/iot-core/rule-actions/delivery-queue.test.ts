import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LedgerStage } from '../../ledger.ts';
import { DurableLog } from '../../log/durable-log.ts';
import { ArrivedMessage } from '../arrived-message.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import { type Delivery, DeliveryError } from './rule-action.ts';

let folder: string;
let log: DurableLog;
let stage: LedgerStage;
let queue: DeliveryQueue;
let delivered: string[];
let givenUp: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-deliveries-'));
  log = DurableLog.open({ folder, durability: 'process' });
  stage = new LedgerStage('action r.S3');
  [delivered, givenUp] = [[], []];
});
afterEach(async () => {
  await queue.stop();
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

/** @param attempt called with what is to be delivered and how often it was tried */
function open(attempt: (text: string, tries: number) => void): void {
  const tries = new Map<string, number>();
  queue = new DeliveryQueue({
    name: 'r/S3',
    log,
    stageName: 'action r.S3',
    stage,
    concurrency: 1,
    nowMillis: Date.now,
    deliver: async ({ output }) => {
      const text = String(output);
      tries.set(text, (tries.get(text) ?? 0) + 1);
      attempt(text, tries.get(text)!);
      delivered.push(text);
    },
    onGivenUp: ({ output }, problem) => givenUp.push(`${String(output)}: ${problem}`),
  });
}

async function put(...outputs: (string | Buffer)[]): Promise<void> {
  const source = new ArrivedMessage({ topic: 'a', payload: Buffer.from('{}'), timestampMillis: 1 });
  const members = { BucketName: 'b', Key: 'k', RoleArn: 'r' };
  for (const output of outputs)
    queue.put({ ruleName: 'r', kind: 'S3', members, output, source } satisfies Delivery);
  await log.durable();
  await expect.poll(() => queue.lag().backlog, { timeout: 8000, interval: 5 }).toBe(0);
}

test('keeps the order, and bytes as they are', async () => {
  open(() => {});
  await put('1', Buffer.from('2'), '3');
  expect(delivered).toEqual(['1', '2', '3']);
  expect(stage.entry).toMatchObject({ in: 3, out: 3, dropped: {} });
});

test('tries again what may pass, without holding up what comes behind', async () => {
  open((text, tries) => {
    if (text === 'bad' && tries < 3) throw Object.assign(new Error('not yet'), { code: 'ECONNREFUSED' });
  });
  await put('bad', 'good');
  expect(delivered).toEqual(['good', 'bad']);
  expect(givenUp).toEqual([]);
});

test('gives up after five tries', async () => {
  let tries = 0;
  open(() => {
    tries += 1;
    throw Object.assign(new Error('not yet'), { code: 'ECONNREFUSED' });
  });
  await put('bad');
  expect([tries, givenUp, stage.entry.dropped]).toEqual([5, ['bad: not yet'], { ECONNREFUSED: 1 }]);
});

test('gives up at once what would fail again', async () => {
  let tries = 0;
  open(() => {
    tries += 1;
    throw new DeliveryError('wrong', 'It is wrong');
  });
  await put('bad');
  expect([tries, givenUp, stage.entry.dropped]).toEqual([1, ['bad: It is wrong'], { wrong: 1 }]);
});

test('gives back the room of what is done with and keeps what is not', async () => {
  open(() => {});
  await put('1');
  await put('2');
  queue.trim();
  await queue.stop();
  await log.durable();
  open(() => {});
  await put('3');
  expect(delivered).toEqual(['1', '2', '3']);
});
