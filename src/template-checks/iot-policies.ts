import type { Properties } from '../stack/template.ts';
import type { Check } from './finding.ts';
import { nested, oneOrMany } from './template-view.ts';

const THING_NAME = '$' + '{iot:Connection.Thing.ThingName}';

/**
 * Device policies (AWS IoT developer guide, example policies; Device Defender, overly permissive policies): no `*`, a
 * client connects only under its own thing's name, and publishes only its own topics or to rules.
 */
export const iotPolicies: Check = {
  name: 'iot-policies',
  run: ({ ofType }) =>
    ofType('AWS::IoT::Policy').flatMap(({ id, properties }) =>
      (oneOrMany(nested(properties, 'PolicyDocument').Statement) as Properties[])
        .filter(({ Effect }) => Effect === 'Allow')
        .flatMap(statementProblems)
        .map((problem) => ({ resource: id, ...problem })),
    ),
};

function statementProblems(statement: Properties) {
  const actions = oneOrMany(statement.Action).map(String);
  const resources = oneOrMany(statement.Resource).map(String);
  const isLimited = 'iot:Connection.Thing.IsAttached' in nested(statement, 'Condition', 'Bool');
  return [
    ...actions
      .filter((action) => action.includes('*'))
      .map((action) => ({ about: action, message: `Cannot grant '${action}' to devices: name each action` })),
    ...resources
      .filter((resource) => /^\*$|:(topic|topicfilter|client)\/\*$/.test(resource))
      .map((resource) => ({
        about: resource,
        message: `Cannot grant '${resource}' to devices: name their own`,
      })),
    ...(actions.includes('iot:Connect')
      ? resources
          .filter((resource) => !resource.endsWith(`client/${THING_NAME}`) || !isLimited)
          .map((resource) => ({
            about: 'iot:Connect',
            message: `Cannot let devices connect as '${resource}': bind the client id to ${THING_NAME} and require iot:Connection.Thing.IsAttached`,
          }))
      : []),
    ...(actions.includes('iot:Publish')
      ? resources
          .filter(
            (resource) => !resource.includes(THING_NAME) && !/:topic\/\$aws\/rules\/[^*/]+\//.test(resource),
          )
          .map((resource) => ({
            about: 'iot:Publish',
            message: `Cannot let devices publish to '${resource}': only their own topics, or those of a rule`,
          }))
      : []),
  ];
}
