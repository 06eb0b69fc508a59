import type { ReadingContext } from './read-stack.ts';
import { named } from './resource-names.ts';
import { listOf, numberOf, type Properties, textOf } from './template.ts';

/** AWS CloudFormation, `AWS::IoT::RoleAlias`, CredentialDurationSeconds. */
const DEFAULT_DURATION_SECONDS = 3600;

/** `AWS::IAM::Role`, with the policies that stand in it; managed ones are not read. */
export function readRole(
  logicalId: string,
  properties: Properties,
  { draft, ...context }: ReadingContext,
): void {
  draft.roles.push({
    ...named(logicalId, context),
    trustDocument: JSON.stringify(properties.AssumeRolePolicyDocument),
    policies: listOf(properties, 'Policies').map((policy) => ({
      name: textOf(policy, 'PolicyName') ?? '',
      document: JSON.stringify(policy.PolicyDocument),
    })),
  });
}

/** `AWS::IoT::RoleAlias` */
export function readRoleAlias(
  logicalId: string,
  properties: Properties,
  { draft, ...context }: ReadingContext,
): void {
  draft.roleAliases.push({
    ...named(logicalId, context),
    roleArn: textOf(properties, 'RoleArn') ?? '',
    durationSeconds: numberOf(properties, 'CredentialDurationSeconds', DEFAULT_DURATION_SECONDS),
  });
}
