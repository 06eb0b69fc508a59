import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RoleArn, RulesStage, rule } from '../rules.test-support.ts';

interface Posted {
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const posted: Posted[] = [];
let statuses: number[] = [];
let server: Server;
let stage: RulesStage;

const star = (name: string): string => `SELECT * FROM '${name}/#'`;

const resources = (port: number) => ({
  Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'archive' } },
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
  stage = await RulesStage.start({ resources: resources(port), allowedHttpHosts: [`127.0.0.1:${port}`] });
}, 60_000);
afterAll(async () => {
  await stage.end();
  server.close();
});
beforeEach(() => {
  posted.length = 0;
  statuses = [];
});

describe('actions that publish, observe and post', () => {
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
