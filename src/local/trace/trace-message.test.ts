import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExternalFunctions } from '../../iot-sql/index.ts';
import { LOCAL_PLACE } from '../../stack/local-place.ts';
import { readStack } from '../../stack/read-stack.ts';
import type { RuleAction } from '../../stack/stack.ts';
import { compileTopicRule } from '../../topic-rules/compile-topic-rule.ts';
import type { StageLag } from '../http/statistics.ts';
import { DurableLog } from '../log/durable-log.ts';
import { KinesisStream } from '../log/kinesis-stream.ts';
import { S3BucketStore } from '../s3/s3-bucket-store.ts';
import type { KeptMessage } from './kept-messages.ts';
import { KeptMessages } from './kept-messages.ts';
import { ObjectFinder } from './object-finder.ts';
import { TimeSlice } from './time-slice.ts';
import { traceMessage } from './trace-message.ts';
import type { TraceContext } from './trace-sources.ts';
import type { TraceStep } from './trace-step.ts';

const start = 1_800_000_000_000;
/** `${…}` as rules write it. */
const template = (expression: string): string => `$\{${expression}}`;
const roleArn = 'arn:aws:iam::000000000000:role/r';
const kinesis = (PartitionKey: string): RuleAction => ({
  kind: 'Kinesis',
  members: { StreamName: 's', PartitionKey, RoleArn: roleArn },
});

let now: number;
let folder: string;
let log: DurableLog;
let stream: KinesisStream;
let lag: StageLag[];

beforeEach(() => {
  now = start;
  lag = [];
  folder = mkdtempSync(join(tmpdir(), 'mesonet-trace-'));
  log = DurableLog.open({ folder: join(folder, 'log'), durability: 'process' });
  stream = KinesisStream.open(log, { name: 's', shardCount: 2, retentionHours: 1, nowMillis: () => now });
});
afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true });
});

const kept = (topic: string, payload: string, more: Partial<KeptMessage> = {}): KeptMessage => ({
  topic,
  payload: Buffer.from(payload),
  payloadBytes: payload.length,
  receivedMillis: start,
  clientId: 'c',
  refusal: undefined,
  ...more,
});

function contextOf(
  rules: readonly { name: string; sql: string; actions?: readonly RuleAction[] }[],
): TraceContext {
  const buckets = S3BucketStore.open({ folder: join(folder, 's3'), durability: 'memory' });
  const external: ExternalFunctions = { awsLambda: async () => ({ value: {} }) };
  return {
    stack: readStack({ Resources: {} }, folder, LOCAL_PLACE),
    log,
    rules: rules.map(({ name, sql, actions = [] }) =>
      compileTopicRule(
        { logicalId: name, name, arn: name, sql, sqlVersion: '2016-03-23', actions, errorAction: undefined },
        { external },
      ),
    ),
    kept: new KeptMessages(),
    refused: new KeptMessages(),
    streams: new Map([['s', stream]]),
    deliveryBuffers: new Map(),
    applications: [],
    lag: () => lag,
    buckets,
    objects: new ObjectFinder(buckets),
    dynamodbUrl: '',
    nowMillis: () => now,
    slice: new TimeSlice(),
    claimed: new Set(),
  };
}

const actionsOf = ({ steps }: { steps: readonly TraceStep[] }): readonly TraceStep[] =>
  steps.flatMap((step) => step.steps ?? []).filter(({ kind }) => kind === 'action');

