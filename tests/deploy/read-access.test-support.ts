import { DescribeAlarmsCommand, GetDashboardCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeUserPoolClientCommand,
  DescribeUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { GetRoleCommand, GetRolePolicyCommand, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import type { ReadBack } from './read-back.test-support.ts';

/** Who may do what, what devices are told, and what is watched. */
export const accessReaders: Readonly<Record<string, ReadBack>> = {
  'AWS::IAM::Role': async ({ iam }, { physicalId: RoleName }) => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    const policies = PolicyNames.map((PolicyName) =>
      iam.send(new GetRolePolicyCommand({ RoleName, PolicyName })),
    );
    return {
      AssumeRolePolicyDocument: decodeDocument(Role?.AssumeRolePolicyDocument),
      Policies: (await Promise.all(policies)).map(({ PolicyName, PolicyDocument }) => ({
        PolicyName,
        PolicyDocument: decodeDocument(PolicyDocument),
      })),
    };
  },
  'AWS::IoT::TopicRule': async ({ iot }, { physicalId }) => {
    const { rule } = JSON.parse((await iot('GET', `/rules/${physicalId}`)).text) as { rule: object };
    const named = withCapitals(rule) as Record<string, unknown>;
    return { RuleName: named.RuleName, TopicRulePayload: named };
  },
  'AWS::IoT::Policy': async ({ iot }, { physicalId }) => {
    const policy = JSON.parse((await iot('GET', `/policies/${physicalId}`)).text) as Record<string, string>;
    return { PolicyName: policy.policyName, PolicyDocument: JSON.parse(policy.policyDocument ?? '{}') };
  },
  'AWS::IoT::ProvisioningTemplate': async ({ iot }, { physicalId }) => {
    const { text } = await iot('GET', `/provisioning-templates/${physicalId}`);
    const { type, ...template } = JSON.parse(text) as Record<string, unknown>;
    return { ...(withCapitals(template) as object), TemplateType: type };
  },
  'AWS::Logs::LogGroup': async ({ logs }, { physicalId }) => {
    const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: physicalId }));
    const group = logGroups?.find(({ logGroupName }) => logGroupName === physicalId);
    return { LogGroupName: group?.logGroupName, RetentionInDays: group?.retentionInDays };
  },
  'AWS::CloudWatch::Alarm': async ({ cloudWatch }, { physicalId }) => {
    const { MetricAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [physicalId] }));
    return { ...MetricAlarms?.[0] };
  },
  'AWS::CloudWatch::Dashboard': async ({ cloudWatch }, { physicalId }) => ({
    ...(await cloudWatch.send(new GetDashboardCommand({ DashboardName: physicalId }))),
  }),
  'AWS::Cognito::UserPool': async ({ cognito }, { physicalId }) => {
    const { UserPool } = await cognito.send(new DescribeUserPoolCommand({ UserPoolId: physicalId }));
    return { ...UserPool, UserPoolName: UserPool?.Name };
  },
  'AWS::Cognito::UserPoolClient': async ({ cognito }, { physicalId, properties }) => {
    const UserPoolId = String(properties.UserPoolId);
    const command = new DescribeUserPoolClientCommand({ UserPoolId, ClientId: physicalId });
    const { UserPoolClient: client } = await cognito.send(command);
    return { ...client, GenerateSecret: client?.ClientSecret !== undefined };
  },
  'AWS::KMS::Key': async ({ kms }, { physicalId: KeyId }) => {
    const { KeyMetadata } = (await kms('DescribeKey', { KeyId })) as { KeyMetadata: object };
    const { KeyRotationEnabled } = (await kms('GetKeyRotationStatus', { KeyId })) as Record<string, unknown>;
    const { Policy } = (await kms('GetKeyPolicy', { KeyId, PolicyName: 'default' })) as { Policy: string };
    return { ...KeyMetadata, EnableKeyRotation: KeyRotationEnabled, KeyPolicy: JSON.parse(Policy) };
  },
};

/** IAM answers documents as percent-encoded JSON. */
function decodeDocument(document: string | undefined): unknown {
  return JSON.parse(decodeURIComponent(document ?? '{}'));
}

/** AWS IoT names members `roleArn`, CloudFormation `RoleArn`. */
function withCapitals(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withCapitals);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      `${name[0]?.toUpperCase()}${name.slice(1)}`,
      withCapitals(each),
    ]),
  );
}
