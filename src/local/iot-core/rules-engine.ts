import { type CompiledRule, createMessage, type RuleMessage, TopicMatcher } from '../../iot-sql/index.ts';
import type { TopicRuleResource } from '../../stack/stack.ts';
import { type CompiledTopicRule, compileTopicRule } from '../../topic-rules/compile-topic-rule.ts';
import { fileOfRule, type RuleFile, readRuleFiles } from '../../topic-rules/rule-file.ts';
import { type Ledger, type LedgerStage, ROUTING_STAGE } from '../ledger.ts';
import type { PublishedMessage } from './mqtt-broker.ts';
import { type ActionFailure, compileAction, type RuleActionTargets, type RunAction } from './rule-actions.ts';

export interface RulesEngineOptions {
  readonly rules: readonly TopicRuleResource[];
  /** Where the rules' `.sql` files stand, so that errors name them. */
  readonly rulesFolder: string;
  readonly targets: RuleActionTargets;
  readonly ledger: Ledger;
}

interface RunningRule {
  readonly compiled: CompiledTopicRule;
  readonly name: string;
  readonly rule: CompiledRule;
  readonly stage: LedgerStage;
  readonly actions: readonly RunAction[];
  readonly errorAction: RunAction | undefined;
}

/** Takes each accepted message through every rule whose filter matches it, and counts what no rule took, with the reason. */
export class RulesEngine {
  readonly rules: readonly CompiledTopicRule[];
  readonly #matcher: TopicMatcher<RunningRule>;
  readonly #routing: LedgerStage;

  /**
   * @throws IotSqlError with file, line, column and caret when a rule does not compile
   * @throws TopicRuleError that names the rule and every member of an action that is wrong
   */
  constructor(options: RulesEngineOptions) {
    const files = readRuleFiles(options.rulesFolder);
    const rules = options.rules.map((resource) => startRule(resource, files, options));
    this.rules = rules.map(({ compiled }) => compiled);
    this.#routing = options.ledger.stage(ROUTING_STAGE);
    this.#matcher = new TopicMatcher(
      rules.map((value) => ({ topicFilter: value.rule.topicFilter, ruleName: value.name, value })),
    );
  }

  /** Buffers what the rules make of a message; it is durable with the log's next commit. */
  route(published: PublishedMessage, timestampMillis: number): void {
    const { topic, values } = this.#matcher.match(published.topic);
    this.#routing.in(1);
    if (values.length === 0) {
      this.#routing.drop(topic.ruleName === undefined ? NO_RULE : RULE_NOT_FOUND, 1);
      return;
    }
    const { payload, clientId } = published;
    const message = createMessage({ topic, payload, clientId, timestampMillis });
    let taken = 0;
    for (const running of values) taken += runRule(running, message);
    if (taken > 0) this.#routing.out(1);
    else this.#routing.drop(`${values[0]!.name}: ${reasonOf(values[0]!.rule, message)}`, 1);
  }
}

const NO_RULE = 'no rule matches the topic';
const RULE_NOT_FOUND = 'Basic Ingest names no rule';

function startRule(
  resource: TopicRuleResource,
  files: readonly RuleFile[],
  { targets, ledger }: RulesEngineOptions,
): RunningRule {
  const { name, errorAction } = resource;
  const compiled = compileTopicRule(resource, { file: fileOfRule(files, resource.sql) });
  const { rule } = compiled;
  return {
    compiled,
    name,
    rule,
    stage: ledger.stage(`rule ${name}`),
    actions: resource.actions.flatMap((action) => compileAction(action, rule, resource, targets) ?? []),
    errorAction: errorAction && compileAction(errorAction, rule, resource, targets),
  };
}

/** Returns 1 when the rule fired. */
function runRule(running: RunningRule, message: RuleMessage): 0 | 1 {
  const { rule, stage, actions } = running;
  stage.in(1);
  const output = rule.evaluateText(message);
  if (output === undefined) {
    stage.drop(reasonOf(rule, message), 1);
    return 0;
  }
  const failures: ActionFailure[] = [];
  for (const run of actions) {
    const failure = run(output, message);
    if (failure) failures.push(failure);
  }
  if (failures.length > 0) runErrorAction(running, message, failures);
  stage.out(1);
  return 1;
}

/** One message for all the failures of a rule (AWS IoT developer guide, rule-error-handling, message format). */
function runErrorAction(
  { name, errorAction }: RunningRule,
  message: RuleMessage,
  failures: readonly ActionFailure[],
): void {
  const report = {
    ruleName: name,
    topic: message.topic.published,
    cloudwatchTraceId: message.input.traceId ?? '',
    clientId: message.input.clientId ?? 'N/A',
    base64OriginalPayload: message.payloadBase64,
    failures,
  };
  errorAction?.(JSON.stringify(report), message);
}

function reasonOf(rule: CompiledRule, message: RuleMessage): string {
  return message.payloadProblem ?? rule.reasonNotFired(message);
}
