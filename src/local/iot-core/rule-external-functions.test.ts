import { afterEach, describe, expect, test } from 'vitest';
import type { TemplateResource } from '../../stack/template.ts';
import { RoleArn, RulesStage, rule } from './rules.test-support.ts';

let stage: RulesStage | undefined;
afterEach(async () => {
  await stage?.end();
  stage = undefined;
});

const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:twice';

const resources = (rules: readonly TemplateResource[]): Record<string, TemplateResource> => ({
  Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'archive' } },
  Stream: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'out', ShardCount: 1 } },
  Table: {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName: 'devices',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'S' },
        { AttributeName: 'n', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        { AttributeName: 'n', KeyType: 'RANGE' },
      ],
    },
  },
  Twice: {
    Type: 'AWS::Lambda::Function',
    Properties: { FunctionName: 'twice', Handler: 'handlers.twice', Timeout: 10 },
  },
  ...Object.fromEntries(rules.map((each, at) => [`Rule${at}`, each])),
});

const toStream = { Kinesis: { StreamName: 'out', PartitionKey: 'k', RoleArn } };

/** Earlier events answer later, so that whoever does not keep the order shows it. */
const handlers = `
  export const twice = async (event: { n: number }) => {
    if (event.n === 13) throw new Error('unlucky');
    if (event.n === 99) await new Promise((later) => setTimeout(later, 3000));
    await new Promise((later) => setTimeout(later, event.n === 1 ? 150 : 0));
    return { result: event.n * 2 };
  };`;

async function start(...rules: TemplateResource[]): Promise<RulesStage> {
  stage = await RulesStage.start({ resources: resources(rules), files: { 'handlers.ts': handlers } });
  return stage;
}

const parsed = (texts: readonly string[]): unknown[] => texts.map((each) => JSON.parse(each) as unknown);

describe('aws_lambda()', () => {
  const sql = `SELECT n, aws_lambda('${functionArn}', {'n': n}).result AS twice FROM 'a/#' WHERE n > 0`;

  test('gives the answer of the function, and the order of the messages is kept', async () => {
    const stage = await start(rule('calls', sql, [toStream]));
    for (const n of [1, 2, 3, 0, 4]) await stage.publish('a/b', { n });
    await stage.drained();
    expect(parsed(stage.records('out'))).toEqual([1, 2, 3, 4].map((n) => ({ n, twice: n * 2 })));
    expect(stage.stage('rule calls')).toEqual({ in: 5, out: 4, dropped: { 'WHERE n > 0 is false': 1 } });
  });

  test('is Undefined when the function fails or takes more than two seconds, which is reported', async () => {
    const stage = await start(rule('calls', sql, [toStream]));
    await stage.settle('a/b', { n: 13 });
    await stage.settle('a/b', { n: 99 });
    expect(parsed(stage.records('out'))).toEqual([{ n: 13 }, { n: 99 }]);
    expect(stage.reports).toEqual([
      "The rule function aws_lambda failed: 'twice' failed with Error: unlucky",
      "The rule function aws_lambda failed: 'twice' did not answer within 2000 ms",
    ]);
  });

  test('in a template of an action makes the rule wait as well', async () => {
    const Key = `\${aws_lambda('${functionArn}', {'n': n}).result}.json`;
    const stage = await start(
      rule('keys', "SELECT n FROM 'a/#'", [{ S3: { BucketName: 'archive', Key, RoleArn } }]),
    );
    await stage.settle('a/b', { n: 21 });
    expect(await stage.object('archive', '42.json')).toBe('{"n":21}');
  });
});

