import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { EventSourceMappingResource } from '../../stack/stack.ts';
import type { LambdaResult } from '../lambda/lambda-function.ts';
import { DurableLog } from '../log/durable-log.ts';
import { KinesisStream } from '../log/kinesis-stream.ts';
import { EventSourceMapping, type EventSourceMappingOptions } from './event-source-mapping.ts';
import type { FailureDocument } from './event-source-mapping-event.ts';

/** What the tests of event source mappings share: a stream in a temporary folder, a mapping on it, and what comes out. */
export interface KinesisEvent {
  readonly Records: readonly {
    readonly eventID: string;
    readonly kinesis: {
      readonly sequenceNumber: string;
      readonly partitionKey: string;
      readonly data: string;
    };
  }[];
}

export const textOf = (event: KinesisEvent): string[] =>
  event.Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());
export const ok = (value: unknown = null): LambdaResult => ({ ok: true, value, requestId: 'r' });
export const failed: LambdaResult = {
  ok: false,
  error: { errorType: 'E', errorMessage: 'bad', trace: [] },
  requestId: 'req',
};

let folder: string;
export let log: DurableLog;
export let stream: KinesisStream;
export let mapping: EventSourceMapping | undefined;
export let batches: string[][];
export let documents: [string, FailureDocument][];
export let counters: { in: number; out: number; dropped: Record<string, number> };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-esm-'));
  forget();
  openStream(1);
});
afterEach(async () => {
  await mapping?.stop();
  mapping = undefined;
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

export function openStream(shardCount: number, nowMillis?: () => number): void {
  log = DurableLog.open({ folder: join(folder, String(shardCount)), durability: 'process' });
  const options = { name: 'readings', shardCount, retentionHours: 24 };
  stream = KinesisStream.open(log, nowMillis ? { ...options, nowMillis } : options);
}

export async function reopen(shardCount: number, nowMillis?: () => number): Promise<void> {
  await mapping?.stop();
  mapping = undefined;
  await log.close();
  openStream(shardCount, nowMillis);
}

export function start(
  invoke: (event: KinesisEvent) => LambdaResult | Promise<LambdaResult>,
  properties: Partial<EventSourceMappingResource> = {},
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

export async function put(...texts: string[]): Promise<void> {
  for (const text of texts) stream.put(text.replace(/\d+$/, ''), text);
  await log.durable();
}

export const numbered = (count: number, prefix = 'a'): string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`);
export const drained = (): Promise<void> =>
  expect.poll(() => mapping!.lag().backlog, { timeout: 10_000, interval: 5 }).toBe(0);
export const discarded = (): string[] =>
  documents.flatMap(([, { body }]) => textOf(JSON.parse((JSON.parse(body) as { payload: string }).payload)));
export const throwOn =
  (poison: readonly string[]) =>
  (event: KinesisEvent): LambdaResult =>
    textOf(event).some((text) => poison.includes(text)) ? failed : ok();
export const reportFirst =
  (poison: readonly string[]) =>
  (event: KinesisEvent): LambdaResult => {
    const bad = event.Records.filter((_, at) => poison.includes(textOf(event)[at]!));
    return ok({ batchItemFailures: bad.map(({ kinesis }) => ({ itemIdentifier: kinesis.sequenceNumber })) });
  };

/** Opens another stream beside the first one. */
export function useStream(name: string, shardCount: number): void {
  stream = KinesisStream.open(log, { name, shardCount, retentionHours: 24 });
}

/** Forgets what came out so far. */
export function forget(): void {
  batches = [];
  documents = [];
  counters = { in: 0, out: 0, dropped: {} };
}
