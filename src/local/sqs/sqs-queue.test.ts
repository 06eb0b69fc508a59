import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QueueResource } from '../../stack/stack.ts';
import { Ledger } from '../ledger.ts';
import { DurableLog } from '../log/durable-log.ts';
import { SqsQueue } from './sqs-queue.ts';

let folder: string;
let log: DurableLog;
let ledger: Ledger;
let queue: SqsQueue;
let deadLetters: SqsQueue;
let nowMillis: number;

const resourceOf = (name: string, more: Partial<QueueResource> = {}): QueueResource => ({
  logicalId: name,
  name,
  arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
  url: '',
  visibilityTimeoutSeconds: 30,
  retentionSeconds: 3600,
  maximumMessageBytes: 1024 * 1024,
  ...more,
});

function open(): void {
  log = DurableLog.open({ folder, durability: 'process' });
  ledger = new Ledger(log.readState('ledger'));
  log.onCommit(() => log.writeState('ledger', ledger.encode()));
  const base = { log, nowMillis: () => nowMillis };
  const make = (resource: QueueResource, more: object = {}): SqsQueue =>
    new SqsQueue({
      ...base,
      resource,
      stageName: `queue ${resource.name}`,
      stage: ledger.stage(`queue ${resource.name}`),
      ...more,
    });
  const dead = resourceOf('dead');
  deadLetters = make(dead);
  const redrive = { queueArn: dead.arn, maximumReceives: 2 };
  queue = make(resourceOf('work', { redrive }), { deadLetters });
}

async function reopen(): Promise<void> {
  await log.close();
  open();
}

