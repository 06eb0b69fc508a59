import { gzipSync } from 'node:zlib';
import { ValidateTemplateCommand } from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DeleteRolePolicyCommand, GetRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { currentWeeks } from '../../src/stores/weekly-tables.ts';
import { isoWeek } from '../../src/telemetry/iso-week.ts';
import { kinesisEvent } from '../aws/kinesis-event.ts';
import { findTool } from '../tools/find-tool.test-support.ts';
import { type AwsClients, connectAws } from './aws-clients.test-support.ts';
import { Checkout } from './checkout.test-support.ts';
import { Emulator } from './emulator.test-support.ts';
import { MISSING_PROPERTIES, MISSING_TYPES } from './emulator-gaps.test-support.ts';
import { invoke, itemOf, listenTo, objectWith } from './exercise.test-support.ts';
import { type ExpectedResource, expectResources } from './expected-resources.test-support.ts';
import { compareResource, physicalIds, READERS } from './read-back.test-support.ts';
import { NOTHING, remains } from './remains.test-support.ts';

const tool = findTool('ministack');
vi.setConfig({ testTimeout: 120_000 });
const STACK = 'mesonet-dev';
/** It takes a quarter of a minute on an idle machine. */
const DEPLOY_MILLIS = 400_000;

const nowMillis = Date.now();
const weeks = currentWeeks(nowMillis);
const reading = (sensor_id: string) => ({
  sensor_id,
  sensor: 'temperature',
  station_id: 'st1',
  state: 'WA',
  city: 'seattle',
  sensor_timestamp: nowMillis,
  sensor_value: 40.5,
  sensor_value_smoothed: 40.5,
  direction: -1,
});

/** What Lambda sends to a function with a tumbling window. */
const windowEvent = (startMillis: number, readings: readonly object[]) => ({
  ...kinesisEvent(readings, { arrivalMillis: startMillis + 5_000 }),
  window: {
    start: new Date(startMillis).toISOString(),
    end: new Date(startMillis + 60_000).toISOString(),
  },
  state: {},
  shardId: 'shardId-000000000000',
  isFinalInvokeForWindow: false,
  isWindowTerminatedEarly: false,
});

