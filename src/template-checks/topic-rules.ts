import type { ExternalFunctions } from '../iot-sql/index.ts';
import { readStack } from '../stack/read-stack.ts';
import { resolveIntrinsics } from '../stack/resolve-intrinsics.ts';
import type { Properties } from '../stack/template.ts';
import { compileTopicRule } from '../topic-rules/compile-topic-rule.ts';
import type { Check } from './finding.ts';
import { nested, type TemplateView } from './template-view.ts';

/** Only the shape of names and ARNs matters to the compiler. */
const PLACE = { accountId: '000000000000', region: 'us-east-1', stackName: 'stack' };

const none = () => undefined;

/** On AWS every function has its service; nothing is called while compiling. */
const ON_AWS: ExternalFunctions = {
  awsLambda: none,
  getDynamodb: none,
  getThingShadow: none,
  getSecret: none,
  getRegistryData: none,
  machinelearningPredict: none,
  decodeProtobuf: none,
};

/** A rule says its SQL version (CloudFormation's default is 2015-10-08) and where failed messages go. */
export const topicRules: Check = {
  name: 'topic-rules',
  run: ({ ofType }) =>
    ofType('AWS::IoT::TopicRule').flatMap(({ id, properties }) => {
      const payload = nested(properties, 'TopicRulePayload');
      const version = payload.AwsIotSqlVersion;
      return [
        ...(version === '2016-03-23'
          ? []
          : [
              {
                resource: id,
                about: 'AwsIotSqlVersion',
                message: `Cannot keep SQL version '${version ?? 'unset, which is 2015-10-08'}': say 2016-03-23`,
              },
            ]),
        ...(Object.keys(nested(payload, 'ErrorAction')).length > 0
          ? []
          : [
              {
                resource: id,
                about: 'ErrorAction',
                message: `Cannot lose messages silently: rule '${properties.RuleName}' has no ErrorAction`,
              },
            ]),
      ];
    }),
};

/** The SQL and every action of a rule, compiled by the compiler that runs them here; warnings count too. */
export const topicRuleSql: Check = {
  name: 'topic-rule-sql',
  run: (view) => view.ofType('AWS::IoT::TopicRule').flatMap(({ id }) => compileRuleOf(view, id)),
};

function compileRuleOf({ template }: TemplateView, id: string): ReturnType<Check['run']> {
  try {
    const properties = resolveIntrinsics(template, PLACE)(template.Resources[id]?.Properties) as Properties;
    // A disabled rule can be enabled by a click, so it must compile too.
    const TopicRulePayload = { ...nested(properties, 'TopicRulePayload'), RuleDisabled: false };
    const rule = { Type: 'AWS::IoT::TopicRule', Properties: { ...properties, TopicRulePayload } };
    return readStack({ Resources: { [id]: rule } }, '', PLACE)
      .topicRules.flatMap((resource) => compileTopicRule(resource, { external: ON_AWS }).rule.warnings)
      .map(({ line, column, reason }) => ({
        resource: id,
        about: 'warning',
        message: `Cannot be sure of the rule's SQL: ${reason} at ${line}:${column}`,
      }));
  } catch (error) {
    return [{ resource: id, about: 'Sql', message: (error as Error).message }];
  }
}
