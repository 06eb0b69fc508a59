import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RoleArn, RulesStage, recordsOf, rule } from '../rules.test-support.ts';

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

const resources = {
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
};

beforeAll(async () => {
  stage = await RulesStage.start({
    resources,
    files: { 'handlers.ts': ECHO },
  });
}, 60_000);
afterAll(() => stage.end());

const ECHO = 'export const echo = async (event: object) => console.log("got " + JSON.stringify(event));';

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

describe('actions that hand results on to a service', () => {
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
});
