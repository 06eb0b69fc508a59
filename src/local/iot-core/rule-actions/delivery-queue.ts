import type { Properties } from '../../../stack/template.ts';
import { actionProblems } from '../../../topic-rules/check-action.ts';
import { AwsError } from '../../aws-endpoint/aws-endpoint-error.ts';
import { DynamodbError } from '../../dynamodb/dynamodb-call.ts';
import type { CountingStage } from '../../event-source-mapping/event-source-mapping.ts';
import { backoffMillis } from '../../event-source-mapping/event-source-mapping-plan.ts';
import type { StageLag } from '../../http/statistics.ts';
import type { DurableLog } from '../../log/durable-log.ts';
import { DurableQueue, type ItemOutcome, type QueuedItem } from '../../log/durable-queue.ts';
import { decodeMessage, encodeMessage, type KeptMessage } from '../arrived-message.ts';
import { type Deliver, type Delivery, DeliveryError } from './rule-action.ts';

export interface DeliveryQueueOptions {
  /** Unique among the queues of a data folder, and the same after a restart. */
  readonly name: string;
  readonly log: DurableLog;
  readonly stageName: string;
  readonly stage: CountingStage;
  readonly deliver: Deliver;
  readonly concurrency: number;
  /** Told of a delivery that is given up; what it appends joins the commit that ends the delivery. */
  readonly onGivenUp: (delivery: Delivery, problem: string) => void;
  readonly nowMillis: () => number;
}

/** AWS retries intermittent errors without saying how often (AWS IoT developer guide, iot-rule-actions). */
const MAX_TRIES = 5;
const BACKOFF = { baseMillis: 100, capMillis: 10_000 };

/** Errors of DynamoDB that pass (DynamoDB developer guide, error handling). */
const PASSING_ERRORS: readonly string[] = [
  'InternalServerError',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
];

/** Deliveries of one action: durable with the PUBACK, carried out in order while nothing fails, tried again with backoff. */
export class DeliveryQueue {
  readonly #options: DeliveryQueueOptions;
  readonly #queue: DurableQueue<string>;

  constructor(options: DeliveryQueueOptions) {
    this.#options = options;
    this.#queue = new DurableQueue({
      ...options,
      name: `$actions/${options.name}`,
      checkpointKey: `action/${options.name}`,
      handle: (item) => this.#attempt(item),
    });
  }

  /** Buffers a delivery for the next commit. */
  put(delivery: Delivery): void {
    this.#queue.put(encode(delivery));
  }

  lag(): StageLag {
    return this.#queue.lag();
  }

  trim(): void {
    this.#queue.trim();
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #attempt(item: QueuedItem): Promise<ItemOutcome<string>> {
    const delivery = decode(item.record.data);
    const error = await this.#deliver(delivery);
    if (!error) return { fate: 'delivered' };
    item.attempts += 1;
    if (!isFinal(error) && item.attempts < MAX_TRIES)
      return { retryMillis: backoffMillis(item.attempts, BACKOFF, Math.random) };
    this.#options.onGivenUp(delivery, error.message);
    return { fate: reasonOf(error) };
  }

  async #deliver(delivery: Delivery): Promise<Error | undefined> {
    const [problem] = actionProblems(delivery);
    if (problem !== undefined) return new DeliveryError('a member is wrong', problem);
    try {
      await this.#options.deliver(delivery);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }
}

function isFinal(error: Error): boolean {
  if (error instanceof DeliveryError) return error.isFinal;
  if (error instanceof AwsError) return error.statusCode < 500;
  return error instanceof DynamodbError && !PASSING_ERRORS.includes(error.type);
}

function reasonOf(error: Error): string {
  if (error instanceof DeliveryError) return error.reason;
  if (error instanceof DynamodbError) return error.type;
  return (error as NodeJS.ErrnoException).code ?? error.name;
}

interface KeptDelivery {
  readonly ruleName: string;
  readonly kind: string;
  readonly members: Properties;
  /** Of `text` and `base64` there is one. */
  readonly text?: string;
  readonly base64?: string;
  readonly source: KeptMessage;
}

function encode({ output, source, ...rest }: Delivery): string {
  const kept: KeptDelivery = {
    ...rest,
    ...(typeof output === 'string' ? { text: output } : { base64: output.toString('base64') }),
    source: encodeMessage(source),
  };
  return JSON.stringify(kept);
}

function decode(data: Buffer): Delivery {
  const { text, base64, source, ...rest } = JSON.parse(data.toString()) as KeptDelivery;
  return { ...rest, output: text ?? Buffer.from(base64!, 'base64'), source: decodeMessage(source) };
}
