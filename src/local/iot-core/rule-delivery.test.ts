import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { IotSqlError } from '../../iot-sql/index.ts';
import type { TemplateResource } from '../../stack/template.ts';
import { TopicRuleError } from '../../topic-rules/topic-rule-error.ts';
import { RoleArn, RulesStage, type RulesStageOptions, rule } from './rules.test-support.ts';

let stage: RulesStage | undefined;
afterEach(async () => {
  await stage?.end();
  stage = undefined;
});

const Bucket = { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'archive' } };
const toS3 = (Key: string): object => ({ S3: { BucketName: 'archive', Key, RoleArn } });
const republish = (Topic: string): object => ({ Republish: { Topic, RoleArn } });
const errorsTo = (Key: string): object => ({ ErrorAction: toS3(Key) });

async function start(
  rules: readonly TemplateResource[],
  options: Partial<RulesStageOptions> = {},
): Promise<RulesStage> {
  stage = await RulesStage.start({ ...options, resources: resourcesOf(rules) });
  return stage;
}

const resourcesOf = (rules: readonly TemplateResource[]): Record<string, TemplateResource> => ({
  Bucket,
  ...Object.fromEntries(rules.map((each, at) => [`Rule${at}`, each])),
});

const failing = { CloudwatchAlarm: { AlarmName: 'a', StateReason: 'r', StateValue: `\${state}`, RoleArn } };

describe('a rule that cannot start', () => {
  test.each([
    [
      'a wrong member',
      rule('wrong', "SELECT * FROM 'a'", [{ S3: { BucketName: 'archive', Kye: 'k', RoleArn } }]),
      TopicRuleError,
      `Cannot use rule 'wrong': S3: unknown member 'Kye', did you mean "Key"?; S3.Key is missing`,
    ],
    [
      'a target that is not in the stack',
      rule('nowhere', "SELECT * FROM 'a'", [{ S3: { BucketName: 'absent', Key: 'k', RoleArn } }]),
      Error,
      "Cannot start rule 'nowhere': the target 'absent' of its S3 action is not in the stack",
    ],
    [
      'a function without a service',
      rule('secret', `SELECT get_secret('s', 'SecretString', '${RoleArn}') AS s FROM 'a'`, [toS3('k')]),
      IotSqlError,
      'get_secret',
    ],
    [
      'the version beta',
      rule('beta', "SELECT * FROM 'a'", [toS3('k')], { AwsIotSqlVersion: 'beta' }),
      IotSqlError,
      'beta',
    ],
  ])('stops the start with %s', async (_, wrong, kind, message) => {
    const failure = await start([wrong]).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(kind);
    expect((failure as Error).message).toContain(message);
  });

  test('says what AWS accepts but hardly does what was meant', async () => {
    const { reports } = await start([rule('odd', `SELECT timestamp() / 2 FROM 'a'`, [toS3('k')])]);
    expect(reports).toContainEqual(expect.stringMatching(/^Rule 'odd' at 1:8: /));
  });
});

