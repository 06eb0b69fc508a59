import { join } from 'node:path';
import { readProvisioningTemplate } from './provisioning-template-reader.ts';
import { readQueue, readQueueMapping, reportsFailures } from './queue-readers.ts';
import type { ReadingContext } from './read-stack.ts';
import { functionNameOf, named } from './resource-names.ts';
import { readRole, readRoleAlias } from './role-readers.ts';
import { readRoute } from './route-reader.ts';
import { readBucket, readDeliveryStream } from './storage-readers.ts';
import { listOf, numberOf, objectOf, type Properties, textOf } from './template.ts';
import { readTopicRule } from './topic-rule-reader.ts';

/** How one resource type is read. A property that is not listed is reported as not emulated. */
interface ResourceReader {
  /** Properties that are read, or that make no difference on one machine. */
  readonly properties: readonly string[];
  readonly read?: (logicalId: string, properties: Properties, context: ReadingContext) => void;
}

/** The resource types that have a local stand-in, or need none. */
export const readers: Readonly<Record<string, ResourceReader>> = {
  'AWS::Kinesis::Stream': {
    properties: [
      'Name',
      'ShardCount',
      'RetentionPeriodHours',
      'StreamEncryption',
      'StreamModeDetails',
      'Tags',
    ],
    read: (logicalId, properties, { draft, ...context }) =>
      draft.streams.push({
        ...named(logicalId, context),
        shardCount: numberOf(properties, 'ShardCount', 1),
        retentionHours: numberOf(properties, 'RetentionPeriodHours', 24),
      }),
  },
  'AWS::KinesisFirehose::DeliveryStream': {
    properties: [
      'DeliveryStreamName',
      'DeliveryStreamType',
      'DeliveryStreamEncryptionConfigurationInput',
      'KinesisStreamSourceConfiguration',
      'ExtendedS3DestinationConfiguration',
      'Tags',
    ],
    read: readDeliveryStream,
  },
  'AWS::S3::Bucket': {
    properties: [
      'BucketName',
      'PublicAccessBlockConfiguration',
      'OwnershipControls',
      'BucketEncryption',
      'LifecycleConfiguration',
      'Tags',
    ],
    read: readBucket,
  },
  'AWS::DynamoDB::Table': {
    properties: [
      'TableName',
      'BillingMode',
      'AttributeDefinitions',
      'KeySchema',
      'GlobalSecondaryIndexes',
      'LocalSecondaryIndexes',
      'PointInTimeRecoverySpecification',
      'Tags',
    ],
    read: (logicalId, properties, { draft, ...context }) =>
      draft.tables.push({ ...named(logicalId, context), input: properties }),
  },
  'AWS::SNS::Topic': {
    properties: ['TopicName', 'KmsMasterKeyId', 'Tags'],
    read: (logicalId, _, { draft, ...context }) => draft.topics.push(named(logicalId, context)),
  },
  'AWS::SQS::Queue': {
    properties: [
      'QueueName',
      'KmsMasterKeyId',
      'SqsManagedSseEnabled',
      'VisibilityTimeout',
      'MessageRetentionPeriod',
      'MaximumMessageSize',
      'RedrivePolicy',
      'RedriveAllowPolicy',
      'Tags',
    ],
    read: readQueue,
  },
  'AWS::SQS::QueuePolicy': { properties: ['Queues', 'PolicyDocument'] },
  'AWS::Lambda::Function': {
    properties: [
      'Code',
      'Handler',
      'Runtime',
      'FunctionName',
      'Description',
      'MemorySize',
      'Timeout',
      'Architectures',
      'Environment',
      'Role',
      'TracingConfig',
      'Tags',
    ],
    read: readFunction,
  },
  'AWS::Lambda::EventInvokeConfig': {
    properties: ['FunctionName', 'Qualifier', 'MaximumRetryAttempts', 'DestinationConfig'],
    read: (_, properties, { draft }) => {
      const name = functionNameOf(textOf(properties, 'FunctionName') ?? '');
      const asyncRetryAttempts = numberOf(properties, 'MaximumRetryAttempts', 2);
      const asyncFailureArn = failureArnOf(properties);
      draft.functions = draft.functions.map((entry) =>
        entry.name === name
          ? { ...entry, asyncRetryAttempts, ...(asyncFailureArn && { asyncFailureArn }) }
          : entry,
      );
    },
  },
  'AWS::Lambda::EventSourceMapping': {
    properties: [
      'BatchSize',
      'MaximumBatchingWindowInSeconds',
      'Enabled',
      'EventSourceArn',
      'FunctionName',
      'StartingPosition',
      'MaximumRetryAttempts',
      'BisectBatchOnFunctionError',
      'FunctionResponseTypes',
      'MaximumRecordAgeInSeconds',
      'DestinationConfig',
      'ParallelizationFactor',
      'TumblingWindowInSeconds',
      'FilterCriteria',
      'ScalingConfig',
    ],
    read: readEventSourceMapping,
  },
  'AWS::IoT::TopicRule': { properties: ['RuleName', 'TopicRulePayload', 'Tags'], read: readTopicRule },
  'AWS::IoT::Policy': {
    properties: ['PolicyName', 'PolicyDocument', 'Tags'],
    read: (logicalId, properties, { draft, ...context }) =>
      draft.iotPolicies.push({
        ...named(logicalId, context),
        document: JSON.stringify(properties.PolicyDocument),
      }),
  },
  'AWS::IoT::ProvisioningTemplate': {
    properties: [
      'TemplateName',
      'TemplateType',
      'TemplateBody',
      'Description',
      'Enabled',
      'ProvisioningRoleArn',
      'PreProvisioningHook',
      'Tags',
    ],
    read: readProvisioningTemplate,
  },
  'AWS::ApiGatewayV2::Route': {
    properties: ['ApiId', 'RouteKey', 'Target', 'AuthorizationType', 'AuthorizerId', 'AuthorizationScopes'],
    read: readRoute,
  },
  'AWS::Events::Rule': {
    properties: ['ScheduleExpression', 'State', 'Targets', 'Name', 'Description'],
    read: (logicalId, properties, { draft }) => {
      for (const target of listOf(properties, 'Targets')) {
        const input = textOf(target, 'Input');
        draft.schedules.push({
          name: textOf(properties, 'Name') ?? logicalId,
          expression: textOf(properties, 'ScheduleExpression') ?? '',
          functionName: functionNameOf(textOf(target, 'Arn') ?? ''),
          ...(input === undefined ? {} : { input }),
        });
      }
    },
  },
  'AWS::IoT::RoleAlias': {
    properties: ['RoleAlias', 'RoleArn', 'CredentialDurationSeconds', 'Tags'],
    read: readRoleAlias,
  },
  'AWS::ApiGatewayV2::Api': {
    properties: ['Name', 'ProtocolType', 'Description'],
    // Its Ref, of which the ARNs of its routes are made, is here its logical id.
    read: (logicalId, _, { draft }) => draft.httpApis.push({ logicalId, id: logicalId }),
  },
  'AWS::ApiGatewayV2::Stage': {
    properties: ['ApiId', 'StageName', 'AutoDeploy', 'DefaultRouteSettings', 'AccessLogSettings'],
  },
  'AWS::ApiGatewayV2::Integration': {
    properties: [
      'ApiId',
      'IntegrationType',
      'IntegrationSubtype',
      'IntegrationUri',
      'PayloadFormatVersion',
      'TimeoutInMillis',
      'CredentialsArn',
      'RequestParameters',
    ],
  },
  // Roles count where devices get their credentials; what functions may do is not limited here.
  'AWS::IAM::Role': {
    properties: ['AssumeRolePolicyDocument', 'Policies', 'RoleName', 'ManagedPolicyArns', 'Path'],
    read: readRole,
  },
  // Encryption, pictures and bills have no counterpart on one machine.
  'AWS::KMS::Key': {
    properties: ['Description', 'EnableKeyRotation', 'PendingWindowInDays', 'KeyPolicy'],
  },
  'AWS::SNS::TopicPolicy': { properties: ['Topics', 'PolicyDocument'] },
  'AWS::CloudWatch::Dashboard': { properties: ['DashboardName', 'DashboardBody'] },
  'AWS::Budgets::Budget': { properties: ['Budget', 'NotificationsWithSubscribers'] },
  'AWS::KinesisAnalyticsV2::Application': {
    properties: [
      'ApplicationName',
      'ApplicationDescription',
      'RuntimeEnvironment',
      'ServiceExecutionRole',
      'ApplicationConfiguration',
      'RunConfiguration',
    ],
    read: (logicalId, _, { draft }) =>
      draft.notEmulated.push({
        logicalId,
        type: 'AWS::KinesisAnalyticsV2::Application',
        reason: 'its streaming SQL runs in the engine of this process',
      }),
  },
  'AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption': {
    properties: ['ApplicationName', 'CloudWatchLoggingOption'],
  },
  'AWS::Logs::LogStream': { properties: ['LogGroupName', 'LogStreamName'] },
  'AWS::Logs::LogGroup': { properties: ['LogGroupName', 'RetentionInDays'] },
  'AWS::Lambda::Version': { properties: ['FunctionName', 'CodeSha256', 'Description'] },
  'AWS::Lambda::Permission': {
    properties: ['FunctionName', 'Action', 'Principal', 'SourceArn', 'SourceAccount'],
  },
  'AWS::S3::BucketPolicy': { properties: ['Bucket', 'PolicyDocument'] },
};

