import type { Check } from './finding.ts';
import { roleStatements } from './iam-policy.ts';

/** No action with a wildcard, no managed policy; a resource `*` only where an exception gives the reason. */
export const iamWildcards: Check = {
  name: 'iam-wildcards',
  run: (view) => [
    ...roleStatements(view)
      .filter(({ effect }) => effect === 'Allow')
      .flatMap(({ role, actions, resources }) => [
        ...actions
          .filter((action) => action.includes('*'))
          .map((action) => ({
            resource: role,
            about: action,
            message: `Cannot grant '${action}': name each action`,
          })),
        ...(resources.includes('*') || resources.length === 0
          ? actions.map((action) => ({
              resource: role,
              about: `${action} on *`,
              message: `Cannot grant '${action}' on every resource: name the resources, or write an exception with its reason`,
            }))
          : []),
      ]),
    ...view.ofType('AWS::IAM::Role').flatMap(({ id, properties }) =>
      ((properties.ManagedPolicyArns ?? []) as string[])
        .filter((arn) => arn.includes(':aws:policy/'))
        .map((arn) => ({
          resource: id,
          about: arn,
          message: `Cannot attach '${arn}': policies managed by AWS grant more than is used`,
        })),
    ),
  ],
};
