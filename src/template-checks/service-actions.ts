import { listOf, type Properties } from '../stack/template.ts';
import { nested, type ResourceView, type TemplateView } from './template-view.ts';

/** What a service does with a role on behalf of one resource. */
export type ServiceNeeds = (resource: ResourceView, view: TemplateView) => readonly string[];

/** Actions of a topic rule's action (AWS IoT developer guide, the page of each action). */
const RULE_ACTIONS: Readonly<Record<string, (members: Properties) => readonly string[]>> = {
  Kinesis: () => ['kinesis:PutRecord'],
  Firehose: ({ BatchMode }) => [BatchMode === true ? 'firehose:PutRecordBatch' : 'firehose:PutRecord'],
  S3: () => ['s3:PutObject'],
  Sqs: () => ['sqs:SendMessage'],
  Sns: () => ['sns:Publish'],
  Republish: () => ['iot:Publish'],
  DynamoDB: () => ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
  DynamoDBv2: () => ['dynamodb:PutItem'],
  CloudwatchMetric: () => ['cloudwatch:PutMetricData'],
  CloudwatchAlarm: () => ['cloudwatch:SetAlarmState'],
  CloudwatchLogs: () => ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
  StepFunctions: () => ['states:StartExecution'],
};

/** Every `{ RoleArn: … }` of a rule, with the action that uses it. */
export function rolesOfRule({
  properties,
}: ResourceView): readonly (readonly [unknown, readonly string[]])[] {
  const payload = nested(properties, 'TopicRulePayload');
  const actions = [...listOf(payload, 'Actions'), nested(payload, 'ErrorAction')];
  return actions.flatMap((action) =>
    Object.entries(action as Record<string, Properties>)
      .filter(([, members]) => members.RoleArn !== undefined)
      .map(([kind, members]) => [members.RoleArn, RULE_ACTIONS[kind]?.(members) ?? []] as const),
  );
}

/** What Lambda does with a function's role besides the function's own calls. */
export const functionNeeds: ServiceNeeds = ({ id, properties }, view) => [
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  ...(nested(properties, 'TracingConfig').Mode === 'Active'
    ? ['xray:PutTelemetryRecords', 'xray:PutTraceSegments']
    : []),
  ...view
    .ofType('AWS::Lambda::EventSourceMapping')
    .filter((mapping) => view.target(mapping.properties.FunctionName)?.id === id)
    .flatMap((mapping) => mappingNeeds(mapping, view)),
  ...view
    .ofType('AWS::Lambda::EventInvokeConfig')
    .filter((config) => view.target(config.properties.FunctionName)?.id === id)
    .flatMap((config) => failureNeeds(config, view)),
  ...(nested(properties, 'DeadLetterConfig').TargetArn === undefined
    ? []
    : destinationNeeds(view.target(nested(properties, 'DeadLetterConfig').TargetArn))),
];

/** What a device does with the role that the credential provider gives it: its configuration, its own readings. */
export const deviceNeeds: ServiceNeeds = () => ['dynamodb:PutItem', 'execute-api:Invoke'];

/** Lambda developer guide, the execution role's permissions for each event source. */
const SOURCE_NEEDS: Readonly<Record<string, readonly string[]>> = {
  'AWS::Kinesis::Stream': [
    'kinesis:DescribeStream',
    'kinesis:DescribeStreamSummary',
    'kinesis:GetRecords',
    'kinesis:GetShardIterator',
    'kinesis:ListShards',
  ],
  'AWS::Kinesis::StreamConsumer': ['kinesis:DescribeStreamConsumer', 'kinesis:SubscribeToShard'],
  'AWS::SQS::Queue': ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
  'AWS::DynamoDB::Table': [
    'dynamodb:DescribeStream',
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:ListStreams',
  ],
};

function mappingNeeds(mapping: ResourceView, view: TemplateView): readonly string[] {
  const source = view.target(mapping.properties.EventSourceArn);
  return [...(SOURCE_NEEDS[source?.type ?? ''] ?? []), ...failureNeeds(mapping, view)];
}

function failureNeeds({ properties }: ResourceView, view: TemplateView): readonly string[] {
  const { Destination } = nested(properties, 'DestinationConfig', 'OnFailure');
  return Destination === undefined ? [] : destinationNeeds(view.target(Destination));
}