describe('error actions', () => {
  test('hold all failures of a message that are known at once in one message', async () => {
    const stage = await start([
      rule(
        'two',
        "SELECT * FROM 'a/#'",
        [
          { Kinesis: { StreamName: `\${topic(2)}`, PartitionKey: 'k', RoleArn } },
          { Lambda: { FunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:\${topic(2)}` } },
          toS3('ok.json'),
        ],
        errorsTo(`errors/\${newuuid()}.json`),
      ),
    ]);
    await stage.settle('a/x', { v: 1 });
    expect(await stage.object('archive', 'ok.json')).toBe('{"v":1}');
    const [report, ...others] = await stage.objects('archive', 'errors/');
    expect(others).toEqual([]);
    expect(report).toMatchObject({
      ruleName: 'two',
      failures: [
        { failedAction: 'KinesisAction', failedResource: 'x', errorMessage: 'there is no such stream' },
        {
          failedAction: 'LambdaAction',
          failedResource: 'arn:aws:lambda:us-east-1:000000000000:function:x',
          errorMessage: 'there is no such function',
        },
      ],
    });
  });

  test('get one message for each delivery that is given up, and one that fails itself ends there', async () => {
    const stage = await start([
      rule('later', "SELECT * FROM 'a'", [failing, failing], errorsTo(`errors/\${newuuid()}.json`)),
      rule('hopeless', "SELECT * FROM 'b'", [failing], { ErrorAction: failing }),
    ]);
    await stage.settle('a', { state: 'HOT' });
    await stage.settle('b', { state: 'HOT' });
    const reports = await stage.objects('archive', 'errors/');
    expect(reports.map(({ failures }) => failures)).toEqual([
      [
        {
          failedAction: 'CloudwatchAlarmAction',
          failedResource: 'a',
          errorMessage: expect.stringContaining('HOT'),
        },
      ],
      [
        {
          failedAction: 'CloudwatchAlarmAction',
          failedResource: 'a',
          errorMessage: expect.stringContaining('HOT'),
        },
      ],
    ]);
    expect(stage.stage('action later.CloudwatchAlarm#2')?.dropped).toEqual({ 'a member is wrong': 1 });
    expect(stage.stage('error action hopeless.CloudwatchAlarm')?.dropped).toEqual({ 'a member is wrong': 1 });
    expect(stage.reports).toContainEqual(
      expect.stringContaining('Gave up a delivery of error action hopeless.CloudwatchAlarm'),
    );
  });
});

describe('targets that templates name', () => {
  test('and that are not there are given up at once, in the words of the service', async () => {
    const stage = await start([
      rule('absent', "SELECT * FROM 'a'", [
        { S3: { BucketName: `\${name}`, Key: 'k', RoleArn } },
        { DynamoDBv2: { PutItem: { TableName: `\${name}` }, RoleArn } },
        { Sqs: { QueueUrl: `https://sqs.us-east-1.amazonaws.com/000000000000/\${name}`, RoleArn } },
        { Sns: { TargetArn: `arn:aws:sns:us-east-1:000000000000:\${name}`, RoleArn } },
        { Http: { Url: `http://\${name}/` } },
      ]),
    ]);
    await stage.settle('a', { name: 'absent' });
    const reasons = ['S3', 'DynamoDBv2', 'Sqs', 'Sns', 'Http'].map(
      (kind) => stage.stage(`action absent.${kind}`)?.dropped,
    );
    expect(reasons).toEqual([
      { NoSuchBucket: 1 },
      { ResourceNotFoundException: 1 },
      { QueueDoesNotExist: 1 },
      { NotFound: 1 },
      { 'host not allowed': 1 },
    ]);
  });
});

describe('republish', () => {
  test('is cut when the message goes in a circle, and the error action says so', async () => {
    const stage = await start([
      rule('ping', "SELECT * FROM 'ping'", [republish('pong')], errorsTo('circle.json')),
      rule('pong', "SELECT * FROM 'pong'", [republish('ping')], errorsTo('circle.json')),
    ]);
    await stage.settle('ping', { v: 1 });
    const report = JSON.parse(await stage.object('archive', 'circle.json')) as { failures: object[] };
    expect(report.failures).toEqual([
      {
        failedAction: 'RepublishAction',
        failedResource: 'pong',
        errorMessage: 'The message was republished 10 times already: the rules send it in a circle',
      },
    ]);
    expect(stage.stage('action ping.Republish')).toEqual({ in: 6, out: 5, dropped: { 'republish loop': 1 } });
    expect(stage.stage('action pong.Republish')).toEqual({ in: 5, out: 5, dropped: {} });
  });

  test('refuses topics that nobody may publish to', async () => {
    const stage = await start([rule('odd', "SELECT * FROM 'a'", [republish(`\${to}`)])]);
    for (const to of ['x/+', '$$aws/things/t/shadow/update/accepted', '1/2/3/4/5/6/7/8/9', 'y'.repeat(300)])
      await stage.settle('a', { to });
    expect(stage.stage('action odd.Republish')?.dropped).toEqual({
      'not a topic name': 1,
      'publish to a reserved topic': 1,
      'topic with more than 7 slashes': 1,
      'topic over 256 bytes': 1,
    });
  });
});

describe('Basic Ingest', () => {
  test('reaches the rule it names, one without FROM too, and counts a rule that is not there', async () => {
    const stage = await start([
      rule('direct', 'SELECT *, topic() AS topic', [toS3('direct.json')]),
      rule('listening', "SELECT * FROM 'b/#'", [toS3('listening.json')]),
    ]);
    await stage.settle('$aws/rules/direct/s1/t', { v: 1 });
    await stage.settle('$aws/rules/listening/b/1', { v: 2 });
    await stage.settle('$aws/rules/absent/b/1', { v: 3 });
    expect(JSON.parse(await stage.object('archive', 'direct.json'))).toEqual({ v: 1, topic: 's1/t' });
    expect(await stage.object('archive', 'listening.json')).toBe('{"v":2}');
    expect(stage.ledger().filtered).toEqual({ 'RuleNotFound: Basic Ingest names no rule': 1 });
  });
});

describe('a kill', () => {
  const elsewhere = (port: number): object => ({ Http: { Url: `http://127.0.0.1:${port}/` } });

  test('goes on with deliveries that were accepted and not carried out, also those of a rule that is gone', async () => {
    const posts: string[] = [];
    const server = createServer(async (request, response) => {
      posts.push(await text(request));
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const rules = [rule('gone', "SELECT * FROM 'a'", [elsewhere(port)])];
    const allowedHttpHosts = [`127.0.0.1:${port}`];
    const stage = await start(rules, { allowedHttpHosts });
    await stage.pause();
    for (const v of [1, 2, 3]) await stage.publish('a', { v });
    await stage.kill();
    expect(posts).toEqual([]);
    await stage.open({ resources: resourcesOf([]), allowedHttpHosts });
    await stage.drained();
    expect(posts.sort()).toEqual(['{"v":1}', '{"v":2}', '{"v":3}']);
    expect(stage.stage('action gone.Http')).toEqual({ in: 3, out: 3, dropped: {} });
    expect(stage.reports).toContainEqual(expect.stringContaining("Rule 'gone' had 3 deliveries"));
    server.close();
  });
});