async function send(...bodies: string[]): Promise<void> {
  for (const body of bodies) queue.send({ body });
  await log.durable();
}
const receive = (maxMessages = 10, from = queue) => from.receive({ maxMessages });
const bodies = (from: readonly { body: string }[]): string[] => from.map(({ body }) => body);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-sqs-'));
  nowMillis = Date.UTC(2026, 10, 21);
  open();
});
afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a queue', () => {
  it('hands out what was sent, once, until its time is over', async () => {
    await send('a', 'b', 'c');
    const first = receive(2);
    expect(first.map(({ body, receives }) => [body, receives])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect(bodies(receive())).toEqual(['c']);
    expect(receive()).toEqual([]);
    queue.delete(first[0]!.receiptHandle);
    nowMillis += 30_000;
    expect(receive().map(({ body, receives }) => [body, receives])).toEqual([
      ['b', 2],
      ['c', 2],
    ]);
  });

  it('hands out nothing that is not durable', () => {
    queue.send({ body: 'a' });
    expect(receive()).toEqual([]);
  });

  it('keeps the identity and the time of a message over receives', async () => {
    await send('a');
    const [first] = receive();
    nowMillis += 30_000;
    const [second] = receive();
    const { messageId, sentMillis, firstReceiveMillis } = first!;
    expect(second).toMatchObject({ messageId, sentMillis, firstReceiveMillis });
    queue.delete(first!.receiptHandle);
    expect(queue.counts).toEqual({ visible: 0, hidden: 0 });
  });

  it('gives up what was received twice, with its bytes, identity and source', async () => {
    await send('poison', 'good');
    const id = receive(1)[0]!.messageId;
    nowMillis += 30_000;
    const [again, good] = receive();
    queue.delete(good!.receiptHandle);
    expect(again!.messageId).toBe(id);
    nowMillis += 30_000;
    expect(receive()).toEqual([]);
    await log.durable();
    expect(receive(10, deadLetters)).toMatchObject([
      { messageId: id, body: 'poison', receives: 1, deadLetterSource: queue.resource.arn },
    ]);
    expect(ledger.stage('queue work').entry).toMatchObject({ in: 2, out: 1, dropped: { 'dead-letter': 1 } });
    expect(queue.counts).toEqual({ visible: 0, hidden: 0 });
  });

  it('drops what is older than its retention, and counts it', async () => {
    await send('old');
    nowMillis += 3_600_001;
    await send('new');
    expect(bodies(receive())).toEqual(['new']);
    expect(ledger.stage('queue work').entry).toMatchObject({ dropped: { expired: 1 } });
  });

  it('counts receives over a restart, and hides nothing after it', async () => {
    await send('a', 'b', 'c');
    const [, b] = receive(2);
    queue.delete(b!.receiptHandle);
    await log.durable();
    await reopen();
    expect(receive().map(({ body, receives }) => [body, receives])).toEqual([
      ['a', 2],
      ['c', 1],
    ]);
    expect(ledger.stage('queue work').entry).toMatchObject({ in: 1, out: 1 });
  });

  it('does not hold it against a message that its receiver died with the process', async () => {
    await send('cut', 'failed');
    const [, failed] = queue.receive({ maxMessages: 2, isHere: true });
    queue.giveBack(failed!.receiptHandle);
    await log.durable();
    await reopen();
    expect(receive().map(({ body, receives }) => [body, receives])).toEqual([
      ['cut', 1],
      ['failed', 2],
    ]);
  });

  it('keeps little beside one message that is never deleted, whatever passes it', async () => {
    await send('stuck');
    receive();
    for (let round = 0; round < 20; round += 1) {
      await send(...Array.from({ length: 50 }, (_, n) => `${n}`));
      for (const { receiptHandle } of receive(50)) queue.delete(receiptHandle);
    }
    await log.durable();
    expect(log.readState('sqs/work')!.length).toBeLessThan(100);
    expect(queue.lag()).toMatchObject({ backlog: 1 });
  });

  it('gives back room up to the first message that is left', async () => {
    await send('a', 'b');
    const [a] = receive(1);
    queue.delete(a!.receiptHandle);
    await log.durable();
    nowMillis += 60_000;
    queue.trim();
    await reopen();
    expect(bodies(receive())).toEqual(['b']);
  });

  it('lets a receiver hide a message for longer, or not at all', async () => {
    await send('a');
    const { receiptHandle } = receive()[0]!;
    queue.changeVisibility(receiptHandle, 60);
    nowMillis += 30_000;
    expect(receive()).toEqual([]);
    queue.changeVisibility(receiptHandle, 0);
    expect(bodies(receive())).toEqual(['a']);
  });

  it('bounds what it hands out by bytes, but gives at least one', async () => {
    await send('x'.repeat(1000), 'y'.repeat(1000), 'z');
    expect(queue.receive({ maxMessages: 10, maxBytes: 1500 })).toHaveLength(1);
    expect(queue.receive({ maxMessages: 10, maxBytes: 10 })).toHaveLength(1);
  });

  it.each([
    ['an empty body', '', 'MissingParameter'],
    ['a control character', 'a\u0000', 'InvalidMessageContents'],
    ['half of a surrogate pair', '\ud800', 'InvalidMessageContents'],
    ['a body above the limit', 'ä'.repeat(512 * 1024 + 1), 'InvalidParameterValue'],
  ])('refuses %s', (_, body, name) => {
    expect(() => queue.send({ body })).toThrow(expect.objectContaining({ name }));
  });

  it('refuses a handle that it never gave', () => {
    for (const handle of ['', 'x', Buffer.from('mesonet:-1:2').toString('base64url')])
      expect(() => queue.delete(handle)).toThrow(expect.objectContaining({ name: 'ReceiptHandleIsInvalid' }));
  });

  it('agrees with a naive queue, over restarts', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('send' as const) }) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('receive' as const),
          count: fc.integer({ min: 1, max: 3 }),
        }),
      },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), which: fc.nat(5) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        // Each run begins on the log of the one before, with an empty queue.
        nowMillis += 1_000_000;
        for (const { receiptHandle } of receive(1000)) queue.delete(receiptHandle);
        const left = new Map<string, { receives: number; handle?: string; isHidden: boolean }>();
        let number = 0;
        for (const each of steps) {
          if (each.kind === 'send') {
            const body = `m${number++}`;
            await send(body);
            left.set(body, { receives: 0, isHidden: false });
          } else if (each.kind === 'receive') {
            for (const [body, state] of left) if (!state.isHidden && state.receives === 2) left.delete(body);
            const visible = [...left].filter(([, { isHidden }]) => !isHidden).map(([body]) => body);
            const received = receive(each.count);
            expect(received.length).toBe(Math.min(each.count, visible.length));
            for (const { body, receives, receiptHandle } of received) {
              expect(visible).toContain(body);
              expect(receives).toBe(left.get(body)!.receives + 1);
              left.set(body, { receives, handle: receiptHandle, isHidden: true });
            }
          } else if (each.kind === 'delete') {
            const [body, state] = [...left][each.which] ?? [];
            if (body === undefined || !state?.handle) continue;
            queue.delete(state.handle);
            left.delete(body);
          } else if (each.kind === 'wait') {
            nowMillis += 30_000;
            for (const state of left.values()) state.isHidden = false;
          } else {
            await log.durable();
            await reopen();
            for (const state of left.values()) state.isHidden = false;
          }
        }
      }),
      { numRuns: 30 },
    );
  }, 30_000);
});
