import { GetApisCommand } from '@aws-sdk/client-apigatewayv2';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ListUserPoolsCommand } from '@aws-sdk/client-cognito-identity-provider';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { ListDeliveryStreamsCommand } from '@aws-sdk/client-firehose';
import { ListRolesCommand } from '@aws-sdk/client-iam';
import { ListStreamsCommand } from '@aws-sdk/client-kinesis';
import { ListEventSourceMappingsCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { ListTopicsCommand } from '@aws-sdk/client-sns';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import type { AwsClients } from './aws-clients.test-support.ts';

/** Names of what is there, by kind. */
export type Remains = Readonly<Record<string, readonly string[]>>;

/** What an account without a stack holds. */
export const NOTHING: Remains = {
  alarms: [],
  apis: [],
  buckets: [],
  deliveryStreams: [],
  functions: [],
  logGroups: [],
  mappings: [],
  people: [],
  queues: [],
  roles: [],
  schedules: [],
  stacks: [],
  streams: [],
  tables: [],
  topicRules: [],
  topics: [],
};

/** Asks every service what it still has. */
export async function remains(aws: AwsClients): Promise<Remains> {
  const rules = JSON.parse((await aws.iot('GET', '/rules')).text) as { rules?: { ruleName: string }[] };
  const named = <T>(items: readonly T[] | undefined, name: (item: T) => string | undefined): string[] =>
    (items ?? []).map((item) => name(item) ?? '').sort();
  return {
    alarms: named(
      (await aws.cloudWatch.send(new DescribeAlarmsCommand({}))).MetricAlarms,
      (each) => each.AlarmName,
    ),
    apis: named((await aws.api.send(new GetApisCommand({}))).Items, (each) => each.Name),
    buckets: named((await aws.s3.send(new ListBucketsCommand({}))).Buckets, (each) => each.Name),
    deliveryStreams: (await aws.firehose.send(new ListDeliveryStreamsCommand({}))).DeliveryStreamNames ?? [],
    functions: named(
      (await aws.lambda.send(new ListFunctionsCommand({}))).Functions,
      (each) => each.FunctionName,
    ),
    // The emulator makes a function's log group again when an invocation ends that was under way at the removal. On AWS
    // nobody could: no function's role may create a log group.
    logGroups: named(
      (await aws.logs.send(new DescribeLogGroupsCommand({}))).logGroups?.filter(
        ({ logGroupName }) => !logGroupName?.startsWith('/aws/lambda/'),
      ),
      (each) => each.logGroupName,
    ),
    mappings: named(
      (await aws.lambda.send(new ListEventSourceMappingsCommand({}))).EventSourceMappings,
      (each) => each.EventSourceArn,
    ),
    people: named(
      (await aws.cognito.send(new ListUserPoolsCommand({ MaxResults: 60 }))).UserPools,
      (each) => each.Name,
    ),
    queues: (await aws.sqs.send(new ListQueuesCommand({}))).QueueUrls ?? [],
    roles: named((await aws.iam.send(new ListRolesCommand({}))).Roles, (each) => each.RoleName),
    schedules: named((await aws.events.send(new ListRulesCommand({}))).Rules, (each) => each.Name),
    stacks: named(
      (await aws.cloudFormation.send(new DescribeStacksCommand({}))).Stacks,
      (each) => each.StackName,
    ),
    streams: (await aws.kinesis.send(new ListStreamsCommand({}))).StreamNames ?? [],
    tables: (await aws.dynamoDb.send(new ListTablesCommand({}))).TableNames ?? [],
    topicRules: named(rules.rules, (each) => each.ruleName),
    topics: named((await aws.sns.send(new ListTopicsCommand({}))).Topics, (each) => each.TopicArn),
  };
}