describe.skipIf(tool === undefined)('sls deploy on an emulator', () => {
  let emulator: Emulator;
  let aws: AwsClients;
  let checkout: Checkout;
  let resources: readonly ExpectedResource[];
  const nameOf = (id: string): string => resources.find((each) => each.id === id)?.physicalId ?? '';
  /** What the query function answers for the device that the test of the API made. */
  const readConfig = (): Promise<unknown> =>
    invoke(aws, nameOf('QueryLambdaFunction'), {
      version: '2.0',
      routeKey: 'GET /v1/devices/{device_id}/config',
      rawPath: '/v1/devices/d1/config',
      pathParameters: { device_id: 'd1' },
      requestContext: { http: { method: 'GET', path: '/v1/devices/d1/config' } },
    });
  const sls = (...args: string[]) =>
    checkout.sls([...args, '--stage', 'dev'], {
      ...emulator.environment,
      LEFT_OUT_TYPES: MISSING_TYPES.map(({ type }) => type).join(','),
    });

  beforeAll(async () => {
    emulator = await Emulator.start(tool!);
    aws = connectAws(emulator);
    checkout = new Checkout();
    checkout.addLeaveOutPlugin();
    const { status, output } = await sls('deploy');
    if (status !== 0) throw new Error(`Cannot deploy:\n${output}`);
    resources = expectResources(checkout.template(), await physicalIds(aws, STACK));
  }, DEPLOY_MILLIS);

  afterAll(async () => {
    checkout?.remove();

    await emulator?.stop();
  });

  it('can read back every resource type of the template', () => {
    const types = new Set(resources.map(({ type }) => type));
    expect([...types].filter((type) => !(type in READERS))).toEqual([]);
  });

  it('has made every resource as the template says, but for what the emulator does not keep', async () => {
    const found = (await Promise.all(resources.map((resource) => compareResource(aws, resource)))).flat();
    const isGap = ({ type, property }: { type: string; property: string }): boolean =>
      MISSING_PROPERTIES.some((gap) => gap.type === type && gap.property === property);
    expect(found.filter((each) => !isGap(each)).map(({ text }) => text)).toEqual([]);
    const closed = MISSING_PROPERTIES.filter(
      (gap) => !found.some(({ type, property }) => type === gap.type && property === gap.property),
    );
    expect(closed).toEqual([]);
  });

  it.each(MISSING_TYPES)('cannot make a $type, which is left out', async ({ type }) => {
    const TemplateBody = JSON.stringify({ Resources: { Alone: { Type: type, Properties: {} } } });
    const validate = aws.cloudFormation.send(new ValidateTemplateCommand({ TemplateBody }));
    await expect(validate).rejects.toThrow('Unrecognized resource types');
  });

  it('makes the weekly tables by the function of the schedule', async () => {
    const answer = await invoke(aws, nameOf('CreateWeeklyTablesLambdaFunction'), {});
    expect(answer).toEqual({ created: weeks.map((week) => `mesonet-dev-readings-${week}`) });
    const command = new DescribeTableCommand({ TableName: `mesonet-dev-readings-${weeks[1]}` });
    const { Table } = await aws.dynamoDb.send(command);
    expect(Table?.KeySchema).toEqual([
      { AttributeName: 'sensor_id', KeyType: 'HASH' },
      { AttributeName: 'minute_millis', KeyType: 'RANGE' },
    ]);
  });

  it('stores and archives what a producer puts on the stream, and keeps what is refused with its bytes', async () => {
    const Records = [JSON.stringify(reading('from-sdk')), '{"sensor_id": broken'].map((text) => ({
      Data: Buffer.from(text),
      PartitionKey: 'from-sdk',
    }));
    const StreamName = nameOf('ReadingsStream');
    const answer = await aws.kinesis.send(new PutRecordsCommand({ StreamName, Records }));
    expect(answer.FailedRecordCount).toBe(0);
    expect((await itemOf(aws, nameOf('LatestTable'), 'from-sdk')).value).toEqual({ N: '40.5' });
    const table = `mesonet-dev-readings-${isoWeek(nowMillis)}`;
    expect((await itemOf(aws, table, 'from-sdk')).minute_millis).toEqual({
      N: String(Math.floor(nowMillis / 60_000) * 60_000),
    });
    const archive = nameOf('ArchiveBucket');
    await objectWith(aws, archive, 'curated/', '"from-sdk"');
    const rejected = await objectWith(aws, archive, 'rejected/', 'not-json');
    expect(rejected).toContain(Buffer.from('{"sensor_id": broken').toString('base64'));
  });

  it('unpacks a packed publish by its rule, into the stream and the raw archive', async () => {
    const { sensor, sensor_id, sensor_timestamp, sensor_value } = reading('from-mqtt');
    const packed = { readings: [{ sensor, sensor_id, sensor_timestamp, sensor_value }] };
    const payload = gzipSync(JSON.stringify(packed));
    const { status } = await aws.iotData('POST', '/topics/weather/WA/seattle/st1/batch?qos=1', payload);
    expect(status).toBe(200);
    const item = await itemOf(aws, nameOf('LatestTable'), 'from-mqtt');
    expect(item).toMatchObject({ state: { S: 'WA' }, city: { S: 'seattle' }, station_id: { S: 'st1' } });
    await objectWith(aws, nameOf('RawBucket'), 'raw/', '"from-mqtt"');
  });

  it('unpacks what was posted, from the queue that the API puts it on', async () => {
    const body = [reading('from-http'), { sensor_id: 'without-value' }].map((each) => JSON.stringify(each));
    const QueueUrl = nameOf('HttpReadingsQueue');
    await aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body.join('\n') }));
    await itemOf(aws, nameOf('LatestTable'), 'from-http');
    await objectWith(aws, nameOf('RawBucket'), 'raw/', '"from-http"');
    await objectWith(aws, nameOf('ArchiveBucket'), 'rejected/', 'http-readings ');
  });

  it('closes windows, stores them, and raises an alert', async () => {
    const topic = await listenTo(aws, nameOf('AlertTopic'));
    const windows = nameOf('AggregateWindowsLambdaFunction');
    const start = Math.floor(nowMillis / 60_000) * 60_000 - 60_000;
    const first = windowEvent(start, [{ ...reading('hot'), sensor_timestamp: start + 1 }]);
    const { state } = (await invoke(aws, windows, first)) as { state: object };
    await invoke(aws, windows, { ...windowEvent(start, []), state, isFinalInvokeForWindow: true });
    const row = await itemOf(aws, nameOf('WindowsTable'), 'hot');
    expect(row).toMatchObject({ window_end_millis: { N: String(start + 60_000) }, avg: { N: '40.5' } });
    expect(JSON.parse(await topic.hear('"hot"'))).toMatchObject({ sensor_id: 'hot', sensor: 'temperature' });
    await topic.stop();
  });

  it('answers signed requests at the API, and nobody else', async () => {
    const api = nameOf('HttpApi');
    const body = Buffer.from('{"sampling_interval_seconds":5}');
    const path = '/v1/devices/d1/config';
    expect((await aws.http(api, 'GET', '/v1/sensors')).status).toBe(401);
    expect((await aws.http(api, 'PUT', path, { body })).status).toBe(403);
    const signed = await aws.http(api, 'PUT', path, { body, service: 'execute-api' });
    expect(signed.status, signed.text).toBe(200);
    expect(await readConfig()).toMatchObject({
      statusCode: 200,
      body: expect.stringContaining('"sampling_interval_seconds":5'),
    });
  });

  it('lets a function do what its role grants, and nothing more', async () => {
    const policy = { RoleName: nameOf('QueryRole'), PolicyName: 'query' };
    const { PolicyDocument = '' } = await aws.iam.send(new GetRolePolicyCommand(policy));
    await aws.iam.send(new DeleteRolePolicyCommand(policy));
    const denied = await readConfig().catch((error: Error) => error.message);
    expect(JSON.stringify([denied, emulator.log])).toMatch(
      /QueryRole\S* is not authorized to perform: dynamodb:GetItem/,
    );
    const restored = { ...policy, PolicyDocument: decodeURIComponent(PolicyDocument) };
    await aws.iam.send(new PutRolePolicyCommand(restored));
    expect(await readConfig()).toMatchObject({ statusCode: 200 });
  });

  it(
    'changes nothing when it is run again',
    async () => {
      const before = await aws.lambda.send(new ListFunctionsCommand({}));
      const { status, output } = await sls('deploy');
      expect(status).toBe(0);
      expect(output).toContain('No changes to deploy. Deployment skipped.');
      const after = await aws.lambda.send(new ListFunctionsCommand({}));
      expect(after.Functions).toEqual(before.Functions);
    },
    DEPLOY_MILLIS,
  );

  it(
    'removes everything but the data',
    async () => {
      const { status, output } = await sls('remove');
      expect(status, output).toBe(0);
      expect(await remains(aws)).toEqual({
        ...NOTHING,
        buckets: [nameOf('ArchiveBucket'), nameOf('RawBucket')].sort(),
        tables: weeks.map((week) => `mesonet-dev-readings-${week}`),
      });
    },
    DEPLOY_MILLIS,
  );

  it(
    'says so when the credentials are none of the account, and makes nothing',
    async () => {
      const before = await remains(aws);
      const wrong = { AWS_ACCESS_KEY_ID: 'AKIAUNKNOWNUNKNOWN00', AWS_SECRET_ACCESS_KEY: 'wrong' };
      const { status, output } = await checkout.sls(['deploy'], { ...emulator.environment, ...wrong });
      expect(status).toBe(1);
      expect(output).toContain('The security token included in the request is invalid');
      expect(await remains(aws)).toEqual(before);
    },
    DEPLOY_MILLIS,
  );
});
