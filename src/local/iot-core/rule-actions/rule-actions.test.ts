import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RoleArn, RulesStage, recordsOf, rule } from '../rules.test-support.ts';

interface Posted {
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const posted: Posted[] = [];
let statuses: number[] = [];
let server: Server;
let stage: RulesStage;

const table = (TableName: string, keys: readonly (readonly [string, 'S' | 'N'])[]) => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: keys.map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: keys.map(([AttributeName], at) => ({ AttributeName, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
  },
});

const star = (name: string): string => `SELECT * FROM '${name}/#'`;

const byKey = {
  TableName: 'readings',
  HashKeyField: 'sensor',
  HashKeyValue: `\${topic(2)}`,
  RangeKeyField: 'time',
  RangeKeyValue: `\${t}`,
  RangeKeyType: 'NUMBER',
  RoleArn,
};

const resources = (port: number) => ({
  Stream: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'readings', ShardCount: 2 } },
  Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'archive' } },
  Raw: {
    Type: 'AWS::KinesisFirehose::DeliveryStream',
    Properties: {
      DeliveryStreamName: 'raw',
      ExtendedS3DestinationConfiguration: { BucketARN: 'arn:aws:s3:::archive', Prefix: 'raw/' },
    },
  },
  Readings: table('readings', [
    ['sensor', 'S'],
    ['time', 'N'],
  ]),
  Latest: table('latest', [['sensor', 'S']]),
  Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'alerts' } },
  Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'jobs' } },
  Echo: {
    Type: 'AWS::Lambda::Function',
    Properties: { FunctionName: 'echo', Handler: 'handlers.echo', Timeout: 10 },
  },
  KinesisRule: rule('to_kinesis', star('kinesis'), [
    { Kinesis: { StreamName: `\${topic(2)}`, PartitionKey: `\${key}`, RoleArn } },
  ]),
  FirehoseRule: rule('to_firehose', `SELECT VALUE rows FROM 'firehose/#'`, [
    { Firehose: { DeliveryStreamName: 'raw', Separator: '\n', BatchMode: true, RoleArn } },
  ]),
  LambdaRule: rule('to_lambda', star('lambda'), [
    { Lambda: { FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:echo:live' } },
  ]),
  DynamodbRule: rule('to_dynamodb', star('dynamodb'), [
    { DynamoDB: { ...byKey, PayloadField: 'doc', Operation: `\${operation}` } },
  ]),
  DynamodbV2Rule: rule('to_dynamodb_v2', `SELECT VALUE row FROM 'dynamodbv2/#'`, [
    { DynamoDBv2: { PutItem: { TableName: 'latest' }, RoleArn } },
  ]),
  SqsRule: rule('to_sqs', star('sqs'), [
    { Sqs: { QueueUrl: 'https://sqs.us-east-1.amazonaws.com/000000000000/jobs', RoleArn } },
    { Sqs: { QueueUrl: 'https://sqs.us-east-1.amazonaws.com/000000000000/jobs', UseBase64: true, RoleArn } },
  ]),
  SnsRule: rule('to_sns', star('sns'), [
    { Sns: { TargetArn: 'arn:aws:sns:us-east-1:000000000000:alerts', RoleArn } },
    { Sns: { TargetArn: 'arn:aws:sns:us-east-1:000000000000:alerts', MessageFormat: 'JSON', RoleArn } },
  ]),
  S3Rule: rule('to_s3', star('s3'), [
    { S3: { BucketName: 'archive', Key: `in/\${topic(2)}/\${clientid()}.bin`, RoleArn } },
  ]),
  RepublishRule: rule(
    'to_republish',
    star('republish'),
    [
      {
        Republish: {
          Topic: `out/\${topic(2)}/$$x`,
          Qos: 1,
          Headers: {
            PayloadFormatIndicator: 'UTF8_DATA',
            ContentType: 'application/json',
            ResponseTopic: `answers/\${topic(2)}`,
            CorrelationData: `\${encode(topic(2), 'base64')}`,
            MessageExpiry: `\${expiry}`,
            UserProperties: [
              { Key: 'unit', Value: `\${unit}` },
              { Key: 'unit', Value: 'second' },
            ],
          },
          RoleArn,
        },
      },
    ],
    {
      ErrorAction: { S3: { BucketName: 'archive', Key: `errors/\${topic(1)}-\${topic(2)}.json`, RoleArn } },
    },
  ),
  AfterRepublish: rule(
    'after_republish',
    `SELECT *, get_mqtt_property('content_type') AS type FROM 'out/#'`,
    [{ S3: { BucketName: 'archive', Key: 'after.json', RoleArn } }],
  ),
  IngestRule: rule('to_ingest', star('ingest'), [
    { Republish: { Topic: `$$aws/rules/only_ingest/\${topic(2)}`, RoleArn } },
  ]),
  OnlyIngest: rule('only_ingest', 'SELECT *, topic() AS topic', [
    { S3: { BucketName: 'archive', Key: `ingest/\${topic()}.json`, RoleArn } },
  ]),
  MetricRule: rule('to_metric', star('metric'), [
    {
      CloudwatchMetric: {
        MetricNamespace: `Mesonet/\${topic(2)}`,
        MetricName: 'Temperature',
        MetricValue: `\${v}`,
        MetricUnit: `\${unit}`,
        RoleArn,
      },
    },
  ]),
  LogsRule: rule('to_logs', `SELECT VALUE events FROM 'logs/#'`, [
    { CloudwatchLogs: { LogGroupName: '/devices/log', BatchMode: true, RoleArn } },
  ]),
  PlainLogsRule: rule('to_plain_logs', star('plainlogs'), [
    { CloudwatchLogs: { LogGroupName: `devices/\${topic(2)}`, RoleArn } },
  ]),
  AlarmRule: rule('to_alarm', star('alarm'), [
    {
      CloudwatchAlarm: {
        AlarmName: `hot-\${topic(2)}`,
        StateReason: `it is \${v}`,
        StateValue: `\${state}`,
        RoleArn,
      },
    },
  ]),
  HttpRule: rule('to_http', star('http'), [
    {
      Http: {
        Url: `http://127.0.0.1:${port}/\${topic(2)}`,
        Headers: [{ Key: 'X-Device', Value: `\${clientid()}` }],
      },
    },
  ]),
  BatchedHttpRule: rule('to_http_batches', star('batch'), [
    {
      Http: {
        Url: `http://127.0.0.1:${port}/batch`,
        EnableBatching: true,
        BatchConfig: { MaxBatchOpenMs: 200, MaxBatchSize: 3, BatchAcrossTopics: true },
      },
    },
  ]),
  NotEmulated: rule('elsewhere', star('elsewhere'), [
    { IotAnalytics: { ChannelName: 'c', RoleArn } },
    { StepFunctions: { StateMachineName: 's', RoleArn } },
    { Http: { Url: 'https://example.com/x' } },
    {
      Http: {
        Url: `http://127.0.0.1:${port}/x`,
        Auth: { Sigv4: { RoleArn, ServiceName: 's', SigningRegion: 'r' } },
      },
    },
    { S3: { BucketName: 'archive', Key: 'elsewhere.json', CannedAcl: 'public-read', RoleArn } },
  ]),
});

