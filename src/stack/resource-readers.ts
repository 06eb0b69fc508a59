import { join } from 'node:path';
import { readQueue, readQueueMapping, reportsFailures } from './queue-readers.ts';
import type { ReadingContext } from './read-stack.ts';
import { functionNameOf, named } from './resource-names.ts';
import type { LifecycleRule, RuleAction, TopicRuleResource } from './stack.ts';
import { StackError } from './stack-error.ts';
import { listOf, numberOf, objectOf, type Properties, textOf } from './template.ts';

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
    read: (logicalId, properties, { draft, ...context }) => {
      if (logicalId === 'ServerlessDeploymentBucket') return;
      const rules = listOf(objectOf(properties, 'LifecycleConfiguration'), 'Rules');
      reportNested(logicalId, 'AWS::S3::Bucket', rules, LIFECYCLE_PROPERTIES, draft);
      const enabled = rules.filter((rule) => textOf(rule, 'Status') === 'Enabled');
      draft.buckets.push({ ...named(logicalId, context), lifecycle: enabled.map(readLifecycleRule) });
    },
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
  'AWS::ApiGatewayV2::Api': { properties: ['Name', 'ProtocolType', 'Description'] },
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
  // Who may do what is decided by whoever runs the machine; logs go to files; versions and permissions have no effect here.
  'AWS::IAM::Role': {
    properties: ['AssumeRolePolicyDocument', 'Policies', 'RoleName', 'ManagedPolicyArns', 'Path'],
  },
  // Encryption, pictures and bills have no counterpart on one machine.
  'AWS::KMS::Key': {
    properties: ['Description', 'EnableKeyRotation', 'PendingWindowInDays', 'KeyPolicy'],
  },
  'AWS::SNS::TopicPolicy': { properties: ['Topics', 'PolicyDocument'] },
  'AWS::CloudWatch::Dashboard': { properties: ['DashboardName', 'DashboardBody'] },
  'AWS::Budgets::Budget': { properties: ['Budget', 'NotificationsWithSubscribers'] },
  'AWS::Logs::LogGroup': { properties: ['LogGroupName', 'RetentionInDays'] },
  'AWS::Lambda::Version': { properties: ['FunctionName', 'CodeSha256', 'Description'] },
  'AWS::Lambda::Permission': {
    properties: ['FunctionName', 'Action', 'Principal', 'SourceArn', 'SourceAccount'],
  },
  'AWS::S3::BucketPolicy': { properties: ['Bucket', 'PolicyDocument'] },
};

/** Properties below the top that are read, or make no difference here. */
const DESTINATION_PROPERTIES = [
  'BucketARN',
  'RoleARN',
  'Prefix',
  'ErrorOutputPrefix',
  'BufferingHints',
  'CompressionFormat',
  'CloudWatchLoggingOptions',
  'ProcessingConfiguration',
];
const APPENDING = 'AppendDelimiterToRecord';
const LIFECYCLE_PROPERTIES = [
  'Id',
  'Status',
  'Prefix',
  'ObjectSizeGreaterThan',
  'Transitions',
  'ExpirationInDays',
  'AbortIncompleteMultipartUpload',
];

function reportNested(
  logicalId: string,
  type: string,
  parts: readonly Properties[],
  known: readonly string[],
  { notEmulated }: ReadingContext['draft'],
): void {
  for (const name of parts
    .flatMap((part) => Object.keys(part))
    .filter((property) => !known.includes(property))) {
    notEmulated.push({ logicalId, type, reason: `property ${name} is ignored` });
  }
}

/** Integrations of the framework are named `HttpApiIntegration` plus the function's key. */
function functionOfIntegration(target: string, { functions }: ReadingContext['draft']): string {
  const key = target.replace(/^integrations\/HttpApiIntegration/, '');
  const found = functions.find(({ logicalId }) => logicalId === `${key}LambdaFunction`);
  if (!found) throw new StackError(`Cannot find the function of the route target '${target}'`);
  return found.name;
}

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

