import type { Properties, Template } from '../stack/template.ts';

export type Resources = Template['Resources'];

/** A template with one thing wrong, and what the check of that name must say about it. */
export interface BrokenTemplate {
  readonly check: string;
  readonly what: string;
  readonly resources: Resources;
  readonly finding: string;
}

export const resource = (Type: string, Properties: Properties = {}): Resources[string] => ({
  Type,
  Properties,
});
export const bucket = (Properties: Properties): Resources => ({
  Bucket: resource('AWS::S3::Bucket', Properties),
});
/** An application of Managed Flink with nothing wrong but what is given: parts of its configuration, its role's resources. */
export const flinkApplication = (
  given: Properties = {},
  { object = 'app.jar', stream = 'In', properties = {} as Properties, hasLogs = true } = {},
): Resources => ({
  App: resource('AWS::KinesisAnalyticsV2::Application', {
    RuntimeEnvironment: 'FLINK-2_2',
    ServiceExecutionRole: { 'Fn::GetAtt': ['AppRole', 'Arn'] },
    ApplicationConfiguration: {
      ApplicationCodeConfiguration: {
        CodeContent: {
          S3ContentLocation: { BucketARN: { 'Fn::GetAtt': ['Jars', 'Arn'] }, FileKey: 'app.jar' },
        },
      },
      EnvironmentProperties: {
        PropertyGroups: [
          { PropertyGroupId: 'source', PropertyMap: { 'kinesis.arn': { 'Fn::GetAtt': ['In', 'Arn'] } } },
          {
            PropertyGroupId: 'runner',
            PropertyMap: { 'flink.pipeline.max-parallelism': '4', ...properties },
          },
        ],
      },
      FlinkApplicationConfiguration: {
        CheckpointConfiguration: { ConfigurationType: 'CUSTOM', CheckpointingEnabled: true },
        ParallelismConfiguration: { ConfigurationType: 'CUSTOM', Parallelism: 2, AutoScalingEnabled: true },
      },
      ApplicationSnapshotConfiguration: { SnapshotsEnabled: true },
      ...given,
    },
  }),
  ...(hasLogs && {
    Logging: resource('AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption', {
      ApplicationName: { Ref: 'App' },
    }),
  }),
  Jars: resource('AWS::S3::Bucket'),
  In: resource('AWS::Kinesis::Stream'),
  Other: resource('AWS::Kinesis::Stream'),
  AppRole: resource('AWS::IAM::Role', {
    Policies: [
      {
        PolicyDocument: {
          Statement: [
            allow(['s3:GetObject'], { 'Fn::Sub': `\${Jars.Arn}/${object}` }),
            allow(['kinesis:GetRecords'], { 'Fn::GetAtt': [stream, 'Arn'] }),
          ],
        },
      },
    ],
  }),
});
export const rule = (payload: Properties): Resources => ({
  Rule: resource('AWS::IoT::TopicRule', {
    RuleName: 'r',
    TopicRulePayload: {
      AwsIotSqlVersion: '2016-03-23',
      Sql: "SELECT * FROM 'a'",
      Actions: [],
      ErrorAction: { Sqs: { QueueUrl: 'q', RoleArn: 'r' } },
      ...payload,
    },
  }),
});
export const delivery = (destination: Properties): Resources => ({
  Delivery: resource('AWS::KinesisFirehose::DeliveryStream', {
    DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' },
    ExtendedS3DestinationConfiguration: { CloudWatchLoggingOptions: { Enabled: true }, ...destination },
  }),
});
export const transitions = (...steps: readonly (readonly [string, number])[]): Resources =>
  lifecycleRule({
    ObjectSizeGreaterThan: 131072,
    Transitions: steps.map(([StorageClass, TransitionInDays]) => ({ StorageClass, TransitionInDays })),
  });
export const lifecycleRule = (members: Properties): Resources =>
  bucket({
    LifecycleConfiguration: {
      Rules: [
        {
          Id: 'cool',
          Status: 'Enabled',
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          ...members,
        },
      ],
    },
  });

export const goodMapping = {
  EventSourceArn: { 'Fn::GetAtt': ['Stream', 'Arn'] },
  FunctionName: { 'Fn::GetAtt': ['Store', 'Arn'] },
  StartingPosition: 'TRIM_HORIZON',
  BisectBatchOnFunctionError: true,
  MaximumRetryAttempts: 3,
  MaximumRecordAgeInSeconds: 3600,
  FunctionResponseTypes: ['ReportBatchItemFailures'],
  DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Bucket', 'Arn'] } } },
};
export const streamMapping = (members: Properties): Resources => ({
  Stream: resource('AWS::Kinesis::Stream', { StreamEncryption: { EncryptionType: 'KMS' } }),
  Mapping: resource('AWS::Lambda::EventSourceMapping', { ...goodMapping, ...members }),
});
export const queueMapping = (members: Properties, queue: Properties = {}): Resources => ({
  Store: resource('AWS::Lambda::Function', { Timeout: 30 }),
  Queue: resource('AWS::SQS::Queue', {
    VisibilityTimeout: 180,
    RedrivePolicy: {},
    SqsManagedSseEnabled: true,
    ...queue,
  }),
  Mapping: resource('AWS::Lambda::EventSourceMapping', {
    EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
    FunctionName: { 'Fn::GetAtt': ['Store', 'Arn'] },
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ScalingConfig: { MaximumConcurrency: 5 },
    ...members,
  }),
});
export const role = (statements: readonly Properties[], more: Properties = {}): Resources => ({
  Role: resource('AWS::IAM::Role', {
    AssumeRolePolicyDocument: {
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } }],
    },
    Policies: [{ PolicyName: 'p', PolicyDocument: { Statement: statements } }],
    ...more,
  }),
});
export const allow = (
  Action: unknown,
  Resource: unknown = { 'Fn::GetAtt': ['Table', 'Arn'] },
): Properties => ({
  Effect: 'Allow',
  Action,
  Resource,
});
export const lambda = (members: Properties): Resources => ({
  Store: resource('AWS::Lambda::Function', {
    FunctionName: 'store',
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    MemorySize: 256,
    Timeout: 30,
    TracingConfig: { Mode: 'Active' },
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
    ...members,
  }),
});
export const devicePolicy = (statement: Properties): Resources => ({
  Devices: resource('AWS::IoT::Policy', {
    PolicyDocument: { Statement: [{ Effect: 'Allow', ...statement }] },
  }),
});
