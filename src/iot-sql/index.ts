export type { RuleWarning } from './check-statement.ts';
export { type CompileRuleOptions, compileRule, compileTemplate } from './compile-rule.ts';
export type { CompiledTemplate } from './compile-template.ts';
export type { CompiledRule, RuleResult } from './compiled-rule.ts';
export { IOT_SQL_VERSIONS, type IotSqlVersion } from './dialect.ts';
export type {
  ExplainedCondition,
  ExplainedItem,
  ExplainedOperand,
  ExplainedPart,
  RuleExplanation,
} from './explain.ts';
export type {
  DynamodbQuery,
  ExternalFunctions,
  ExternalResult,
  ProtobufQuery,
  SecretQuery,
} from './external-functions.ts';
export { IotSqlError } from './iot-sql-error.ts';
export { MAX_PAYLOAD_DEPTH, MAX_PAYLOAD_KEYS } from './json-scan.ts';
export { createMessage, type MessageInput, type MqttProperties, RuleMessage } from './message.ts';
export type { BranchTaken, RuleBranch } from './rule-branches.ts';
export { Topic } from './topic.ts';
export { matchesTopicFilter, topicFilterProblem } from './topic-filter.ts';
export { type TopicMatch, TopicMatcher, type TopicSubscription } from './topic-matcher.ts';
export type { JsonObject, JsonValue } from './value.ts';
