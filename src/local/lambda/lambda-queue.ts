import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CountingStage } from '../event-source-mapping/event-source-mapping.ts';
import type { FailureDocument } from '../event-source-mapping/event-source-mapping-event.ts';
import { backoffMillis } from '../event-source-mapping/event-source-mapping-plan.ts';
import {
  type Fate,
  ShardProgress,
  type Tracked,
} from '../event-source-mapping/event-source-mapping-progress.ts';
import type { StageLag } from '../http/statistics.ts';
import { LocalError } from '../local-error.ts';
import type { DurableLog } from '../log/durable-log.ts';
import { KinesisStream, type StreamRecord } from '../log/kinesis-stream.ts';
import { type LambdaResult, MAX_ASYNC_PAYLOAD_BYTES } from './lambda-function.ts';

export interface LambdaQueueOptions {
  readonly functionName: string;
  readonly functionArn: string;
  readonly log: DurableLog;
  readonly stageName: string;
  readonly stage: CountingStage;
  readonly invoke: (functionName: string, event: string) => Promise<LambdaResult>;
  /** Where an event goes that failed for good; without one it is dropped and counted. */
  readonly onFailureArn?: string;
  readonly onFailure: (destinationArn: string, document: FailureDocument) => Promise<void>;
  readonly report?: (text: string) => void;
  /** Invocations at once; 1 when not given. */
  readonly concurrency?: number;
  /** 0 to 2; 2 when not given. */
  readonly maximumRetryAttempts?: number;
  /** 21,600 (six hours) when not given. */
  readonly maximumEventAgeSeconds?: number;
  /** Before the first retry, doubled before the second: 60,000 when not given, as Lambda waits one minute, then two. */
  readonly retryBaseMillis?: number;
  readonly nowMillis?: () => number;
}

interface QueuedEvent {
  readonly record: StreamRecord;
  readonly tracked: Tracked;
  attempts: number;
}

/** How many events may be on their way, those that wait for a retry included. */
const MAX_IN_FLIGHT = 1000;
const DESTINATION_BACKOFF = { baseMillis: 500, capMillis: 60_000 };

/**
 * Lambda's queue for asynchronous invocations: an event is accepted once it is durable, runs at least once, and after the
 * last failed retry goes to the on-failure destination (Lambda developer guide, "Asynchronous invocation"). An event that
 * waits for its retry does not hold up the ones behind it; order is not kept, as on Lambda.
 */
export class LambdaQueue {
  readonly #options: LambdaQueueOptions;
  readonly #stream: KinesisStream;
  readonly #shardId: string;
  readonly #progress = new ShardProgress();
  readonly #ready: QueuedEvent[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #unsubscribe: () => void;
  readonly #checkpointKey: string;
  readonly #stop = new AbortController();
  #position: string | undefined;
  #checkpoint: string | undefined;

  private constructor(options: LambdaQueueOptions) {
    this.#options = options;
    const name = `$lambda/${options.functionName}`;
    const { nowMillis = Date.now } = options;
    this.#stream = KinesisStream.open(options.log, { name, shardCount: 1, retentionHours: 24, nowMillis });
    this.#shardId = this.#stream.shardIds[0]!;
    this.#checkpointKey = `queue/${options.functionName}`;
    this.#checkpoint = options.log.readState(this.#checkpointKey)?.toString();
    this.#position = this.#checkpoint;
    this.#unsubscribe = this.#stream.onAppend(() => this.#pump());
    this.#pump();
  }

  static start(options: LambdaQueueOptions): LambdaQueue {
    return new LambdaQueue(options);
  }

  /** The stream that keeps the events, for retention. */
  get stream(): KinesisStream {
    return this.#stream;
  }

  /**
   * Buffers an event for the next commit; it is accepted once the log is durable.
   * @throws LocalError when it is larger than Lambda takes
   */
  send(event: unknown): void {
    this.sendText(JSON.stringify(event));
  }