describe('the trace of one message', () => {
  it('finds the record of a rule that gives another result each time by its key', async () => {
    const rule = {
      name: 'r',
      sql: "SELECT newuuid() AS id FROM 'a/#'",
      actions: [kinesis(template('topic(2)'))],
    };
    stream.put('other', '{"id":"0"}');
    const { sequenceNumber } = stream.put('k', '{"id":"1"}');
    await log.durable();
    const traced = await traceMessage(kept('a/k', '{}'), contextOf([rule]));
    expect(actionsOf(traced)[0]!.steps![0]!.data).toMatchObject({ partitionKey: 'k', sequenceNumber });
  });

  it('says that an empty partition key fails, and which template had no value', async () => {
    const rule = { name: 'r', sql: "SELECT * FROM 'a/#'", actions: [kinesis(template('key'))] };
    const traced = await traceMessage(kept('a/k', '{}'), contextOf([rule]));
    expect(traced.state).toBe('stopped');
    expect(traced.summary).toMatch(
      /^action Kinesis, stream s: the partition key is .*\$\{key\} has no value$/,
    );
  });

  it('tells a record on its way from one that is missing and one that is no longer kept', async () => {
    const rule = { name: 'r', sql: "SELECT * FROM 'a/#'", actions: [kinesis('k')] };
    const message = kept('a/k', '{"v":1}');
    const summaryAt = async (millis: number): Promise<string> => {
      now = millis;
      return (await traceMessage(message, contextOf([rule]))).summary;
    };
    expect(await summaryAt(start + 100)).toBe('action Kinesis, stream s: on its way to the disk');
    now = start - 10_000;
    stream.put('k', 'earlier');
    await log.durable();
    expect(await summaryAt(start + 5000)).toBe('action Kinesis, stream s has no record of it');
    now = start + 7_200_000;
    stream.put('k', 'later');
    await log.durable();
    stream.trim(now);
    expect(await summaryAt(now)).toBe(
      'action Kinesis, stream s no longer holds it: records are kept for 1 hours',
    );
  });

  it('does not call other services a second time', async () => {
    const sql = "SELECT aws_lambda('arn:aws:lambda:us-east-1:000000000000:function:f', *) AS r FROM 'a/#'";
    const traced = await traceMessage(kept('a/k', '{}'), contextOf([{ name: 'r', sql }]));
    expect(traced).toMatchObject({
      state: 'skipped',
      summary: 'rule r asks other services, so it is not evaluated a second time',
    });
  });

  it('shows the target of other actions, and whether they are carried out, wait, or do nothing here', async () => {
    const actions = [
      { kind: 'S3', members: { BucketName: 'b', Key: `${template('topic()')}.json`, RoleArn: roleArn } },
      { kind: 'Sqs', members: { QueueUrl: 'http://q', UseBase64: false, RoleArn: roleArn } },
      {
        kind: 'Timestream',
        members: {
          DatabaseName: 'd',
          TableName: 't',
          Dimensions: [{ Name: 'n', Value: 'v' }],
          RoleArn: roleArn,
        },
      },
    ];
    lag = [
      { stage: 'action r.S3', backlog: 0, lagMillis: 0 },
      { stage: 'action r.Sqs', backlog: 2, lagMillis: 10 },
    ];
    const rule = { name: 'r', sql: "SELECT * FROM 'a/#'", actions };
    const traced = await traceMessage(kept('a/k', '{}'), contextOf([rule]));
    expect(actionsOf(traced).map(({ state, text }) => [state, text])).toEqual([
      ['passed', 'action S3 {"BucketName":"b","Key":"a/k.json"}: carried out'],
      ['waiting', 'action Sqs {"QueueUrl":"http://q"}: 2 such actions are still to be carried out'],
      ['skipped', expect.stringMatching(/^action Timestream .*: not emulated on this machine$/)],
    ]);
  });

  it('gives the rules what MQTT 5, the network and republishing brought', async () => {
    const sql =
      "SELECT sourceip() AS ip, get_mqtt_property('content_type') AS type FROM 'a/#' WHERE sourceip() = '10.0.0.1'";
    const more = { sourceIp: '10.0.0.1', mqttProperties: { contentType: 'x' }, hops: 1 };
    const traced = await traceMessage(kept('a/k', '{}', more), contextOf([{ name: 'r', sql }]));
    expect(traced.steps.map(({ text }) => text)).toEqual(['accepted, republished by a rule', 'rule r fires']);
  });

  it('shows what the message gave to each part of an OR', async () => {
    const rule = { name: 'r', sql: "SELECT * FROM 'a/#' WHERE v > 5 OR w = 'x'" };
    const traced = await traceMessage(kept('a/k', '{"v":3}'), contextOf([rule]));
    expect(traced.steps[1]!.steps!.at(-1)!.text).toBe(
      "WHERE v > 5 OR w = 'x' is Undefined (v is 3, w is Undefined)",
    );
  });

  it('counts a rule that did not fire only when none did', async () => {
    const rules = [
      { name: 'no', sql: "SELECT * FROM 'a/#' WHERE false" },
      { name: 'yes', sql: "SELECT * FROM 'a/#'", actions: [kinesis('k')] },
    ];
    stream.put('k', '{"v":1}');
    await log.durable();
    const traced = await traceMessage(kept('a/k', '{"v":1}'), contextOf(rules));
    expect(traced.steps.map(({ state }) => state)).toEqual(['passed', 'stopped', 'passed']);
    expect(traced).toMatchObject({ state: 'passed', summary: 'handed on' });
  });
});
