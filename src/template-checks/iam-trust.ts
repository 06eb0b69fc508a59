import type { Check } from './finding.ts';
import { trustedServices, trustStatements } from './iam-policy.ts';
import { textsIn } from './template-view.ts';

/**
 * Services that tell for whom they assume a role, so that the trust can be limited to this account (IAM user guide, the
 * confused deputy problem). Lambda assumes the roles of its own functions only, and sends no such key.
 */
const TELLS_ITS_SOURCE = new Set([
  'iot.amazonaws.com',
  'firehose.amazonaws.com',
  'scheduler.amazonaws.com',
  'states.amazonaws.com',
  'pipes.amazonaws.com',
  'apigateway.amazonaws.com',
  'kinesisanalytics.amazonaws.com',
  'glue.amazonaws.com',
]);

/** A role that a service assumes says for which account; nobody else may assume it. */
export const iamTrust: Check = {
  name: 'iam-trust',
  run: ({ ofType }) =>
    ofType('AWS::IAM::Role').flatMap((role) =>
      trustStatements(role).flatMap((statement) => {
        const limits = JSON.stringify(statement.Condition ?? {}).toLowerCase();
        const isLimited = limits.includes('aws:sourceaccount') || limits.includes('aws:sourcearn');
        return [
          ...trustedServices(statement)
            .filter((service) => TELLS_ITS_SOURCE.has(service) && !isLimited)
            .map((service) => ({
              resource: role.id,
              about: service,
              message: `Cannot let '${service}' assume the role for everybody: add a condition on aws:SourceAccount or aws:SourceArn`,
            })),
          ...textsIn(statement.Principal)
            .filter((principal) => principal === '*')
            .map(() => ({
              resource: role.id,
              about: 'Principal',
              message: "Cannot let '*' assume a role: name who may",
            })),
        ];
      }),
    ),
};
