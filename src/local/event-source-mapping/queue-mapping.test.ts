import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QueueMappingResource, QueueResource } from '../../stack/stack.ts';
import type { LambdaResult } from '../lambda/lambda-function.ts';
import { Ledger } from '../ledger.ts';
import { DurableLog } from '../log/durable-log.ts';
import { SqsQueue } from '../sqs/sqs-queue.ts';
import { QueueMapping } from './queue-mapping.ts';

const ARN = 'arn:aws:sqs:us-east-1:000000000000:work';
const ok = (value: unknown = null): LambdaResult => ({ ok: true, value, requestId: 'r' });
const failed: LambdaResult = {
  ok: false,
  error: { errorType: 'E', errorMessage: 'bad', trace: [] },
  requestId: 'r',
};

let folder: string;
let log: DurableLog;
let ledger: Ledger;
let queue: SqsQueue;
let deadLetters: SqsQueue;
let mapping: QueueMapping | undefined;
let events: SQSEvent[];
let offsetMillis: number;

function open(): void {
  log = DurableLog.open({ folder, durability: 'process' });
  ledger = new Ledger(log.readState('ledger'));
  log.onCommit(() => log.writeState('ledger', ledger.encode()));
  const make = (name: string, more: Partial<QueueResource>, dead?: SqsQueue): SqsQueue =>
    new SqsQueue({
      resource: {
        logicalId: name,
        name,
        arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
        url: '',
        visibilityTimeoutSeconds: 60,
        retentionSeconds: 345_600,
        maximumMessageBytes: 1024 * 1024,
        ...more,
      },
      log,
      stageName: name,
      stage: ledger.stage(name),
      nowMillis: () => Date.now() + offsetMillis,
      ...(dead && { deadLetters: dead }),
    });
  deadLetters = make('dead', {});
  queue = make('work', { redrive: { queueArn: deadLetters.resource.arn, maximumReceives: 3 } }, deadLetters);
}

function start(
  invoke: (event: SQSEvent) => LambdaResult | Promise<LambdaResult>,
  properties: Partial<QueueMappingResource> = {},
): void {
  mapping = QueueMapping.start({
    mapping: {
      logicalId: 'Mapping',
      functionName: 'fn',
      queueArn: ARN,
      batchSize: 10,
      batchWindowSeconds: 0,
      reportBatchItemFailures: true,
      maximumConcurrency: 2,
      ...properties,
    },
    queue,
    region: 'us-east-1',
    log,
    invoke: async (_, text) => {
      const event = JSON.parse(text) as SQSEvent;
      events.push(event);
      return invoke(event);
    },
  });
}

async function send(...bodies: string[]): Promise<void> {
  for (const body of bodies) queue.send({ body });
  await log.durable();
}
const batches = (): string[][] => events.map(({ Records }) => Records.map(({ body }) => body));
const settled = (): Promise<void> =>
  expect.poll(() => queue.counts, { timeout: 10_000, interval: 5 }).toEqual({ visible: 0, hidden: 0 });
