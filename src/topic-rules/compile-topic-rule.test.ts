import { expect, test } from 'vitest';
import { createMessage } from '../iot-sql/index.ts';
import type { RuleAction, TopicRuleResource } from '../stack/stack.ts';
import { ACTION_SPECS } from './action-specs.ts';
import { actionProblems } from './check-action.ts';
import { compileTopicRule } from './compile-topic-rule.ts';
import { explainTopicRule } from './explain-topic-rule.ts';

const RoleArn = 'arn:aws:iam::000000000000:role/r';

function ruleWith(actions: readonly RuleAction[], extra: Partial<TopicRuleResource> = {}): TopicRuleResource {
  return {
    logicalId: 'Rule',
    name: 'rule',
    arn: 'arn:aws:iot:us-east-1:000000000000:rule/rule',
    sql: "SELECT value FROM 'a/+' WHERE value > 1",
    sqlVersion: '2016-03-23',
    actions,
    errorAction: undefined,
    ...extra,
  };
}

const message = createMessage({ topic: 'a/b', payload: Buffer.from('{"value":2,"t":1}') });

test('knows the 23 actions of the API', () => {
  expect(Object.keys(ACTION_SPECS)).toHaveLength(23);
});

test.each<[string, RuleAction, readonly string[]]>([
  ['a whole action', { kind: 'Kinesis', members: { StreamName: 's', RoleArn } }, []],
  ['a member that is missing', { kind: 'Kinesis', members: { RoleArn } }, ['Kinesis.StreamName is missing']],
  [
    'a member that is not there',
    { kind: 'Kinesis', members: { StreamName: 's', Partitionkey: 'k', RoleArn } },
    [`Kinesis: unknown member 'Partitionkey', did you mean "PartitionKey"?`],
  ],
  [
    'an action that is not there',
    { kind: 'Kinesys', members: {} },
    [`unknown action 'Kinesys', did you mean "Kinesis"?`],
  ],
  [
    'a text that is not allowed',
    { kind: 'Firehose', members: { DeliveryStreamName: 'd', Separator: ';', RoleArn } },
    [String.raw`Firehose.Separator is ";", expected one of "\n", "\t", "\r\n", ","`],
  ],
  [
    'a number out of range',
    { kind: 'Republish', members: { Topic: 't', Qos: 2, RoleArn } },
    [`Republish.Qos is '2', expected a whole number from 0 to 1`],
  ],
  [
    'a member inside a list',
    { kind: 'Http', members: { Url: 'https://h', Headers: [{ Key: 'k' }] } },
    ['Http.Headers[0].Value is missing'],
  ],
  [
    'two members of which only one may be there',
    { kind: 'IotEvents', members: { InputName: 'i', MessageId: 'm', BatchMode: true, RoleArn } },
    ['IotEvents: MessageId and BatchMode cannot be used together'],
  ],
])('finds %s', (_, action, problems) => {
  expect(actionProblems(action)).toEqual(problems);
});

test('names the rule and everything that is wrong with its actions', () => {
  const broken = ruleWith([{ kind: 'S3', members: { RoleArn } }], { name: 'bad-name' });
  expect(() => compileTopicRule(broken)).toThrow(
    "Cannot use rule 'bad-name': its name may have letters, digits and _ only, at most 128; S3.BucketName is missing; S3.Key is missing",
  );
});

test('points at the place in a template', () => {
  const broken = ruleWith([{ kind: 'S3', members: { BucketName: 'b', Key: `k/\${topc()}`, RoleArn } }]);
  expect(() => compileTopicRule(broken)).toThrow(/did you mean "topic".*S3 action of rule 'rule':1:5/s);
});

test('refuses external functions in an error action', () => {
  const external = { awsLambda: () => 'x' };
  const members = { BucketName: 'b', Key: `\${aws_lambda('arn', 1)}`, RoleArn };
  const rule = ruleWith([], { errorAction: { kind: 'S3', members } });
  expect(() => compileTopicRule(rule, { external })).toThrow(/"aws_lambda" needs a service/);
  expect(compileTopicRule(ruleWith([{ kind: 'S3', members }]), { external }).actions[0]?.isExternal).toBe(
    true,
  );
});

test('replaces the templates of nested members, and says which parts have no text', () => {
  const action = {
    kind: 'Republish',
    members: {
      Topic: `out/\${topic(2)}`,
      Headers: { UserProperties: [{ Key: 'k', Value: `\${absent}-\${t}` }] },
      RoleArn,
    },
  };
  expect(explainTopicRule(compileTopicRule(ruleWith([action])), message)).toMatchObject({
    fired: true,
    output: '{"value":2}',
    actions: [
      {
        kind: 'Republish',
        members: { Topic: 'out/b', Headers: { UserProperties: [{ Key: 'k', Value: '-1' }] }, RoleArn },
        missing: ['absent'],
      },
    ],
  });
});
