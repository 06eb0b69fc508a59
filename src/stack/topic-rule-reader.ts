import type { ReadingContext } from './read-stack.ts';
import { named } from './resource-names.ts';
import type { RuleAction, TopicRuleResource } from './stack.ts';
import { listOf, objectOf, type Properties, textOf } from './template.ts';

/** `AWS::IoT::TopicRule`. */
export function readTopicRule(
  logicalId: string,
  properties: Properties,
  { draft, ...context }: ReadingContext,
): void {
  const payload = objectOf(properties, 'TopicRulePayload');
  if (payload.RuleDisabled === true) return;
  const errorAction = objectOf(payload, 'ErrorAction');
  draft.topicRules.push({
    ...named(logicalId, context),
    sql: textOf(payload, 'Sql') ?? '',
    // The service takes 2015-10-08 when the template says nothing (AWS IoT developer guide, iot-rule-sql-version).
    sqlVersion: (textOf(payload, 'AwsIotSqlVersion') ?? '2015-10-08') as TopicRuleResource['sqlVersion'],
    actions: listOf(payload, 'Actions').map(readAction),
    errorAction: Object.keys(errorAction).length ? readAction(errorAction) : undefined,
  });
}

function readAction(action: Properties): RuleAction {
  const [kind = ''] = Object.keys(action);
  return { kind, members: objectOf(action, kind) };
}