  /** As `send`, for an event that is JSON text already. */
  sendText(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_ASYNC_PAYLOAD_BYTES)
      throw new LocalError(
        `Cannot queue an event of ${bytes} bytes for '${this.#options.functionName}': Lambda takes ${MAX_ASYNC_PAYLOAD_BYTES}`,
      );
    this.#stream.put('event', text);
  }

  lag(): StageLag {
    const { stageName, nowMillis = Date.now } = this.#options;
    const { records, oldestArrivalMillis } = this.#stream.backlog(this.#shardId, this.#checkpoint);
    const now = nowMillis();
    return { stage: stageName, lagMillis: Math.max(0, now - (oldestArrivalMillis ?? now)), backlog: records };
  }

  /** Lets the invocations in flight end. Events that are left come again with the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#running);
    await this.#options.log.durable();
  }

  #pump(): void {
    if (this.#stop.signal.aborted) return;
    this.#fill();
    while (this.#running.size < (this.#options.concurrency ?? 1)) {
      const event = this.#ready.shift();
      if (!event) return;
      const run: Promise<void> = this.#attempt(event).finally(() => {
        this.#running.delete(run);
        this.#pump();
      });
      this.#running.add(run);
    }
  }

  #fill(): void {
    const room = MAX_IN_FLIGHT - this.#progress.size;
    if (room <= 0) return;
    for (const record of this.#stream.read(this.#shardId, this.#position, { maxRecords: room })) {
      this.#ready.push({ record, tracked: this.#progress.track(record.sequenceNumber), attempts: 0 });
      this.#position = record.sequenceNumber;
    }
  }

  async #attempt(event: QueuedEvent): Promise<void> {
    const {
      functionName,
      invoke,
      report,
      maximumRetryAttempts = 2,
      retryBaseMillis = 60_000,
    } = this.#options;
    if (this.#expired(event)) return this.#discard(event, 'record-age', undefined);
    const result = await invoke(functionName, event.record.data.toString()).catch((error: Error) => {
      report?.(`Cannot invoke '${functionName}', trying again: ${error.message}`);
      return undefined;
    });
    if (result?.ok) return this.#settle(event, 'delivered');
    const throttled = !result || result.error.errorType === 'TooManyRequestsException';
    if (throttled) return this.#later(event, Math.min(1000, retryBaseMillis));
    event.attempts += 1;
    if (event.attempts > maximumRetryAttempts) return this.#discard(event, 'retries-exhausted', result);
    this.#later(event, retryBaseMillis * 2 ** (event.attempts - 1));
  }

  #expired({ record }: QueuedEvent): boolean {
    const { maximumEventAgeSeconds = 21_600, nowMillis = Date.now } = this.#options;
    return nowMillis() - record.arrivalMillis > maximumEventAgeSeconds * 1000;
  }

  #later(event: QueuedEvent, millis: number): void {
    if (this.#stop.signal.aborted) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#ready.push(event);
      this.#pump();
    }, millis);
    this.#timers.add(timer);
  }

  /** Tries the destination until it takes the event. */
  async #discard(event: QueuedEvent, fate: Fate, result: LambdaResult | undefined): Promise<void> {
    const { onFailureArn, onFailure, report } = this.#options;
    if (onFailureArn) {
      const document = failureDocument(event, fate, result, this.#options);
      for (let failed = 1; ; failed += 1) {
        const error = await onFailure(onFailureArn, document).then(
          () => undefined,
          (reason: Error) => reason,
        );
        if (!error) break;
        report?.(`Cannot write a failed event to '${onFailureArn}': ${error.message}`);
        const { signal } = this.#stop;
        const millis = backoffMillis(failed, DESTINATION_BACKOFF, Math.random);
        await delay(millis, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
      }
    }
    this.#settle(event, fate);
  }

  /** The checkpoint and the counts of what it passes join the same commit. */
  #settle(event: QueuedEvent, fate: Fate): void {
    event.tracked.fate = fate;
    const advance = this.#progress.advance();
    if (!advance) return;
    const { log, stage } = this.#options;
    this.#checkpoint = advance.sequenceNumber;
    log.writeState(this.#checkpointKey, Buffer.from(advance.sequenceNumber));
    for (const [each, count] of advance.fates) {
      stage.in(count);
      if (each === 'delivered') stage.out(count);
      else stage.drop(each, count);
    }
  }
}

/** The invocation record of a failed asynchronous event (Lambda developer guide, "Adding a destination"). */
function failureDocument(
  { record, attempts }: QueuedEvent,
  fate: Fate,
  result: LambdaResult | undefined,
  { functionName, functionArn, nowMillis = Date.now }: LambdaQueueOptions,
): FailureDocument {
  const timestamp = new Date(nowMillis()).toISOString();
  const error = result && !result.ok ? result.error : undefined;
  const body = {
    version: '1.0',
    timestamp,
    requestContext: {
      requestId: result?.requestId ?? randomUUID(),
      functionArn: `${functionArn}:$LATEST`,
      condition: fate === 'record-age' ? 'EventAgeExceeded' : 'RetriesExhausted',
      approximateInvokeCount: attempts,
    },
    requestPayload: JSON.parse(record.data.toString()) as unknown,
    ...(error && {
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: error,
    }),
  };
  const arrival = new Date(record.arrivalMillis).toISOString();
  const digest = createHash('sha256').update(`${functionName}/${record.sequenceNumber}`).digest('hex');
  const day = arrival.slice(0, 10).replaceAll('-', '/');
  const key = `aws/lambda/async/${functionName}/${day}/${arrival.slice(0, 19).replaceAll(':', '.')}-${digest.slice(0, 32)}`;
  return { key, body: JSON.stringify(body) };
}
