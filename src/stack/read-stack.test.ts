import { describe, expect, it } from 'vitest';
import { readStack } from './read-stack.ts';
import type { Template } from './template.ts';

const place = { accountId: '000000000000', region: 'us-east-1', stackName: 'mesonet-dev' };
const read = (Resources: Template['Resources'], Metadata = {}): ReturnType<typeof readStack> =>
  readStack({ Resources, Metadata }, '/project', place);

const readings = { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'readings', ShardCount: 2 } };
const store = {
  Type: 'AWS::Lambda::Function',
  Properties: { FunctionName: 'store', Handler: 'functions/store-readings.handler', Timeout: 60 },
};

describe('readStack()', () => {
  it('reads a rule with its references resolved and its templates left alone', () => {
    const rule = {
      Type: 'AWS::IoT::TopicRule',
      Properties: {
        RuleName: 'telemetry',
        TopicRulePayload: {
          Sql: "SELECT * FROM 'a'",
          Actions: [{ Kinesis: { StreamName: { Ref: 'Readings' }, PartitionKey: `\${topic(6)}` } }],
        },
      },
    };
    expect(read({ Readings: readings, Rule: rule }).topicRules).toEqual([
      {
        logicalId: 'Rule',
        name: 'telemetry',
        arn: 'arn:aws:iot:us-east-1:000000000000:rule/telemetry',
        sql: "SELECT * FROM 'a'",
        sqlVersion: '2015-10-08',
        actions: [{ kind: 'Kinesis', members: { StreamName: 'readings', PartitionKey: `\${topic(6)}` } }],
        errorAction: undefined,
      },
    ]);
  });

  it('reads a mapping with the defaults of the service', () => {
    const mapping = {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: { 'Fn::GetAtt': ['Readings', 'Arn'] },
        FunctionName: { 'Fn::GetAtt': ['Store', 'Arn'] },
        StartingPosition: 'TRIM_HORIZON',
      },
    };
    expect(read({ Readings: readings, Store: store, Mapping: mapping }).eventSourceMappings).toEqual([
      expect.objectContaining({
        functionName: 'store',
        streamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/readings',
        batchSize: 100,
        maximumRetryAttempts: -1,
        maximumRecordAgeSeconds: -1,
        bisect: false,
      }),
    ]);
  });

  const queue = {
    Type: 'AWS::SQS::Queue',
    Properties: {
      QueueName: 'work',
      VisibilityTimeout: 60,
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 3 },
    },
  };
  const dead = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead' } };

  it('reads queues with the defaults of the service, and the mapping of one', () => {
    const mapping = (more: object) => ({
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: { 'Fn::GetAtt': ['Work', 'Arn'] },
        FunctionName: { 'Fn::GetAtt': ['Store', 'Arn'] },
        ...more,
      },
    });
    const { queues, queueMappings, eventSourceMappings, notEmulated } = read({
      Work: queue,
      Dead: dead,
      Store: store,
      Plain: mapping({}),
      Bounded: mapping({ BatchSize: 50, ScalingConfig: { MaximumConcurrency: 4 }, FilterCriteria: {} }),
    });
    expect(queues).toEqual([
      {
        logicalId: 'Work',
        name: 'work',
        arn: 'arn:aws:sqs:us-east-1:000000000000:work',
        url: 'https://sqs.us-east-1.amazonaws.com/000000000000/work',
        visibilityTimeoutSeconds: 60,
        retentionSeconds: 345_600,
        maximumMessageBytes: 1_048_576,
        redrive: { queueArn: 'arn:aws:sqs:us-east-1:000000000000:dead', maximumReceives: 3 },
      },
      expect.objectContaining({ name: 'dead', visibilityTimeoutSeconds: 30 }),
    ]);
    expect(eventSourceMappings).toEqual([]);
    const common = { functionName: 'store', queueArn: queues[0]!.arn, batchWindowSeconds: 0 };
    expect(queueMappings).toEqual([
      { ...common, logicalId: 'Plain', batchSize: 10, reportBatchItemFailures: false },
      {
        ...common,
        logicalId: 'Bounded',
        batchSize: 50,
        reportBatchItemFailures: false,
        maximumConcurrency: 4,
      },
    ]);
    expect(notEmulated).toMatchObject([
      { logicalId: 'Bounded', reason: expect.stringContaining('FilterCriteria') },
    ]);
  });

  it('reads a route to a queue, and says what of other services it does not serve', () => {
    const integration = (IntegrationSubtype: string, more = {}) => ({
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        IntegrationSubtype,
        RequestParameters: { QueueUrl: { Ref: 'Work' }, MessageBody: '$request.body', ...more },
      },
    });
    const route = (RouteKey: string, name: string) => ({
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: { RouteKey, Target: { 'Fn::Sub': `integrations/\${${name}}` } },
    });
    const { queueRoutes, routes, notEmulated } = read({
      Work: queue,
      Dead: dead,
      Send: integration('SQS-SendMessage'),
      Delayed: integration('SQS-SendMessage', { DelaySeconds: '5' }),
      Put: integration('Kinesis-PutRecord'),
      First: route('POST /v1/readings', 'Send'),
      Second: route('POST /v1/late', 'Delayed'),
      Third: route('POST /v1/records', 'Put'),
    });
    expect(queueRoutes).toEqual([
      { method: 'POST', path: '/v1/readings', authorization: 'NONE', queueName: 'work' },
    ]);
    expect(routes).toEqual([]);
    expect(notEmulated.map(({ logicalId }) => logicalId)).toEqual(['Second', 'Third']);
    const { Work: _, ...without } = { Work: queue, Dead: dead, First: route('POST /x', 'Send') };
    const send = { ...integration('SQS-SendMessage', { QueueUrl: 'https://sqs/1/none' }) };
    expect(() => read({ ...without, Send: send })).toThrow("Cannot find queue 'none'");
  });

  it('finds the file of a function and the function of a route', () => {
    const { functions, routes } = read({
      QueryLambdaFunction: store,
      HttpApiIntegrationQuery: { Type: 'AWS::ApiGatewayV2::Integration' },
      Route: {
        Type: 'AWS::ApiGatewayV2::Route',
        Properties: {
          RouteKey: 'GET /v1/sensors',
          Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'HttpApiIntegrationQuery' }]] },
        },
      },
    });
    expect(functions).toMatchObject([{ file: '/project/functions/store-readings.ts', export: 'handler' }]);
    expect(routes).toEqual([
      { method: 'GET', path: '/v1/sensors', authorization: 'NONE', functionName: 'store' },
    ]);
  });

  it('reads streaming applications from the metadata', () => {
    const applications = [
      {
        Name: 'w',
        Code: 'analytics-sql/w.sql',
        Input: 'Readings',
        Outputs: { D: { Stream: 'Readings', PartitionKey: 'k' } },
      },
      {
        Name: 'quiet',
        Code: 'analytics-sql/quiet.sql',
        Input: 'Readings',
        References: { T: { File: 'analytics-sql/t.csv' } },
        RejectedBucket: 'Archive',
        TimeColumn: 'at',
        AllowedLatenessMillis: 5000,
      },
    ];
    expect(
      read(
        { Readings: readings, Archive: { Type: 'AWS::S3::Bucket' } },
        { 'Mesonet::StreamingApplications': applications },
      ).applications,
    ).toEqual([
      {
        name: 'w',
        file: '/project/analytics-sql/w.sql',
        inputStream: 'readings',
        outputs: [{ from: 'D', stream: 'readings', partitionKey: 'k' }],
        references: [],
      },
      {
        name: 'quiet',
        file: '/project/analytics-sql/quiet.sql',
        inputStream: 'readings',
        outputs: [],
        references: [{ table: 'T', file: '/project/analytics-sql/t.csv' }],
        rejectedBucket: 'mesonet-dev-archive',
        time: { source: 'column', column: 'at', outOfOrderMillis: 0, allowedLatenessMillis: 5000 },
      },
    ]);
  });

  it('reads the lists of applications that further files name', () => {
    const application = (Name: string) => [{ Name, Code: `${Name}.sql`, Input: 'Readings' }];
    const { applications } = read(
      { Readings: readings },
      {
        'Mesonet::StreamingApplications': application('a'),
        'Mesonet::StreamingApplications::More': application('b'),
        'Mesonet::StreamingApplicationsOfOthers': application('c'),
      },
    );
    expect(applications.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('reads a delivery stream with its source and its delimiter', () => {
    const processor = (Type: string, ParameterValue: string) => ({
      Type,
      Parameters: [{ ParameterName: 'Delimiter', ParameterValue }],
    });
    const { deliveryStreams, notEmulated } = read({
      Readings: readings,
      Archive: { Type: 'AWS::S3::Bucket' },
      Raw: {
        Type: 'AWS::KinesisFirehose::DeliveryStream',
        Properties: {
          KinesisStreamSourceConfiguration: { KinesisStreamARN: { 'Fn::GetAtt': ['Readings', 'Arn'] } },
          ExtendedS3DestinationConfiguration: {
            BucketARN: { 'Fn::GetAtt': ['Archive', 'Arn'] },
            ProcessingConfiguration: {
              Enabled: true,
              Processors: [processor('AppendDelimiterToRecord', '\\n'), processor('Lambda', '')],
            },
          },
        },
      },
    });
    expect(deliveryStreams).toMatchObject([
      { delimiter: '\n', sourceStreamArn: expect.stringMatching(/:stream\/readings$/) },
    ]);
    expect(notEmulated.map(({ reason }) => reason)).toEqual(['processor Lambda is ignored']);
  });

  it('says what has no stand-in, type by type and property by property', () => {
    const { notEmulated } = read({
      Cluster: { Type: 'AWS::Redshift::Cluster' },
      Readings: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'r', WarmThroughput: 1 } },
    });
    expect(notEmulated).toEqual([
      { logicalId: 'Cluster', type: 'AWS::Redshift::Cluster', reason: 'no local stand-in' },
      { logicalId: 'Readings', type: 'AWS::Kinesis::Stream', reason: 'property WarmThroughput is ignored' },
    ]);
  });

  it('substitutes names, attributes and escapes in Fn::Sub', () => {
    const bucket = { Type: 'AWS::S3::Bucket' };
    const named = (text: string): Template['Resources'] => ({
      Archive: bucket,
      Rule: {
        Type: 'AWS::IoT::TopicRule',
        Properties: { RuleName: 'r', TopicRulePayload: { Sql: { 'Fn::Sub': text } } },
      },
    });
    const sqlOf = (text: string): string | undefined => read(named(text)).topicRules[0]?.sql;
    expect(sqlOf(`\${Archive.Arn}/x \${Archive} \${!topic(2)} \${AWS::Region}`)).toBe(
      `arn:aws:s3:::mesonet-dev-archive/x mesonet-dev-archive \${topic(2)} us-east-1`,
    );
  });

  it('refuses references that lead nowhere', () => {
    const sql = (value: unknown): Template['Resources'] => ({
      Rule: { Type: 'AWS::IoT::TopicRule', Properties: { RuleName: 'r', TopicRulePayload: { Sql: value } } },
    });
    expect(() => read(sql({ Ref: 'Nothing' }))).toThrow("Cannot resolve a reference to 'Nothing'");
    expect(() => read(sql({ 'Fn::ImportValue': 'x' }))).toThrow("Cannot resolve 'Fn::ImportValue'");
  });
});