function readFunction(
  logicalId: string,
  properties: Properties,
  { draft, projectFolder, ...context }: ReadingContext,
): void {
  const handler = textOf(properties, 'Handler') ?? '';
  const dot = handler.lastIndexOf('.');
  const variables = objectOf(objectOf(properties, 'Environment'), 'Variables');
  draft.functions.push({
    ...named(logicalId, context),
    file: join(projectFolder, `${handler.slice(0, dot)}.ts`),
    export: handler.slice(dot + 1),
    environment: Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)])),
    timeoutSeconds: numberOf(properties, 'Timeout', 6),
    memoryMegabytes: numberOf(properties, 'MemorySize', 1024),
    asyncRetryAttempts: 2,
  });
}

/** Where what failed for good goes. */
function failureArnOf(properties: Properties): string | undefined {
  return textOf(objectOf(objectOf(properties, 'DestinationConfig'), 'OnFailure'), 'Destination');
}

function readEventSourceMapping(logicalId: string, properties: Properties, context: ReadingContext): void {
  if (textOf(properties, 'EventSourceArn')?.startsWith('arn:aws:sqs:')) {
    readQueueMapping(logicalId, properties, context);
    return;
  }
  const onFailure = failureArnOf(properties);
  context.draft.eventSourceMappings.push({
    logicalId,
    functionName: functionNameOf(textOf(properties, 'FunctionName') ?? ''),
    streamArn: textOf(properties, 'EventSourceArn') ?? '',
    startingPosition: textOf(properties, 'StartingPosition') === 'LATEST' ? 'LATEST' : 'TRIM_HORIZON',
    batchSize: numberOf(properties, 'BatchSize', 100),
    batchWindowSeconds: numberOf(properties, 'MaximumBatchingWindowInSeconds', 0),
    parallelizationFactor: numberOf(properties, 'ParallelizationFactor', 1),
    bisect: properties.BisectBatchOnFunctionError === true,
    maximumRetryAttempts: numberOf(properties, 'MaximumRetryAttempts', -1),
    maximumRecordAgeSeconds: numberOf(properties, 'MaximumRecordAgeInSeconds', -1),
    reportBatchItemFailures: reportsFailures(properties),
    tumblingWindowSeconds: numberOf(properties, 'TumblingWindowInSeconds', 0),
    filterPatterns: listOf(objectOf(properties, 'FilterCriteria'), 'Filters').map(
      (filter) => textOf(filter, 'Pattern') ?? '',
    ),
    ...(onFailure === undefined ? {} : { onFailureArn: onFailure }),
  });
}
