import { createMessage, TopicMatcher } from '../../iot-sql/index.ts';
import type { Stack } from '../../stack/stack.ts';
import {
  type CompiledTopicRule,
  compileTopicRule,
  resolveExternal,
} from '../../topic-rules/compile-topic-rule.ts';
import { explainTopicRule } from '../../topic-rules/explain-topic-rule.ts';
import { StubbedExternals } from '../../topic-rules/stubbed-externals.ts';
import { broken, type Finding, ok } from './finding.ts';

/** A rule of the stack matches the topic, and takes the message. */
export async function checkRules(
  { topicRules }: Pick<Stack, 'topicRules'>,
  { topic, payload, clientId }: { topic: string; payload: string; clientId: string },
): Promise<Finding> {
  const external = new StubbedExternals().port;
  const compiled = topicRules.map((resource) => compileTopicRule(resource, { external }));
  const matcher = new TopicMatcher<CompiledTopicRule>(
    compiled.map((value) => ({ topicFilter: value.rule.topicFilter, ruleName: value.name, value })),
  );
  const { values } = matcher.match(topic);
  if (values.length === 0)
    return broken(
      'rule',
      `no rule matches ${topic}: ${filtersOf(compiled)}`,
      'publish to a topic that one matches, or add a rule',
    );
  const reasons: string[] = [];
  for (const rule of values) {
    const message = createMessage({
      topic,
      payload: Buffer.from(payload),
      clientId,
      timestampMillis: undefined,
    });
    await resolveExternal(rule, message);
    const { fired, reason, actions } = explainTopicRule(rule, message);
    if (fired) return ok('rule', `rule ${rule.name} takes it: ${actions.map(({ kind }) => kind).join(', ')}`);
    reasons.push(`rule ${rule.name} does not take it: ${reason}`);
  }
  return broken(
    'rule',
    reasons.join('; '),
    `"mesonet rule explain ${values[0]!.name}" shows each part of it`,
  );
}

function filtersOf(rules: readonly CompiledTopicRule[]): string {
  return rules
    .map(
      ({ name, rule }) =>
        `${name} has ${rule.topicFilter === undefined ? 'no FROM' : `FROM '${rule.topicFilter}'`}`,
    )
    .join(', ');
}
