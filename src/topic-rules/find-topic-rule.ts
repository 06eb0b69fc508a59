import type { ExternalFunctions } from '../iot-sql/index.ts';
import { didYouMean } from '../sql/index.ts';
import type { Stack } from '../stack/stack.ts';
import { type CompiledTopicRule, compileTopicRule } from './compile-topic-rule.ts';
import { fileOfRule, type RuleFile } from './rule-file.ts';
import { TopicRuleError } from './topic-rule-error.ts';

/** A rule of the stack, compiled, and where its text stands. */
export interface FoundTopicRule {
  readonly topicRule: CompiledTopicRule;
  readonly file: string | undefined;
}

/**
 * Finds a rule of the stack by its name and compiles it.
 * @throws TopicRuleError when the stack has no such rule; IotSqlError when it does not compile
 */
export function findTopicRule(
  { topicRules }: Pick<Stack, 'topicRules'>,
  files: readonly RuleFile[],
  name: string,
  external: ExternalFunctions,
): FoundTopicRule {
  const names = topicRules.map((rule) => rule.name);
  const resource = topicRules.find((rule) => rule.name === name);
  if (!resource) {
    const known = didYouMean(name, names) || `; its rules are ${names.join(', ') || 'none'}`;
    throw new TopicRuleError(`Cannot explain rule '${name}': the stack has no such rule${known}`);
  }
  const file = fileOfRule(files, resource.sql);
  return { topicRule: compileTopicRule(resource, { file, external }), file };
}