/** Lambda developer guide, on-failure destinations: what each kind needs. */
function destinationNeeds(target: ResourceView | undefined): readonly string[] {
  const needs: Readonly<Record<string, readonly string[]>> = {
    'AWS::S3::Bucket': ['s3:ListBucket', 's3:PutObject'],
    'AWS::SQS::Queue': ['sqs:SendMessage'],
    'AWS::SNS::Topic': ['sns:Publish'],
    'AWS::Lambda::Function': ['lambda:InvokeFunction'],
  };
  return needs[target?.type ?? ''] ?? [];
}

/** Firehose developer guide, controlling access: an S3 destination, its logs, its schema and its processors. */
export const deliveryNeeds: ServiceNeeds = ({ properties }) => {
  const isFromStream = properties.KinesisStreamSourceConfiguration !== undefined;
  const destination = nested(properties, 'ExtendedS3DestinationConfiguration');
  const processors = listOf(nested(destination, 'ProcessingConfiguration'), 'Processors');
  return [
    's3:AbortMultipartUpload',
    's3:GetBucketLocation',
    's3:ListBucket',
    's3:ListBucketMultipartUploads',
    's3:PutObject',
    ...(isFromStream
      ? ['kinesis:DescribeStream', 'kinesis:GetRecords', 'kinesis:GetShardIterator', 'kinesis:ListShards']
      : []),
    ...(nested(destination, 'CloudWatchLoggingOptions').Enabled === true ? ['logs:PutLogEvents'] : []),
    ...('SchemaConfiguration' in nested(destination, 'DataFormatConversionConfiguration')
      ? ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions']
      : []),
    ...(processors.some(({ Type }) => Type === 'Lambda')
      ? ['lambda:GetFunctionConfiguration', 'lambda:InvokeFunction']
      : []),
  ];
};

/** API Gateway integrations that call a service themselves (API Gateway developer guide, integration subtypes). */
export const integrationNeeds: ServiceNeeds = ({ properties }) => {
  const needs: Readonly<Record<string, readonly string[]>> = {
    'SQS-SendMessage': ['sqs:SendMessage'],
    'Kinesis-PutRecord': ['kinesis:PutRecord'],
    'EventBridge-PutEvents': ['events:PutEvents'],
    'StepFunctions-StartExecution': ['states:StartExecution'],
  };
  return needs[String(properties.IntegrationSubtype)] ?? [];
};

/** AWS IoT developer guide, configuring logging. */
export const ioTLoggingNeeds: ServiceNeeds = () => [
  'logs:CreateLogGroup',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'logs:PutRetentionPolicy',
];

/** AWS IoT developer guide, provision-wo-cert, the role of a template: what each type of resource in it needs. */
const PROVISIONED: Readonly<Record<string, readonly string[]>> = {
  'AWS::IoT::Thing': ['iot:AttachThingPrincipal', 'iot:CreateThing', 'iot:DescribeThing', 'iot:UpdateThing'],
  'AWS::IoT::Certificate': ['iot:DescribeCertificate', 'iot:RegisterCertificate', 'iot:UpdateCertificate'],
  'AWS::IoT::Policy': ['iot:AttachPolicy', 'iot:AttachPrincipalPolicy', 'iot:GetPolicy'],
};

/** What AWS IoT does for devices that come by a provisioning template. */
export const provisioningNeeds: ServiceNeeds = ({ properties }) => {
  const { Resources = {} } = JSON.parse(String(properties.TemplateBody)) as {
    Resources?: Record<string, { Type?: string; Properties?: Properties }>;
  };
  const needs = Object.values(Resources).flatMap(({ Type = '', Properties: given = {} }) => [
    ...(PROVISIONED[Type] ?? []),
    ...('PolicyDocument' in given ? ['iot:CreatePolicy'] : []),
  ]);
  return [...new Set(needs)];
};

/** EventBridge Scheduler user guide, execution role: by what the schedule's target is. */
export const scheduleNeeds: ServiceNeeds = ({ properties }, view) => {
  const target = nested(properties, 'Target');
  const needs: Readonly<Record<string, readonly string[]>> = {
    'AWS::Lambda::Function': ['lambda:InvokeFunction'],
    'AWS::SQS::Queue': ['sqs:SendMessage'],
    'AWS::StepFunctions::StateMachine': ['states:StartExecution'],
  };
  const deadLetters = nested(target, 'DeadLetterConfig').Arn === undefined ? [] : ['sqs:SendMessage'];
  return [...(needs[view.target(target.Arn)?.type ?? ''] ?? []), ...deadLetters];
};
