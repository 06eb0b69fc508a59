import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DurableLog } from './durable-log.ts';
import {
  EventSourceMapping,
  type EventSourceMappingOptions,
  type EventSourceMappingProperties,
} from './event-source-mapping.ts';
import type { FailureDocument } from './event-source-mapping-event.ts';
import { KinesisStream } from './kinesis-stream.ts';
import type { LambdaResult } from './lambda-function.ts';

interface KinesisEvent {
  readonly Records: readonly {
    readonly eventID: string;
    readonly kinesis: {
      readonly sequenceNumber: string;
      readonly partitionKey: string;
      readonly data: string;
    };
  }[];
}

const textOf = (event: KinesisEvent): string[] =>
  event.Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());
const ok = (value: unknown = null): LambdaResult => ({ ok: true, value, requestId: 'r' });
const failed: LambdaResult = {
  ok: false,
  error: { errorType: 'E', errorMessage: 'bad', trace: [] },
  requestId: 'req',
};

let folder: string;
let log: DurableLog;
let stream: KinesisStream;
let mapping: EventSourceMapping | undefined;
let batches: string[][];
let documents: [string, FailureDocument][];
let counters: { in: number; out: number; dropped: Record<string, number> };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-esm-'));
  batches = [];
  documents = [];
  counters = { in: 0, out: 0, dropped: {} };
  openStream(1);
});
afterEach(async () => {
  await mapping?.stop();
  mapping = undefined;
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

function openStream(shardCount: number, nowMillis?: () => number): void {
  log = DurableLog.open({ folder: join(folder, String(shardCount)), durability: 'process' });
  const options = { name: 'readings', shardCount, retentionHours: 24 };
  stream = KinesisStream.open(log, nowMillis ? { ...options, nowMillis } : options);
}

async function reopen(shardCount: number, nowMillis?: () => number): Promise<void> {
  await mapping?.stop();
  mapping = undefined;
  await log.close();
  openStream(shardCount, nowMillis);
}

function start(
  invoke: (event: KinesisEvent) => LambdaResult | Promise<LambdaResult>,
  properties: Partial<EventSourceMappingProperties> = {},
  options: Partial<EventSourceMappingOptions> = {},
): void {
  mapping = EventSourceMapping.start({
    mapping: {
      logicalId: 'Mapping',
      functionName: 'fn',
      streamArn: stream.arn,
      startingPosition: 'TRIM_HORIZON',
      batchSize: 10,
      batchWindowSeconds: 0,
      parallelizationFactor: 1,
      bisect: false,
      maximumRetryAttempts: 2,
      maximumRecordAgeSeconds: -1,
      reportBatchItemFailures: false,
      tumblingWindowSeconds: 0,
      onFailureArn: 'arn:aws:s3:::failures',
      filterPatterns: [],
      ...properties,
    },
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:fn',
    region: 'us-east-1',
    stream,
    log,
    stageName: 'function fn',
    stage: {
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
      const event = JSON.parse(Buffer.from(text).toString()) as KinesisEvent;
      batches.push(textOf(event));
      return invoke(event);
    },
    onFailure: async (arn, document) => {
      documents.push([arn, document]);
    },
    retryBaseMillis: 1,
    retryCapMillis: 4,
    ...options,
  });
}

async function put(...texts: string[]): Promise<void> {
  for (const text of texts) stream.put(text.replace(/\d+$/, ''), text);
  await log.durable();
}

const numbered = (count: number, prefix = 'a'): string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`);
const drained = (): Promise<void> =>
  expect.poll(() => mapping!.lag().backlog, { timeout: 10_000, interval: 5 }).toBe(0);
const discarded = (): string[] =>
  documents.flatMap(([, { body }]) => textOf(JSON.parse((JSON.parse(body) as { payload: string }).payload)));
const throwOn =
  (poison: readonly string[]) =>
  (event: KinesisEvent): LambdaResult =>
    textOf(event).some((text) => poison.includes(text)) ? failed : ok();
const reportFirst =
  (poison: readonly string[]) =>
  (event: KinesisEvent): LambdaResult => {
    const bad = event.Records.filter((_, at) => poison.includes(textOf(event)[at]!));
    return ok({ batchItemFailures: bad.map(({ kinesis }) => ({ itemIdentifier: kinesis.sequenceNumber })) });
  };

describe('a batch', () => {
  test('has the shape Lambda gives it', async () => {
    await put('a0');
    const events: KinesisEvent[] = [];
    start((event) => {
      events.push(event);
      return ok();
    });
    await drained();
    const [first] = stream.read(stream.shardIds[0]!, undefined, { maxRecords: 1 });
    const { sequenceNumber, arrivalMillis } = first!;
    expect(events[0]).toEqual({
      Records: [
        {
          kinesis: {
            kinesisSchemaVersion: '1.0',
            partitionKey: 'a',
            sequenceNumber,
            data: 'YTA=',
            approximateArrivalTimestamp: arrivalMillis / 1000,
          },
          eventSource: 'aws:kinesis',
          eventVersion: '1.0',
          eventID: `shardId-000000000000:${sequenceNumber}`,
          eventName: 'aws:kinesis:record',
          invokeIdentityArn: 'arn:aws:iam::000000000000:role/fn',
          awsRegion: 'us-east-1',
          eventSourceARN: stream.arn,
        },
      ],
    });
  });

  test('is as large as its size allows, in order', async () => {
    await put(...numbered(25));
    start(() => ok());
    await drained();
    expect(batches.map((batch) => batch.length)).toEqual([10, 10, 5]);
    expect(batches.flat()).toEqual(numbered(25));
    expect(counters).toEqual({ in: 25, out: 25, dropped: {} });
  });

  test('waits for its window unless it is full before', async () => {
    start(() => ok(), { batchWindowSeconds: 1 });
    const startMillis = performance.now();
    await put('a0');
    await put('a1');
    await new Promise((later) => setTimeout(later, 300));
    expect(batches).toEqual([]);
    await drained();
    expect(batches).toEqual([['a0', 'a1']]);
    expect(performance.now() - startMillis).toBeGreaterThan(990);
    await put(...numbered(10));
    await expect.poll(() => batches.length, { timeout: 500, interval: 5 }).toBe(2);
  });

  test('stays below six megabytes with base64 and envelope', async () => {
    const sizes: number[] = [];
    for (let n = 0; n < 12; n++) stream.put('ключ', 'x'.repeat(1_000_000));
    await log.durable();
    start(
      () => ok(),
      { batchSize: 100 },
      {
        invoke: async (_, text) => {
          sizes.push(text.byteLength);
          return ok();
        },
      },
    );
    await drained();
    expect(sizes.length).toBe(3);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(6 * 1024 * 1024);
  });

  test('leaves out what no filter pattern wants, and the checkpoint passes it', async () => {
    start(() => ok(), { filterPatterns: ['{"data":{"keep":[true]}}'] });
    await put('{"keep":true,"n":1}', '{"keep":false}', 'not json', '{"keep":true,"n":2}');
    await drained();
    expect(batches.flat()).toEqual(['{"keep":true,"n":1}', '{"keep":true,"n":2}']);
    expect(counters).toEqual({ in: 4, out: 2, dropped: { filtered: 2 } });
  });
});

describe('a function error', () => {
  test('is retried with the same batch until it succeeds', async () => {
    await put(...numbered(3));
    let left = 2;
    start(() => (left-- > 0 ? failed : ok()));
    await drained();
    expect(batches).toEqual([numbered(3), numbered(3), numbered(3)]);
    expect(documents).toEqual([]);
    expect(mapping!.counts).toMatchObject({ invocations: 3, failures: 2, retries: 2, discarded: 0 });
  });

  test('ends in the on-failure destination with the whole records when the retries are used up', async () => {
    await put(...numbered(3));
    start(() => failed, {}, { nowMillis: () => Date.UTC(2026, 10, 21, 4, 5, 6) });
    await drained();
    expect(batches).toHaveLength(3);
    const [[arn, { key, body }]] = documents as [[string, FailureDocument]];
    expect(arn).toBe('arn:aws:s3:::failures');
    expect(key).toMatch(
      /^aws\/lambda\/Mapping\/shardId-000000000000\/\d{4}\/\d\d\/\d\d\/[-T\d.]{19}-[0-9a-f]{32}$/,
    );
    expect(JSON.parse(body)).toMatchObject({
      requestContext: {
        requestId: 'req',
        functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:fn:$LATEST',
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: 3,
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: '2026-11-21T04:05:06.000Z',
      KinesisBatchInfo: { shardId: 'shardId-000000000000', batchSize: 3, streamArn: stream.arn },
    });
    expect(discarded()).toEqual(numbered(3));
    expect(counters).toEqual({ in: 3, out: 0, dropped: { 'retries-exhausted': 3 } });
  });

  test('leaves the payload out for a queue, as Lambda does', async () => {
    await put('a0');
    start(() => failed, { onFailureArn: 'arn:aws:sqs:us-east-1:000000000000:dlq' });
    await drained();
    expect(JSON.parse(documents[0]![1].body)).not.toHaveProperty('payload');
  });

  test.each([
    ['first', ['a0']],
    ['in the middle', ['a4']],
    ['last', ['a9']],
    ['three times', ['a0', 'a5', 'a9']],
  ])('from a poison record that comes %s only costs that record, with bisect', async (_, poison) => {
    await put(...numbered(10), ...numbered(5, 'b'));
    for (const invoke of [throwOn(poison), reportFirst(poison)]) {
      const logicalId = `Mapping${batches.length}`;
      documents = [];
      const delivered: string[] = [];
      start(
        (event) => {
          const result = invoke(event);
          if (
            result.ok &&
            !(result.value as { batchItemFailures?: unknown[] } | null)?.batchItemFailures?.length
          )
            delivered.push(...textOf(event));
          return result;
        },
        { logicalId, bisect: true, reportBatchItemFailures: true },
      );
      await drained();
      expect(discarded()).toEqual(poison);
      for (const text of [...numbered(10), ...numbered(5, 'b')].filter((each) => !poison.includes(each)))
        expect(batches.flat()).toContain(text);
      expect(delivered).toEqual([...delivered].sort());
      await mapping!.stop();
    }
  });

  test('reported for one record retries from there, without bisect', async () => {
    await put(...numbered(5));
    let left = 1;
    start((event) => (left-- > 0 ? reportFirst(['a3'])(event) : ok()), { reportBatchItemFailures: true });
    await drained();
    expect(batches).toEqual([numbered(5), ['a3', 'a4']]);
  });

  test('does not use up retries while the function cannot be invoked', async () => {
    await put('a0');
    let left = 8;
    const throttled: LambdaResult = {
      ok: false,
      error: { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.', trace: [] },
      requestId: 'r',
    };
    start(() => (left-- > 0 ? throttled : ok()));
    await drained();
    expect([documents, mapping!.counts.throttles]).toEqual([[], 8]);
  });

  test('waits for the destination rather than forget the records', async () => {
    await put('a0', 'a1');
    let left = 3;
    const reports: string[] = [];
    start(
      throwOn(['a0']),
      { bisect: true, maximumRetryAttempts: 0 },
      {
        report: (text) => reports.push(text),
        onFailure: async (arn, document) => {
          if (left-- > 0) throw new Error('disk full');
          documents.push([arn, document]);
        },
      },
    );
    await drained();
    expect(discarded()).toEqual(['a0']);
    expect(reports).toHaveLength(3);
    expect(reports[0]).toBe("Cannot write 1 failed records to 'arn:aws:s3:::failures': disk full");
  });

  test('stops mattering when the records are older than allowed', async () => {
    let nowMillis = 1_000_000;
    await reopen(1, () => nowMillis);
    await put(...numbered(2));
    nowMillis += 61_000;
    await put('b0');
    start(() => ok(), { maximumRecordAgeSeconds: 60 }, { nowMillis: () => nowMillis });
    await drained();
    expect(batches).toEqual([['b0']]);
    expect(discarded()).toEqual(numbered(2));
    expect(JSON.parse(documents[0]![1].body).requestContext).toMatchObject({
      condition: 'RecordAgeExceeded',
      approximateInvokeCount: 0,
    });
    expect(counters).toEqual({ in: 3, out: 1, dropped: { 'record-age': 2 } });
  });
});

describe('any set of poison records', () => {
  test('is discarded, all others are delivered, and the order of each partition key is kept', async () => {
    let run = 0;
    const cases = fc.record({
      poison: fc.uniqueArray(fc.integer({ min: 0, max: 39 }), { maxLength: 12 }),
      factor: fc.constantFrom(1, 3),
      shards: fc.constantFrom(1, 2),
      partialResponse: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ poison, factor, shards, partialResponse }) => {
        await mapping?.stop();
        const name = `stream-${++run}`;
        stream = KinesisStream.open(log, { name, shardCount: shards, retentionHours: 24 });
        const texts = Array.from({ length: 40 }, (_, n) => `k${n % 7}:${String(n).padStart(2, '0')}`);
        for (const text of texts) stream.put(text.slice(0, 2), text);
        await log.durable();
        const bad = poison.map((n) => texts[n]!);
        documents = [];
        counters = { in: 0, out: 0, dropped: {} };
        const delivered: string[] = [];
        start(
          async (event) => {
            await new Promise(setImmediate);
            const all = textOf(event);
            const first = all.findIndex((text) => bad.includes(text));
            delivered.push(...(first < 0 ? all : partialResponse ? all.slice(0, first) : []));
            return first < 0 ? ok() : partialResponse ? reportFirst(bad)(event) : failed;
          },
          {
            logicalId: name,
            bisect: true,
            reportBatchItemFailures: true,
            parallelizationFactor: factor,
            maximumRetryAttempts: 1,
          },
        );
        await drained();
        expect(discarded().sort()).toEqual([...bad].sort());
        expect([...delivered].sort()).toEqual(texts.filter((text) => !bad.includes(text)).sort());
        for (let key = 0; key < 7; key++) {
          const ofKey = delivered.filter((text) => text.startsWith(`k${key}`));
          expect(ofKey).toEqual([...ofKey].sort());
        }
        const drops = bad.length > 0 ? { 'retries-exhausted': bad.length } : {};
        expect(counters).toEqual({ in: 40, out: 40 - bad.length, dropped: drops });
      }),
      { numRuns: 25 },
    );
  });
});

describe('parallelization', () => {
  test('runs several batches of a shard at once, and a stuck key does not hold up the others', async () => {
    let running = 0;
    let most = 0;
    let release = (): void => {};
    const stuck = new Promise<void>((resolve) => {
      release = resolve;
    });
    for (let n = 0; n < 40; n++) stream.put(`key${n % 8}`, `key${n % 8}:${n}`);
    await log.durable();
    start(
      async (event) => {
        most = Math.max(most, ++running);
        if (textOf(event).some((text) => text.startsWith('key0:'))) await stuck;
        else await new Promise((later) => setTimeout(later, 10));
        running -= 1;
        return ok();
      },
      { parallelizationFactor: 4, batchSize: 5 },
    );
    await expect.poll(() => mapping!.counts.invocations).toBeGreaterThan(4);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
    expect(mapping!.lag().backlog).toBe(40);
    release();
    await drained();
    expect(new Set(batches.flat()).size).toBe(40);
  });
});

describe('a restart', () => {
  test('goes on after the last success', async () => {
    await put(...numbered(10));
    start(() => ok());
    await drained();
    await reopen(1);
    await put(...numbered(3, 'b'));
    start(() => ok());
    await drained();
    expect(batches).toEqual([numbered(10), numbered(3, 'b')]);
  });

  test('brings back what failed, and no other', async () => {
    await put(...numbered(20));
    start((event) => (textOf(event)[0] === 'a10' ? failed : ok()), { maximumRetryAttempts: -1 });
    await expect.poll(() => mapping!.counts.retries).toBeGreaterThan(3);
    await reopen(1);
    batches = [];
    start(() => ok());
    await drained();
    expect(batches).toEqual([numbered(20).slice(10)]);
  });

  test('from LATEST goes on from the first start, even when nothing had come', async () => {
    await put('old0');
    start(() => ok(), { startingPosition: 'LATEST' });
    await reopen(1);
    await put('new0');
    start(() => ok(), { startingPosition: 'LATEST' });
    await drained();
    expect(batches).toEqual([['new0']]);
  });

  test('counts what retention took away in the meantime', async () => {
    let nowMillis = Date.UTC(2026, 10, 21);
    await reopen(1, () => nowMillis);
    await put(...numbered(3));
    start(() => ok());
    await drained();
    await mapping!.stop();
    await put(...numbered(4, 'b'));
    nowMillis += 25 * 3_600_000;
    await put('c0');
    expect(stream.trim(nowMillis)).toBe(7);
    await log.durable();
    start(() => ok());
    await drained();
    expect(batches).toEqual([numbered(3), ['c0']]);
    expect(counters).toEqual({ in: 8, out: 4, dropped: { expired: 4 } });
  });

  test('lets the invocation in flight end and keeps what it did', async () => {
    await put(...numbered(20));
    start(async () => {
      await new Promise((later) => setTimeout(later, 100));
      return ok();
    });
    await expect.poll(() => batches.length).toBe(1);
    await mapping!.stop();
    expect([batches.length, counters.out, mapping!.lag().backlog]).toEqual([1, 10, 10]);
  });
});

describe('what is not copied is refused', () => {
  test.each([
    [{ tumblingWindowSeconds: 60 }, 'tumbling windows of 60 s are not supported'],
    [{ batchSize: 0 }, 'batchSize is 0, Lambda allows 1 to 10000'],
    [{ parallelizationFactor: 11 }, 'parallelizationFactor is 11, Lambda allows 1 to 10'],
    [{ maximumRecordAgeSeconds: 10 }, 'maximumRecordAgeSeconds is 10, Lambda allows -1 or 60 to 604800'],
    [{ filterPatterns: ['{"data":{"a":[{"cidr":"10.0.0.0/8"}]}}'] }, 'operator "cidr" is not supported'],
  ])('%j', (properties, message) => {
    expect(() => start(() => ok(), properties)).toThrow(message);
  });
});