const reporting =
  (bad: readonly string[]) =>
  ({ Records }: SQSEvent): LambdaResult =>
    ok({
      batchItemFailures: Records.filter(({ body }) => bad.includes(body)).map(({ messageId }) => ({
        itemIdentifier: messageId,
      })),
    });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-queue-mapping-'));
  events = [];
  offsetMillis = 0;
  open();
});
afterEach(async () => {
  await mapping?.stop();
  mapping = undefined;
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('an event source mapping of a queue', () => {
  it('hands over the event that Lambda makes', async () => {
    queue.send({
      body: '{"a":"ä"}',
      attributes: { source: { DataType: 'String', StringValue: 'gateway' } },
    });
    await log.durable();
    start(() => ok());
    await settled();
    const time = expect.stringMatching(/^\d{13}$/);
    expect(events).toEqual([
      {
        Records: [
          {
            messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
            receiptHandle: expect.any(String),
            body: '{"a":"ä"}',
            attributes: {
              ApproximateReceiveCount: '1',
              SentTimestamp: time,
              SenderId: 'local',
              ApproximateFirstReceiveTimestamp: time,
            },
            messageAttributes: {
              source: {
                stringValue: 'gateway',
                stringListValues: [],
                binaryListValues: [],
                dataType: 'String',
              },
            },
            md5OfBody: createHash('md5').update('{"a":"ä"}').digest('hex'),
            eventSource: 'aws:sqs',
            eventSourceARN: ARN,
            awsRegion: 'us-east-1',
          },
        ],
      },
    ]);
    expect(ledger.stage('work').entry).toMatchObject({ in: 1, out: 1, dropped: {} });
  });

  it('makes batches of its size, and waits for its window before a smaller one', async () => {
    await send('a', 'b', 'c', 'd', 'e');
    const startMillis = performance.now();
    start(() => ok(), { batchSize: 2, batchWindowSeconds: 1 });
    await expect.poll(() => events.length, { interval: 5 }).toBe(2);
    expect(performance.now() - startMillis).toBeLessThan(900);
    await settled();
    expect(batches()).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(performance.now() - startMillis).toBeGreaterThanOrEqual(990);
  });

  it('works on as many batches at once as it may, and on no more', async () => {
    let running = 0;
    let most = 0;
    start(
      async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        return ok();
      },
      { batchSize: 1, maximumConcurrency: 3 },
    );
    await send(...Array.from({ length: 20 }, (_, n) => `${n}`));
    await settled();
    expect(most).toBe(3);
    expect(events).toHaveLength(20);
  });

  it.each([
    ['first', ['bad', 'a', 'b']],
    ['in the middle', ['a', 'bad', 'b']],
    ['last', ['a', 'b', 'bad']],
  ])(
    'gives up a poison message, %s in the batch, and passes the others once',
    async (_, bodies) => {
      await send(...bodies);
      start(reporting(['bad']));
      for (let receives = 1; receives <= 3; receives += 1) {
        await expect.poll(() => events.length, { timeout: 5000, interval: 5 }).toBe(receives);
        await expect.poll(() => queue.counts, { interval: 5 }).toEqual({ visible: 0, hidden: 1 });
        offsetMillis += 60_000;
      }
      await settled();
      expect(batches()).toEqual([bodies, ['bad'], ['bad']]);
      expect(events.map(({ Records }) => Records[0]!.attributes.ApproximateReceiveCount)).toEqual([
        '1',
        '2',
        '3',
      ]);
      await log.durable();
      expect(deadLetters.receive({ maxMessages: 10 })).toMatchObject([{ body: 'bad' }]);
      expect(ledger.stage('work').entry).toMatchObject({ in: 3, out: 2, dropped: { 'dead-letter': 1 } });
    },
    20_000,
  );

  it.each([
    ['the function fails', failed, true],
    [
      'it reports a message that is not in the batch',
      ok({ batchItemFailures: [{ itemIdentifier: 'x' }] }),
      true,
    ],
    ['it reports an empty identifier', ok({ batchItemFailures: [{ itemIdentifier: '' }] }), true],
    ['it reports by another key', ok({ batchItemFailures: [{ id: 'x' }] }), true],
    ['it reports no list', ok({ batchItemFailures: 'all' }), true],
    ['it reports nothing', ok({ batchItemFailures: [] }), false],
    ['it answers nothing', ok(null), false],
  ])('when %s', async (_, answer, comesAgain) => {
    await send('a', 'b');
    start(() => answer);
    await expect
      .poll(() => queue.counts, { interval: 5 })
      .toEqual({ visible: 0, hidden: comesAgain ? 2 : 0 });
    expect(queue.lag()).toMatchObject({ backlog: comesAgain ? 2 : 0 });
  });

  it('does not read the report unless it is told to', async () => {
    await send('bad');
    start(reporting(['bad']), { reportBatchItemFailures: false });
    await settled();
  });

  it('keeps batches within the payload of an invocation', async () => {
    const large = '"'.repeat(1024 * 1024 - 2);
    await send(...Array.from({ length: 5 }, () => large));
    start(() => ok());
    await settled();
    // Each quote is two bytes of the event.
    expect(batches().map(({ length }) => length)).toEqual([2, 2, 1]);
  });

  it('goes on after a restart where it was, and counts nothing twice', async () => {
    await send('a', 'b', 'c');
    start(reporting(['b']));
    await expect.poll(() => queue.counts, { interval: 5 }).toEqual({ visible: 0, hidden: 1 });
    await mapping!.stop();
    await log.close();
    events = [];
    open();
    start(() => ok());
    await settled();
    expect(batches()).toEqual([['b']]);
    expect(events[0]!.Records[0]!.attributes.ApproximateReceiveCount).toBe('2');
    expect(ledger.stage('work').entry).toMatchObject({ in: 3, out: 3 });
  });

  it.each([
    [{ batchSize: 0 }, 'batchSize is 0, Lambda allows 1 to 10000'],
    [{ batchSize: 11 }, 'batchWindowSeconds is 0, Lambda allows 1 to 300'],
    [{ maximumConcurrency: 1 }, 'maximumConcurrency is 1, Lambda allows 2 to 1000'],
  ])('is refused with %j', (properties, message) => {
    expect(() => start(() => ok(), properties)).toThrow(message);
  });
});
