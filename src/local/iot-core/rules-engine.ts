import {
  createMessage,
  type ExternalFunctions,
  type RuleMessage,
  TopicMatcher,
} from '../../iot-sql/index.ts';
import type { TopicRuleResource } from '../../stack/stack.ts';
import {
  type CompiledTopicRule,
  compileTopicRule,
  isExternalRule,
} from '../../topic-rules/compile-topic-rule.ts';
import { fileOfRule, readRuleFiles } from '../../topic-rules/rule-file.ts';
import { failpoint } from '../failpoint.ts';
import type { StageLag } from '../http/statistics.ts';
import { type Ledger, type LedgerStage, ROUTING_STAGE } from '../ledger.ts';
import type { DurableLog } from '../log/durable-log.ts';
import type { KeptMessages } from '../trace/kept-messages.ts';
import { ArrivedMessage } from './arrived-message.ts';
import { ExternalRules } from './external-rules.ts';
import type { PublishedMessage } from './mqtt-broker.ts';
import type { RuleActionTargets } from './rule-actions/rule-action-targets.ts';
import { RuleActions } from './rule-actions/rule-actions.ts';

export interface RulesEngineOptions {
  readonly rules: readonly TopicRuleResource[];
  /** Where the rules' `.sql` files stand, so that errors name them. */
  readonly rulesFolder: string;
  readonly accountId: string;
  readonly targets: RuleActionTargets;
  /** The services that functions such as `aws_lambda` reach; a rule that needs another one does not compile. */
  readonly external?: ExternalFunctions;
  readonly log: DurableLog;
  readonly ledger: Ledger;
  /** Keeps the last messages, for whoever asks where they went. */
  readonly kept?: KeptMessages;
  /** Told in one sentence what AWS accepts but hardly does what was meant, what is not emulated, and what fails. */
  readonly report: (text: string) => void;
}

interface RunningRule {
  readonly compiled: CompiledTopicRule;
  readonly stage: LedgerStage;
  /** It calls other services, so its messages wait in a queue. */
  readonly isExternal: boolean;
}

/** Takes each accepted message through every rule whose filter matches it, and counts what no rule took, with the reason. */
export class RulesEngine {
  readonly rules: readonly CompiledTopicRule[];
  readonly #matcher: TopicMatcher<RunningRule>;
  readonly #routing: LedgerStage;
  readonly #kept: KeptMessages | undefined;
  readonly #actions: RuleActions;
  readonly #external: ExternalRules;
  readonly #accountId: string;

  private constructor(options: RulesEngineOptions) {
    const { rules, accountId, ledger, report } = options;
    const files = readRuleFiles(options.rulesFolder);
    const { external } = options;
    this.rules = rules.map((rule) => compileTopicRule(rule, { file: fileOfRule(files, rule.sql), external }));
    this.#accountId = accountId;
    this.#routing = ledger.stage(ROUTING_STAGE);
    this.#kept = options.kept;
    this.#actions = new RuleActions(options);
    this.#actions.start(this.rules);
    const running = this.rules.map((compiled) => startRule(compiled, ledger, report));
    this.#external = new ExternalRules({
      ...options,
      rules: this.rules,
      nowMillis: options.targets.nowMillis,
      run: (compiled, message, arrived) => this.#run(compiled, message, arrived),
    });
    this.#matcher = new TopicMatcher(
      running.map((value) => ({
        topicFilter: value.compiled.rule.topicFilter,
        ruleName: value.compiled.name,
        value,
      })),
    );
  }

  /**
   * Compiles the rules and goes on with what was under way at the last stop.
   * @throws IotSqlError with file, line, column and caret when a rule does not compile
   * @throws TopicRuleError that names the rule and every member of an action that is wrong
   * @throws LocalError when an action names a target that is not in the stack
   */
  static async start(options: RulesEngineOptions): Promise<RulesEngine> {
    const engine = new RulesEngine(options);
    await engine.#actions.resume();
    await engine.#external.resume();
    return engine;
  }

  /** Buffers what the rules make of a message; it is durable with the log's next commit. */
  route(published: PublishedMessage, timestampMillis: number): void {
    const { topic, values } = this.#matcher.match(published.topic);
    this.#routing.in(1);
    this.#kept?.keep(published, timestampMillis);
    if (values.length === 0) {
      this.#routing.drop(topic.ruleName === undefined ? NO_RULE : RULE_NOT_FOUND, 1);
      return;
    }
    const { payload, clientId, sourceIp, principal, mqttProperties, hops } = published;
    const arrived = new ArrivedMessage({
      topic,
      payload,
      clientId,
      timestampMillis,
      accountId: this.#accountId,
      sourceIp,
      principal,
      mqttProperties,
      hops,
    });
    const message = createMessage(arrived);
    let taken = 0;
    for (const running of values) taken += this.#take(running, message, arrived);
    if (taken > 0) this.#routing.out(1);
    else this.#routing.drop(`${values[0]!.compiled.name}: ${reasonOf(values[0]!.compiled, message)}`, 1);
  }

  /** Does any rule take messages of this topic? */
  wants(topic: string): boolean {
    return this.#matcher.match(topic).values.length > 0;
  }

  /** How far the queues of actions, and of rules that call other services, are behind. */
  lag(): StageLag[] {
    return [...this.#actions.lag(), ...this.#external.lag()];
  }

  /** Gives back the room of what the queues are done with. */
  trim(): void {
    this.#actions.trim();
    this.#external.trim();
  }

  /** Lets what is under way end; the rest goes on with the next start. */
  async stop(): Promise<void> {
    await this.#external.stop();
    await this.#actions.stop();
  }

  /** Returns 1 when the rule took the message. A rule that calls other services takes all, and decides later. */
  #take({ compiled, stage, isExternal }: RunningRule, message: RuleMessage, arrived: ArrivedMessage): 0 | 1 {
    if (isExternal) {
      this.#external.put(compiled.name, arrived);
      return 1;
    }
    stage.in(1);
    const reason = this.#run(compiled, message, arrived);
    if (reason !== undefined) {
      stage.drop(reason, 1);
      return 0;
    }
    stage.out(1);
    return 1;
  }

  /** Returns why the rule did not fire. */
  #run(compiled: CompiledTopicRule, message: RuleMessage, arrived: ArrivedMessage): string | undefined {
    failpoint('rule.eval');
    const output = compiled.rule.evaluateText(message);
    if (output === undefined) return reasonOf(compiled, message);
    failpoint('rule.beforeAction');
    this.#actions.run(compiled.name, { output, message, arrived });
    return undefined;
  }
}

function startRule(compiled: CompiledTopicRule, ledger: Ledger, report: (text: string) => void): RunningRule {
  const { name, rule } = compiled;
  for (const { line, column, reason } of rule.warnings)
    report(`Rule '${name}' at ${line}:${column}: ${reason}`);
  return { compiled, stage: ledger.stage(`rule ${name}`), isExternal: isExternalRule(compiled) };
}

const NO_RULE = 'no rule matches the topic';
const RULE_NOT_FOUND = 'RuleNotFound: Basic Ingest names no rule';

function reasonOf({ rule }: CompiledTopicRule, message: RuleMessage): string {
  return message.payloadProblem ?? rule.reasonNotFired(message);
}
