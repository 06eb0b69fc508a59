import { createMessage, type RuleMessage } from '../../iot-sql/index.ts';
import { type CompiledTopicRule, resolveExternal } from '../../topic-rules/compile-topic-rule.ts';
import type { CountingStage } from '../event-source-mapping/event-source-mapping.ts';
import type { StageLag } from '../http/statistics.ts';
import type { DurableLog } from '../log/durable-log.ts';
import { DurableQueue, type ItemOutcome, type QueuedItem } from '../log/durable-queue.ts';
import { type ArrivedMessage, decodeMessage, encodeMessage, type KeptMessage } from './arrived-message.ts';

export interface ExternalRuleQueueOptions {
  readonly ruleName: string;
  /** Undefined when the rule is no longer in the stack, and only what it left is to be counted. */
  readonly rule: CompiledTopicRule | undefined;
  readonly log: DurableLog;
  readonly stageName: string;
  readonly stage: CountingStage;
  /** Evaluates the rule and runs its actions. Returns why it did not fire. */
  readonly run: (message: RuleMessage, arrived: ArrivedMessage) => string | undefined;
  readonly nowMillis: () => number;
}

/** Messages whose calls to other services are under way at once. */
const CONCURRENCY = 10;
const RULE_IS_GONE = 'the rule is no longer in the stack';

/**
 * Messages for a rule that calls other services: durable with the PUBACK as they came, evaluated once the calls have
 * answered, in the order in which they came. What the rule makes of a message joins the commit that ends it here.
 */
export class ExternalRuleQueue {
  readonly #options: ExternalRuleQueueOptions;
  readonly #queue: DurableQueue<string>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ExternalRuleQueueOptions) {
    this.#options = options;
    this.#queue = new DurableQueue({
      ...options,
      name: `$rules/${options.ruleName}`,
      checkpointKey: `rule/${options.ruleName}`,
      concurrency: CONCURRENCY,
      handle: (item) => this.#inOrder(item),
    });
  }

  /** Buffers a message for the next commit. */
  put(arrived: ArrivedMessage): void {
    this.#queue.put(JSON.stringify(encodeMessage(arrived)));
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

  #inOrder(item: QueuedItem): Promise<ItemOutcome<string>> {
    const { rule, run } = this.#options;
    if (!rule) return Promise.resolve({ fate: RULE_IS_GONE });
    const arrived = decodeMessage(JSON.parse(item.record.data.toString()) as KeptMessage);
    const message = createMessage(arrived);
    const before = this.#last;
    const resolved = resolveExternal(rule, message);
    const done = (async () => {
      await Promise.all([before, resolved]);
      return { fate: run(message, arrived) ?? 'delivered' };
    })();
    this.#last = done;
    return done;
  }
}