function readDeliveryStream(
  logicalId: string,
  properties: Properties,
  { draft, ...context }: ReadingContext,
): void {
  const destination = objectOf(properties, 'ExtendedS3DestinationConfiguration');
  const hints = objectOf(destination, 'BufferingHints');
  reportNested(
    logicalId,
    'AWS::KinesisFirehose::DeliveryStream',
    [destination],
    DESTINATION_PROPERTIES,
    draft,
  );
  draft.deliveryStreams.push({
    ...named(logicalId, context),
    bucketName: (textOf(destination, 'BucketARN') ?? '').replace('arn:aws:s3:::', ''),
    prefix: textOf(destination, 'Prefix') ?? '',
    errorOutputPrefix: textOf(destination, 'ErrorOutputPrefix') ?? '',
    bufferSeconds: numberOf(hints, 'IntervalInSeconds', 300),
    bufferMegabytes: numberOf(hints, 'SizeInMBs', 5),
    compression: textOf(destination, 'CompressionFormat') === 'GZIP' ? 'GZIP' : 'UNCOMPRESSED',
    delimiter: readDelimiter(logicalId, destination, draft),
    sourceStreamArn: textOf(objectOf(properties, 'KinesisStreamSourceConfiguration'), 'KinesisStreamARN'),
  });
}

/** What the processor AppendDelimiterToRecord appends (Amazon Data Firehose API reference, Processor); `\\n` ends a line. */
function readDelimiter(logicalId: string, destination: Properties, draft: ReadingContext['draft']): string {
  const processing = objectOf(destination, 'ProcessingConfiguration');
  if (processing.Enabled !== true) return '';
  const processors = listOf(processing, 'Processors');
  for (const { Type } of processors.filter((each) => each.Type !== APPENDING))
    draft.notEmulated.push({
      logicalId,
      type: 'AWS::KinesisFirehose::DeliveryStream',
      reason: `processor ${Type} is ignored`,
    });
  const appending = processors.find(({ Type }) => Type === APPENDING);
  const parameters = listOf(appending ?? {}, 'Parameters');
  const delimiter = parameters.find(({ ParameterName }) => ParameterName === 'Delimiter');
  return (textOf(delimiter ?? {}, 'ParameterValue') ?? '').replaceAll('\\n', '\n');
}

function readLifecycleRule(rule: Properties): LifecycleRule {
  const expiration = numberOf(rule, 'ExpirationInDays', -1);
  const minimum = numberOf(rule, 'ObjectSizeGreaterThan', -1);
  return {
    id: textOf(rule, 'Id') ?? '',
    prefix: textOf(rule, 'Prefix') ?? '',
    minimumBytes: minimum < 0 ? undefined : minimum,
    transitions: listOf(rule, 'Transitions').map((transition) => ({
      storageClass: textOf(transition, 'StorageClass') ?? '',
      days: numberOf(transition, 'TransitionInDays', 0),
    })),
    expirationDays: expiration < 0 ? undefined : expiration,
  };
}

/** Where what failed for good goes. */
function failureArnOf(properties: Properties): string | undefined {
  return textOf(objectOf(objectOf(properties, 'DestinationConfig'), 'OnFailure'), 'Destination');
}

function readRoute(logicalId: string, properties: Properties, { draft, propertiesOf }: ReadingContext): void {
  const [method = '', path = ''] = (textOf(properties, 'RouteKey') ?? '').split(' ');
  const target = textOf(properties, 'Target') ?? '';
  const integration = propertiesOf(target.replace(/^integrations\//, ''));
  const subtype = textOf(integration, 'IntegrationSubtype');
  if (subtype === undefined) {
    draft.routes.push({ method, path, functionName: functionOfIntegration(target, draft) });
    return;
  }
  const parameters = objectOf(integration, 'RequestParameters');
  const other = Object.keys(parameters).filter((name) => name !== 'QueueUrl' && name !== 'MessageBody');
  if (
    subtype !== 'SQS-SendMessage' ||
    textOf(parameters, 'MessageBody') !== '$request.body' ||
    other.length > 0
  ) {
    const reason = `only SQS-SendMessage of $request.body is served, not ${subtype} with ${JSON.stringify(parameters)}`;
    draft.notEmulated.push({ logicalId, type: 'AWS::ApiGatewayV2::Route', reason });
    return;
  }
  const url = textOf(parameters, 'QueueUrl') ?? '';
  draft.queueRoutes.push({ method, path, queueName: url.slice(url.lastIndexOf('/') + 1) });
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

function readTopicRule(
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
