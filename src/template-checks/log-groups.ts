import type { Check } from './finding.ts';

/** Every log group forgets, and every function has one: a group that Lambda makes itself keeps its lines for ever. */
export const logGroups: Check = {
  name: 'log-groups',
  run: ({ ofType }) => {
    const groups = ofType('AWS::Logs::LogGroup');
    const names = new Set(groups.map(({ properties }) => String(properties.LogGroupName)));
    return [
      ...groups
        .filter(({ properties }) => properties.RetentionInDays === undefined)
        .map(({ id }) => ({
          resource: id,
          about: 'RetentionInDays',
          message: 'Cannot keep logs for ever: set RetentionInDays',
        })),
      ...ofType('AWS::Lambda::Function')
        .filter(({ properties }) => !names.has(`/aws/lambda/${properties.FunctionName}`))
        .map(({ id, properties }) => ({
          resource: id,
          about: 'LogGroup',
          message: `Cannot limit the logs of '${properties.FunctionName}': the template has no log group for it`,
        })),
    ];
  },
};