describe('a message that waits for other services', () => {
  test('is durable with its PUBACK, and evaluated after a kill with its own time, client and properties', async () => {
    const sql = `SELECT n, timestamp() AS time, clientid() AS client, traceid() AS trace,
      get_user_properties('unit') AS unit, aws_lambda('${functionArn}', {'n': n}).result AS twice FROM 'a'`;
    const stage = await start(rule('waits', sql, [toStream]));
    await stage.pause();
    const device = await stage.connect({ clientId: 'thermometer', protocolVersion: 5 });
    const before = Date.now();
    await device.publishAsync('a', '{"n":5}', { qos: 1, properties: { userProperties: { unit: 'C' } } });
    const after = Date.now();
    await stage.kill();
    await stage.open({ resources: resources([rule('waits', sql, [toStream])]) });
    await stage.drained();
    const [record] = parsed(stage.records('out')) as { time: number }[];
    expect(record).toMatchObject({
      n: 5,
      client: 'thermometer',
      trace: expect.stringMatching(/^[0-9a-f-]{36}$/),
      unit: ['C'],
      twice: 10,
    });
    expect(record!.time).toBeGreaterThanOrEqual(before);
    expect(record!.time).toBeLessThanOrEqual(after);
  });

  test('is counted when its rule is gone after the kill', async () => {
    const sql = `SELECT aws_lambda('${functionArn}', 1) AS x FROM 'a'`;
    const stage = await start(rule('waits', sql, [toStream]));
    await stage.pause();
    await stage.publish('a', { n: 5 });
    await stage.kill();
    await stage.open({ resources: resources([]) });
    await stage.drained();
    expect(stage.stage('rule waits')).toEqual({
      in: 1,
      out: 0,
      dropped: { 'the rule is no longer in the stack': 1 },
    });
  });
});

describe('get_dynamodb()', () => {
  test('gives the item as plain JSON, and Undefined when there is none', async () => {
    const sql = `SELECT get_dynamodb('devices', 'id', topic(2), 'n', n, '${RoleArn}') AS item FROM 'a/#'`;
    const stage = await start(rule('looks_up', sql, [toStream]));
    await stage.services.callDynamodb('PutItem', {
      TableName: 'devices',
      Item: { id: { S: 'd1' }, n: { N: '7' }, tags: { L: [{ S: 'a' }, { BOOL: true }] } },
    });
    await stage.settle('a/d1', { n: 7 });
    await stage.settle('a/d1', { n: 8 });
    await stage.settle('a/d1', { n: 'seven' });
    expect(parsed(stage.records('out'))).toEqual([{ item: { id: 'd1', n: 7, tags: ['a', true] } }, {}, {}]);
    expect(stage.reports).toEqual([expect.stringMatching(/^The rule function get_dynamodb failed: /)]);
  });
});

describe("decode(…, 'proto', …)", () => {
  const sql = `SELECT VALUE decode(encode(*, 'base64'), 'proto', 'archive', 'weather.desc', 'weather.proto', 'Reading') FROM 'a'`;

  test('decodes by the descriptor set in the bucket, read anew when it has changed', async () => {
    const stage = await start(rule('decodes', sql, [toStream]));
    const message = Buffer.concat([Buffer.from([0x0a, 2]), Buffer.from('s1'), Buffer.from([0x10, 0x2a])]);
    await stage.settle('a', message);
    await stage.services.putObject('archive', 'weather.desc', await descriptorSet('sensor_id'));
    await stage.settle('a', message);
    await stage.services.putObject('archive', 'weather.desc', await descriptorSet('sensor'));
    await stage.settle('a', message);
    await stage.settle('a', Buffer.from([0x0a, 0xff]));
    expect(stage.records('out')).toEqual([
      '',
      '{"sensorId":"s1","value":42}',
      '{"sensor":"s1","value":42}',
      '',
    ]);
    expect(stage.reports).toEqual([
      'The rule function decode failed: The specified key does not exist.',
      expect.stringMatching(/^The rule function decode failed: /),
    ]);
  });
});

/** A descriptor set as `protoc --descriptor_set_out` writes it. */
async function descriptorSet(firstField: string): Promise<Uint8Array> {
  const { create, toBinary } = await import('@bufbuild/protobuf');
  const { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorSetSchema } = await import(
    '@bufbuild/protobuf/wkt'
  );
  const label = FieldDescriptorProto_Label.OPTIONAL;
  const field = [
    {
      name: firstField,
      jsonName: firstField.replace('_i', 'I'),
      number: 1,
      type: FieldDescriptorProto_Type.STRING,
      label,
    },
    { name: 'value', jsonName: 'value', number: 2, type: FieldDescriptorProto_Type.INT32, label },
  ];
  const messageType = [{ name: 'Reading', field }];
  const file = [{ name: 'weather.proto', package: 'mesonet', syntax: 'proto3', messageType }];
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
}