beforeAll(async () => {
  server = createServer(async (request, response) => {
    posted.push({ url: request.url, headers: request.headers, body: await text(request) });
    response.writeHead(statuses.shift() ?? 200).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  stage = await RulesStage.start({
    resources: resources(port),
    files: {
      'handlers.ts':
        'export const echo = async (event: object) => console.log("got " + JSON.stringify(event));',
    },
    allowedHttpHosts: [`127.0.0.1:${port}`],
  });
}, 60_000);
afterAll(async () => {
  await stage.end();
  server.close();
});
beforeEach(() => {
  posted.length = 0;
  statuses = [];
});

const item = async (TableName: string, Key: object): Promise<unknown> =>
  ((await stage.services.callDynamodb('GetItem', { TableName, Key })) as { Item?: unknown }).Item;

async function receiveAll(): Promise<string[]> {
  const response = await fetch(stage.services.endpoints.aws, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonSQS.ReceiveMessage',
      authorization: 'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/sqs/aws4_request',
    },
    body: JSON.stringify({
      QueueUrl: 'http://localhost/000000000000/jobs',
      MaxNumberOfMessages: 10,
    }),
  });
  const { Messages = [] } = (await response.json()) as { Messages?: { Body: string }[] };
  return Messages.map(({ Body }) => Body);
}

