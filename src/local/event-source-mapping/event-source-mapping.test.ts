import { describe, expect, test } from 'vitest';
import type { LambdaResult } from '../lambda/lambda-function.ts';
import {
  batches,
  counters,
  discarded,
  documents,
  drained,
  failed,
  forget,
  type KinesisEvent,
  log,
  mapping,
  numbered,
  ok,
  put,
  reopen,
  reportFirst,
  start,
  stream,
  textOf,
  throwOn,
} from './event-source-mapping.test-stage.ts';
import type { FailureDocument } from './event-source-mapping-event.ts';

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
      forget();
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

describe('what is not copied is refused', () => {
  test.each([
    [{ tumblingWindowSeconds: 901 }, 'tumblingWindowSeconds is 901'],
    [{ tumblingWindowSeconds: 60, parallelizationFactor: 2 }, 'a tumbling window keeps one state'],
    [{ batchSize: 0 }, 'batchSize is 0, Lambda allows 1 to 10000'],
    [{ parallelizationFactor: 11 }, 'parallelizationFactor is 11, Lambda allows 1 to 10'],
    [{ maximumRecordAgeSeconds: 10 }, 'maximumRecordAgeSeconds is 10, Lambda allows -1 or 60 to 604800'],
    [{ filterPatterns: ['{"data":{"a":[{"cidr":"10.0.0.0/8"}]}}'] }, 'operator "cidr" is not supported'],
  ])('%j', (properties, message) => {
    expect(() => start(() => ok(), properties)).toThrow(message);
  });
});
