import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CountingStage } from '../event-source-mapping/event-source-mapping.ts';
import type { FailureDocument } from '../event-source-mapping/event-source-mapping-event.ts';
import { backoffMillis } from '../event-source-mapping/event-source-mapping-plan.ts';
import type { StageLag } from '../http/statistics.ts';
import { LocalError } from '../local-error.ts';
import type { DurableLog } from '../log/durable-log.ts';
import { DurableQueue, type ItemOutcome, type QueuedItem } from '../log/durable-queue.ts';
import { type LambdaResult, MAX_ASYNC_PAYLOAD_BYTES } from './lambda-function.ts';
import type { Rejections } from './reported-rejections.ts';

export interface LambdaQueueOptions {
  readonly functionName: string;
  readonly functionArn: string;
  readonly log: DurableLog;
  readonly stageName: string;
  readonly stage: CountingStage;
  readonly invoke: (functionName: string, event: string) => Promise<LambdaResult>;
  /** Told what the function refused for good, in the turn in which the checkpoint passes the event. */
  readonly onRejected?: (rejections: Rejections) => void;
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

type Fate = 'retries-exhausted' | 'record-age';

const DESTINATION_BACKOFF = { baseMillis: 500, capMillis: 60_000 };

/**
 * Lambda's queue for asynchronous invocations: an event is accepted once it is durable, runs at least once, and after the
 * last failed retry goes to the on-failure destination (Lambda developer guide, "Asynchronous invocation"). An event that
 * waits for its retry does not hold up the ones behind it; order is not kept, as on Lambda.
 */
export class LambdaQueue {
  readonly #options: LambdaQueueOptions;
  readonly #queue: DurableQueue<Fate>;

  private constructor(options: LambdaQueueOptions) {
    this.#options = options;
    this.#queue = new DurableQueue({
      ...options,
      name: `$lambda/${options.functionName}`,
      checkpointKey: `queue/${options.functionName}`,
      handle: (item, signal) => this.#attempt(item, signal),
    });
  }

  static start(options: LambdaQueueOptions): LambdaQueue {
    return new LambdaQueue(options);
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
    this.#queue.put(text);
  }

  lag(): StageLag {
    return this.#queue.lag();
  }

  /** Gives back the room of events that are done with. */
  trim(): void {
    this.#queue.trim();
  }

  /** Lets the invocations in flight end. Events that are left come again with the next start. */
  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #attempt(event: QueuedItem, signal: AbortSignal): Promise<ItemOutcome<Fate | 'delivered'>> {
    const {
      functionName,
      invoke,
      onRejected,
      report,
      maximumRetryAttempts = 2,
      retryBaseMillis = 60_000,
    } = this.#options;
    if (this.#expired(event)) return this.#discard(event, 'record-age', undefined, signal);
    const result = await invoke(functionName, event.record.data.toString()).catch((error: Error) => {
      report?.(`Cannot invoke '${functionName}', trying again: ${error.message}`);
      return undefined;
    });
    if (result?.ok) {
      const { rejections } = result;
      return { fate: 'delivered', ...(rejections && { onPassed: () => onRejected?.(rejections) }) };
    }
    const throttled = !result || result.error.errorType === 'TooManyRequestsException';
    if (throttled) return { retryMillis: Math.min(1000, retryBaseMillis) };
    event.attempts += 1;
    if (event.attempts > maximumRetryAttempts)
      return this.#discard(event, 'retries-exhausted', result, signal);
    return { retryMillis: retryBaseMillis * 2 ** (event.attempts - 1) };
  }

  #expired({ record }: QueuedItem): boolean {
    const { maximumEventAgeSeconds = 21_600, nowMillis = Date.now } = this.#options;
    return nowMillis() - record.arrivalMillis > maximumEventAgeSeconds * 1000;
  }

  /** Tries the destination until it takes the event. */
  async #discard(
    event: QueuedItem,
    fate: Fate,
    result: LambdaResult | undefined,
    signal: AbortSignal,
  ): Promise<ItemOutcome<Fate>> {
    const { onFailureArn, onFailure, report } = this.#options;
    if (!onFailureArn) return { fate };
    const document = failureDocument(event, fate, result, this.#options);
    for (let failed = 1; ; failed += 1) {
      const error = await onFailure(onFailureArn, document).then(
        () => undefined,
        (reason: Error) => reason,
      );
      if (!error) return { fate };
      report?.(`Cannot write a failed event to '${onFailureArn}': ${error.message}`);
      const millis = backoffMillis(failed, DESTINATION_BACKOFF, Math.random);
      await delay(millis, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return { retryMillis: 0 };
    }
  }
}

/** The invocation record of a failed asynchronous event (Lambda developer guide, "Adding a destination"). */
function failureDocument(
  { record, attempts }: QueuedItem,
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
