import type { RuleMessage } from '../../iot-sql/index.ts';
import { type CompiledTopicRule, isExternalRule } from '../../topic-rules/compile-topic-rule.ts';
import type { StageLag } from '../http/statistics.ts';
import type { Ledger } from '../ledger.ts';
import type { DurableLog } from '../log/durable-log.ts';
import type { ArrivedMessage } from './arrived-message.ts';
import { ExternalRuleQueue } from './external-rule-queue.ts';

export interface ExternalRulesOptions {
  readonly rules: readonly CompiledTopicRule[];
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly nowMillis: () => number;
  /** Evaluates a rule and runs its actions. Returns why it did not fire. */
  readonly run: (
    rule: CompiledTopicRule,
    message: RuleMessage,
    arrived: ArrivedMessage,
  ) => string | undefined;
}

const STATE_KEY = 'external-rules';

/** The queues of the rules that call other services, those included that did before a restart and left messages. */
export class ExternalRules {
  readonly #options: ExternalRulesOptions;
  readonly #queues: Map<string, ExternalRuleQueue>;

  constructor(options: ExternalRulesOptions) {
    this.#options = options;
    const external = options.rules.filter(isExternalRule);
    this.#queues = new Map(external.map(({ name }) => [name, this.#open(name)]));
  }

  put(ruleName: string, arrived: ArrivedMessage): void {
    this.#queues.get(ruleName)!.put(arrived);
  }

  /** Opens the queues that are no longer needed but still hold messages. */
  async resume(): Promise<void> {
    const { log } = this.#options;
    const kept = log.readState(STATE_KEY);
    const left = (kept ? (JSON.parse(kept.toString()) as string[]) : []).filter(
      (name) => !this.#queues.has(name),
    );
    for (const name of left) {
      const queue = this.#open(name);
      if (queue.lag().backlog > 0) this.#queues.set(name, queue);
      else await queue.stop();
    }
    const text = JSON.stringify([...this.#queues.keys()]);
    if (text !== (kept?.toString() ?? '[]')) log.writeState(STATE_KEY, Buffer.from(text));
  }

  lag(): StageLag[] {
    return [...this.#queues.values()].map((queue) => queue.lag());
  }

  trim(): void {
    for (const queue of this.#queues.values()) queue.trim();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.stop()));
  }

  #open(ruleName: string): ExternalRuleQueue {
    const { rules, log, ledger, nowMillis, run } = this.#options;
    const rule = rules.find(({ name }) => name === ruleName);
    const stageName = `rule ${ruleName}`;
    return new ExternalRuleQueue({
      ruleName,
      rule,
      log,
      stageName,
      stage: ledger.stage(stageName),
      nowMillis,
      run: (message, arrived) => run(rule!, message, arrived),
    });
  }
}