describe('rule actions', () => {
  test('Kinesis: the stream and the key come from templates, and a stream that is not there is a failure', async () => {
    await stage.settle('kinesis/readings', { key: 'a', v: 1 });
    await stage.settle('kinesis/readings', { v: 2 });
    await stage.settle('kinesis/nowhere', { key: 'a' });
    expect(stage.records('readings')).toEqual(['{"key":"a","v":1}']);
    expect(stage.stage('action to_kinesis.Kinesis')).toEqual({
      in: 3,
      out: 1,
      dropped: { 'the partition key is undefined': 1, 'there is no such stream': 1 },
    });
  });

  test('Firehose: an array is one record for each element, at most 500, and anything else one record', async () => {
    await stage.settle('firehose/a', { rows: [1, { b: 2 }, 'c,d'] });
    await stage.settle('firehose/a', { rows: { not: 'an array' } });
    await stage.settle('firehose/a', { rows: Array.from({ length: 501 }, (_, i) => i) });
    expect(recordsOf(stage.services.deliveryBuffers.get('raw')!)).toEqual([
      '1\n',
      '{"b":2}\n',
      '"c,d"\n',
      '{"not":"an array"}\n',
    ]);
    expect(stage.stage('action to_firehose.Firehose')?.dropped).toEqual({
      'a batch may have at most 500 records': 1,
    });
  });

  test('Lambda: the function behind an alias gets the result, and bytes are a failure', async () => {
    await stage.settle('lambda/a', { v: 1 });
    await stage.settle('lambda/a', Buffer.from([0xff]));
    expect(stage.functions.runtime.logs('echo')).toContainEqual(expect.stringContaining('got {"v":1}'));
    expect(stage.stage('action to_lambda.Lambda')).toEqual({
      in: 2,
      out: 1,
      dropped: { 'a payload that is not JSON cannot be an event': 1 },
    });
  });

  test('DynamoDB: inserts, updates and deletes by typed keys, the result in one column', async () => {
    const key = { sensor: { S: 's1' }, time: { N: '7' } };
    await stage.settle('dynamodb/s1', { t: 7, operation: 'INSERT', v: 1.5 });
    expect(await item('readings', key)).toEqual({
      ...key,
      doc: { M: { t: { N: '7' }, operation: { S: 'INSERT' }, v: { N: '1.5' } } },
    });
    await stage.settle('dynamodb/s1', { t: 7, operation: 'UPDATE', v: 2 });
    expect(await item('readings', key)).toMatchObject({ doc: { M: { v: { N: '2' } } } });
    await stage.settle('dynamodb/s1', { t: 7, operation: 'DELETE' });
    expect(await item('readings', key)).toBeUndefined();
    await stage.settle('dynamodb/s1', { t: 7, operation: 'MERGE' });
    await stage.settle('dynamodb/s1', { operation: 'INSERT' });
    expect(stage.stage('action to_dynamodb.DynamoDB')).toEqual({
      in: 5,
      out: 3,
      dropped: { 'a member is wrong': 1, 'RangeKeyValue is empty': 1 },
    });
  });

  test('DynamoDBv2: one attribute for each key, all digits kept, and objects only', async () => {
    await stage.settle(
      'dynamodbv2/a',
      Buffer.from('{"row":{"sensor":"s1","big":123456789012345678,"list":[1,"a",null]}}'),
    );
    expect(await item('latest', { sensor: { S: 's1' } })).toEqual({
      sensor: { S: 's1' },
      big: { N: '123456789012345678' },
      list: { L: [{ N: '1' }, { S: 'a' }, { NULL: true }] },
    });
    await stage.settle('dynamodbv2/a', { row: [1] });
    await stage.settle('dynamodbv2/a', { row: { other: 1 } });
    expect(stage.stage('action to_dynamodb_v2.DynamoDBv2')?.dropped).toEqual({
      'the result is not an object': 1,
      ValidationException: 1,
    });
  });

  test('Sqs: as text and in base64', async () => {
    await stage.settle('sqs/a', { v: 1 });
    expect((await receiveAll()).sort()).toEqual([Buffer.from('{"v":1}').toString('base64'), '{"v":1}']);
  });

  test('Sns: RAW gives the result, JSON the text of its default', async () => {
    const message = { default: 'hot', sqs: 'hot for queues' };
    await stage.settle('sns/a', message);
    await stage.settle('sns/a', { v: 1 });
    expect(stage.alerts.newest()).toEqual([
      message,
      { time: expect.any(Number), message: 'hot for queues' },
      { v: 1 },
    ]);
    expect(stage.stage('action to_sns.Sns#2')).toEqual({
      in: 2,
      out: 1,
      dropped: { 'no default message': 1 },
    });
  });

  test('S3: bytes under a key made of the message', async () => {
    await stage.settle('s3/a', Buffer.from('not json'));
    expect(await stage.object('archive', 'in/a/device-0.bin')).toBe('not json');
  });

  test('Republish: subscribers get it with its MQTT 5 headers, and the rules once more', async () => {
    const received = await stage.subscribe('out/#');
    await stage.settle('republish/s1', { expiry: 60, unit: 'C' });
    await expect.poll(() => received.length).toBe(1);
    const { topic, text: body, packet } = received[0]!;
    expect([topic, body, packet.qos]).toEqual(['out/s1/$x', '{"expiry":60,"unit":"C"}', 1]);
    expect(packet.properties).toMatchObject({
      payloadFormatIndicator: true,
      contentType: 'application/json',
      responseTopic: 'answers/s1',
      correlationData: Buffer.from('s1'),
      userProperties: { unit: ['C', 'second'] },
    });
    expect(packet.properties?.messageExpiryInterval).toBeLessThanOrEqual(60);
    expect(JSON.parse(await stage.object('archive', 'after.json'))).toEqual({
      expiry: 60,
      unit: 'C',
      type: 'application/json',
    });
  });

  test('Republish: a header that is wrong goes to the error action in the documented form', async () => {
    await stage.settle('republish/s2', { expiry: 'soon', unit: 'C' });
    expect(JSON.parse(await stage.object('archive', 'errors/republish-s2.json'))).toEqual({
      ruleName: 'to_republish',
      topic: 'republish/s2',
      cloudwatchTraceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      clientId: 'device-0',
      base64OriginalPayload: Buffer.from('{"expiry":"soon","unit":"C"}').toString('base64'),
      failures: [
        {
          failedAction: 'RepublishAction',
          failedResource: 'out/s2/$$x',
          errorMessage: "MessageExpiry is 'soon', expected whole seconds from 1 to 604800",
        },
      ],
    });
  });

  test('Republish: $$aws/rules/ leads to a rule by Basic Ingest, one without FROM too', async () => {
    await stage.settle('ingest/s1', { v: 1 });
    expect(JSON.parse(await stage.object('archive', 'ingest/s1.json'))).toEqual({ v: 1, topic: 's1' });
  });

  test('CloudwatchMetric: a value where functions put theirs, and an unknown unit is a failure', async () => {
    await stage.settle('metric/s1', { v: 21.5, unit: 'None' });
    await stage.settle('metric/s1', { v: 22, unit: 'Kelvin' });
    await stage.settle('metric/s1', { unit: 'None' });
    expect(stage.functions.runtime.metrics.get('Mesonet/s1', 'Temperature', {})).toMatchObject({
      last: 21.5,
      total: 21.5,
      unit: 'None',
    });
    expect(stage.stage('action to_metric.CloudwatchMetric')?.dropped).toEqual({
      'unknown unit': 1,
      'a member is wrong': 1,
    });
  });

  test('CloudwatchLogs: one event for each element in batch mode, else the result', async () => {
    const events = [
      { timestamp: 1, message: 'started' },
      { timestamp: 2, message: 'a\nb' },
    ];
    await stage.settle('logs/a', { events });
    await stage.settle('logs/a', { events: ['no event'] });
    await stage.settle('plainlogs/../../etc', { v: 1 });
    await stage.settle('plainlogs/s1', { v: 1 });
    const lines = (file: string): unknown[] =>
      readFileSync(join(stage.folder, 'logs', file), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
    expect(lines('devices/log.log')).toEqual(events);
    expect(lines('devices/s1.log')).toEqual([{ timestamp: expect.any(Number), message: '{"v":1}' }]);
    expect(lines('devices/%2E%2E.log')).toHaveLength(1);
    expect(stage.stage('action to_logs.CloudwatchLogs')?.dropped).toEqual({ 'not log events': 1 });
  });

  test('CloudwatchAlarm: sets a state that is listed', async () => {
    await stage.settle('alarm/s1', { v: 40, state: 'ALARM' });
    await stage.settle('alarm/s1', { v: 41, state: 'HOT' });
    expect(stage.running.alarms.list()).toEqual([
      {
        alarmName: 'hot-s1',
        stateValue: 'ALARM',
        stateReason: 'it is 40',
        updatedMillis: expect.any(Number),
      },
    ]);
    expect(stage.stage('action to_alarm.CloudwatchAlarm')?.dropped).toEqual({ 'a member is wrong': 1 });
  });

  test('Http: posts to an allowed host, again after 503, not after 400', async () => {
    statuses = [503, 200];
    await stage.settle('http/s1', { v: 1 });
    expect(posted).toHaveLength(2);
    expect(posted[1]).toMatchObject({
      url: '/s1',
      headers: { 'x-device': 'device-0', 'content-type': 'application/json' },
      body: '{"v":1}',
    });
    statuses = [400];
    await stage.settle('http/s1', { v: 2 });
    statuses = [302];
    await stage.settle('http/s1', { v: 2 });
    expect(stage.stage('action to_http.Http')).toEqual({
      in: 3,
      out: 1,
      dropped: { 'status 400': 1, 'status 302': 1 },
    });
  });

  test('Http: gathers results into arrays when batching is on', async () => {
    await Promise.all([1, 2, 3, 4].map((v) => stage.publish(`batch/${v}`, { v })));
    await stage.drained();
    expect(posted.map(({ body }) => (JSON.parse(body) as unknown[]).length)).toEqual([3, 1]);
    expect(posted.flatMap(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { v: 1 },
      { v: 2 },
      { v: 3 },
      { v: 4 },
    ]);
  });

  test('what is not emulated is said at the start and counted, and the actions beside it run', async () => {
    await stage.settle('elsewhere/a', { v: 1 });
    expect(stage.reports.filter((each) => each.includes("'elsewhere'"))).toEqual([
      "Rule 'elsewhere': action IotAnalytics is not emulated: there is no stand-in for its target",
      "Rule 'elsewhere': action StepFunctions is not emulated: there is no stand-in for its target",
      "Rule 'elsewhere': action Http is not emulated: its host is not allowed; allow it with --allow-http example.com:443",
      "Rule 'elsewhere': action Http is not emulated: requests are not signed with SigV4",
      "Rule 'elsewhere': CannedAcl of action S3 is not emulated",
    ]);
    expect(stage.stage('action elsewhere.IotAnalytics')).toEqual({
      in: 1,
      out: 0,
      dropped: { 'not emulated': 1 },
    });
    expect(await stage.object('archive', 'elsewhere.json')).toBe('{"v":1}');
  });
});
