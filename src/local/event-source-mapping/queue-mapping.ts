import type { QueueMappingResource } from '../../stack/stack.ts';
import { failpoint } from '../failpoint.ts';
import { type LambdaResult, MAX_PAYLOAD_BYTES } from '../lambda/lambda-function.ts';
import type { Rejections } from '../lambda/reported-rejections.ts';
import { LocalError } from '../local-error.ts';
import type { DurableLog } from '../log/durable-log.ts';
import type { ReceivedMessage, SqsQueue } from '../sqs/sqs-queue.ts';
import { queueEvent } from './queue-event.ts';

export interface QueueMappingOptions {
  readonly mapping: QueueMappingResource;
  readonly queue: SqsQueue;
  readonly region: string;
  readonly log: DurableLog;
  readonly invoke: (functionName: string, event: string) => Promise<LambdaResult>;
  /** Told what the function refused for good, in the turn in which its messages are deleted. */
  readonly onRejected?: (rejections: Rejections) => void;
  /** Told in one sentence about what the mapping cannot do but goes on trying. */
  readonly report?: (text: string) => void;
}

/** What one mapping did since the start. */
export interface QueueMappingCounts {
  invocations: number;
  failures: number;
  /** Messages given back to the queue. */
  returned: number;
}

/** How long a look at the queue may be put off: the clock that hides messages may be moved. */
const MOST_WAIT_MILLIS = 1000;
/** Of one record of the event besides the message, roughly. */
const ENVELOPE_BYTES = 700;

/**
 * Reads a queue for a function by the rules of Lambda's event source mappings (AWS Lambda developer guide, "Using Lambda with
 * Amazon SQS"): batches by size and window, at most so many at once, and what the function fails or reports stays in the
 * queue, where it is visible again when its time is over.
 */
export class QueueMapping {
  readonly counts: QueueMappingCounts = { invocations: 0, failures: 0, returned: 0 };
  readonly #options: QueueMappingOptions;
  readonly #running = new Set<Promise<void>>();
  readonly #unsubscribe: () => void;
  #firstSeenMillis: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  private constructor(options: QueueMappingOptions) {
    this.#options = options;
    this.#unsubscribe = options.queue.onArrival(() => this.#pump());
    this.#pump();
  }

  /** @throws LocalError when the mapping asks for what Lambda does not allow */
  static start(options: QueueMappingOptions): QueueMapping {
    checkProperties(options.mapping);
    return new QueueMapping(options);
  }

  /** Lets the invocations in flight end; what they do not settle comes again next time. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe();
    clearTimeout(this.#timer);
    await Promise.all(this.#running);
    await this.#options.log.durable();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    while (!this.#isStopped && this.#running.size < concurrencyOf(this.#options.mapping)) {
      const waitMillis = this.#waitMillis();
      if (waitMillis === undefined) return;
      if (waitMillis > 0) {
        this.#timer = setTimeout(() => this.#pump(), Math.min(waitMillis, MOST_WAIT_MILLIS));
        return;
      }
      const { mapping, queue } = this.#options;
      const messages = queue.receive({
        isHere: true,
        maxMessages: mapping.batchSize,
        maxBytes: MAX_PAYLOAD_BYTES - mapping.batchSize * ENVELOPE_BYTES,
      });
      this.#firstSeenMillis = undefined;
      // What was visible may have been given up instead.
      if (messages.length === 0) continue;
      const run: Promise<void> = this.#process(messages).finally(() => {
        this.#running.delete(run);
        this.#pump();
      });
      this.#running.add(run);
    }
  }

  /** 0 when a batch is ready; undefined when the queue is empty, for what arrives says so. */
  #waitMillis(): number | undefined {
    const { batchSize, batchWindowSeconds } = this.#options.mapping;
    const { visible, hidden } = this.#options.queue.counts;
    if (visible === 0) return hidden > 0 ? MOST_WAIT_MILLIS : undefined;
    if (visible >= batchSize) return 0;
    this.#firstSeenMillis ??= performance.now();
    return Math.max(0, this.#firstSeenMillis + batchWindowSeconds * 1000 - performance.now());
  }

  async #process(messages: readonly ReceivedMessage[]): Promise<void> {
    const { mapping, queue, region, invoke, onRejected, report } = this.#options;
    this.counts.invocations += 1;
    const event = queueEvent(messages, { queueArn: mapping.queueArn, region });
    failpoint('consumer.beforeInvoke');
    const result = await invoke(mapping.functionName, event).catch((error: Error) => {
      report?.(`Cannot invoke '${mapping.functionName}', its messages come again: ${error.message}`);
      return undefined;
    });
    failpoint('consumer.afterInvokeBeforeCheckpoint');
    const failed = failedMessages(result, messages, mapping.reportBatchItemFailures);
    if (failed.size > 0) this.counts.failures += 1;
    this.counts.returned += failed.size;
    for (const { messageId, receiptHandle } of messages)
      if (failed.has(messageId)) queue.giveBack(receiptHandle);
      else queue.delete(receiptHandle);
    if (result?.ok && result.rejections) onRejected?.(result.rejections);
  }
}

/**
 * The ids of the messages that are not done. An identifier that is empty, missing or not of this batch fails the whole batch;
 * no list is success (AWS Lambda developer guide, "Implementing partial batch responses" for SQS).
 */
function failedMessages(
  result: LambdaResult | undefined,
  messages: readonly ReceivedMessage[],
  reportBatchItemFailures: boolean,
): ReadonlySet<string> {
  const all = new Set(messages.map(({ messageId }) => messageId));
  if (!result?.ok) return all;
  if (!reportBatchItemFailures) return new Set();
  const failures = (result.value as { batchItemFailures?: unknown } | null)?.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return all;
  const ids = failures.map((failure: { itemIdentifier?: unknown } | null) =>
    String(failure?.itemIdentifier ?? ''),
  );
  return ids.every((id) => all.has(id)) ? new Set(ids) : all;
}

/** Lambda starts with five batches at once where the mapping does not bound them. */
export function concurrencyOf({ maximumConcurrency = 5 }: QueueMappingResource): number {
  return maximumConcurrency;
}

function checkProperties(mapping: QueueMappingResource): void {
  const { logicalId, batchSize, batchWindowSeconds, maximumConcurrency } = mapping;
  const limits = [
    ['batchSize', batchSize, 1, 10_000],
    ['batchWindowSeconds', batchWindowSeconds, batchSize > 10 ? 1 : 0, 300],
    ['maximumConcurrency', maximumConcurrency ?? 2, 2, 1000],
  ] as const;
  for (const [name, value, least, most] of limits) {
    if (!Number.isInteger(value) || value < least || value > most)
      throw new LocalError(
        `Cannot start event source mapping '${logicalId}': ${name} is ${value}, Lambda allows ${least} to ${most}`,
      );
  }
}
