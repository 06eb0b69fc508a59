import {
  CancelJobCommand,
  CreateJobCommand,
  CreateThingCommand,
  DescribeJobCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { IClientOptions, MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RoleArn, RulesStage, rule } from '../rules.test-support.ts';

const THING = 'constructor';
const PREFIX = `$aws/things/${THING}/jobs`;
const resources = {
  Stream: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'out', ShardCount: 1 } },
  Notified: rule('notified', "SELECT execution.jobId AS job FROM '$aws/things/+/jobs/notify-next'", [
    { Kinesis: { StreamName: 'out', PartitionKey: 'k', RoleArn } },
  ]),
  Answered: rule('answered', "SELECT 'answer' AS job FROM '$aws/things/+/jobs/+/accepted'", [
    { Kinesis: { StreamName: 'out', PartitionKey: 'k', RoleArn } },
  ]),
};

let stage: RulesStage;
let iot: IoTClient;
let device: MqttClient;
let inbox: { topic: string; body: Record<string, unknown> }[];

/** A device that subscribes to nothing. */
async function connectDevice(options: IClientOptions = {}): Promise<void> {
  device = await stage.connect({ clientId: THING, ...options });
  inbox = [];
  const mine = inbox;
  device.on('message', (topic, payload) => {
    mine.push({ topic, body: JSON.parse(payload.toString()) as Record<string, unknown> });
  });
}

async function open(): Promise<void> {
  iot = new IoTClient({
    endpoint: stage.services.endpoints.aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  });
  await connectDevice();
}

beforeEach(async () => {
  stage = await RulesStage.start({ resources });
  await open();
  await iot.send(new CreateThingCommand({ thingName: THING }));
});
afterEach(async () => {
  iot.destroy();
  await stage.end();
});

const arn = `arn:aws:iot:us-east-1:000000000000:thing/${THING}`;
const create = (jobId: string, targets = [arn]) =>
  iot.send(new CreateJobCommand({ jobId, targets, document: JSON.stringify({ do: jobId }) }));

/** Asks as a device does, and waits for the answer. */
async function ask(suffix: string, request: object | string = ''): Promise<Record<string, unknown>> {
  const before = inbox.length;
  const payload = typeof request === 'string' ? request : JSON.stringify(request);
  await device.publishAsync(`${PREFIX}/${suffix}`, payload, { qos: 1 });
  const isAnswer = ({ topic }: { topic: string }): boolean => /\/(accepted|rejected)$/.test(topic);
  await expect.poll(() => inbox.slice(before).some(isAnswer)).toBe(true);
  const { topic, body } = inbox.slice(before).find(isAnswer)!;
  return { end: topic.slice(PREFIX.length + suffix.length + 2), ...body };
}

describe('jobs', () => {
  test.each([4, 5] as const)(
    'are listed, begun, reported and done, in version %i',
    async (protocolVersion) => {
      await connectDevice({ protocolVersion });
      expect(await ask('get', { clientToken: 'x' })).toMatchObject({
        end: 'accepted',
        inProgressJobs: [],
        queuedJobs: [],
        clientToken: 'x',
      });
      expect(await ask('start-next')).toEqual({ end: 'accepted', timestamp: expect.any(Number) });
      await create('first');
      await create('second');
      expect(await ask('get')).toMatchObject({
        queuedJobs: [
          { jobId: 'first', versionNumber: 1, executionNumber: 1 },
          { jobId: 'second', versionNumber: 1 },
        ],
      });
      expect(await ask('start-next', { statusDetails: { step: 'one' } })).toMatchObject({
        end: 'accepted',
        execution: {
          jobId: 'first',
          thingName: THING,
          status: 'IN_PROGRESS',
          statusDetails: { step: 'one' },
          versionNumber: 2,
          jobDocument: { do: 'first' },
        },
      });
      expect(await ask('$next/get', { includeJobDocument: false })).toMatchObject({
        execution: { jobId: 'first', status: 'IN_PROGRESS' },
      });
      expect(
        await ask('first/update', {
          status: 'SUCCEEDED',
          expectedVersion: 2,
          includeJobExecutionState: true,
        }),
      ).toMatchObject({
        end: 'accepted',
        executionState: { status: 'SUCCEEDED', versionNumber: 3, statusDetails: { step: 'one' } },
      });
      expect(await ask('get')).toMatchObject({ inProgressJobs: [], queuedJobs: [{ jobId: 'second' }] });
      const { job } = await iot.send(new DescribeJobCommand({ jobId: 'first' }));
      expect(job).toMatchObject({ status: 'COMPLETED', targets: [arn] });
    },
  );

  test('tell of another list and another next job, to subscribers and to rules', async () => {
    const received = await stage.subscribe(`${PREFIX}/#`);
    const told = (): unknown[] =>
      received.map(({ topic, text }) => {
        const { jobs, execution } = JSON.parse(text) as {
          jobs?: Record<string, { jobId: string }[]>;
          execution?: { jobId: string };
        };
        const of = jobs && Object.values(jobs).flatMap((each) => each.map(({ jobId }) => jobId));
        return [topic.slice(PREFIX.length + 1), of ?? execution?.jobId];
      });
    await create('first');
    await create('second');
    await ask('first/update', { status: 'FAILED' });
    await expect.poll(() => told().length).toBe(6);
    expect(told()).toEqual([
      ['notify', ['first']],
      ['notify-next', 'first'],
      ['notify', ['first', 'second']],
      ['first/update', undefined],
      ['notify', ['second']],
      ['notify-next', 'second'],
    ]);
    await stage.drained();
    expect(stage.records('out')).toEqual(['{"job":"first"}', '{"job":"second"}']);
  });

  test('outlive a kill', async () => {
    await create('first');
    await ask('start-next');
    iot.destroy();
    await stage.kill();
    await stage.open({ resources });
    await open();
    expect(await ask('start-next')).toMatchObject({
      execution: { jobId: 'first', status: 'IN_PROGRESS', versionNumber: 2, jobDocument: { do: 'first' } },
    });
  });

  test('are taken back', async () => {
    await create('first');
    await create('second');
    await ask('start-next');
    for (const jobId of ['first', 'second']) await iot.send(new CancelJobCommand({ jobId }));
    expect(await ask('get')).toMatchObject({ inProgressJobs: [{ jobId: 'first' }], queuedJobs: [] });
    await iot.send(new CancelJobCommand({ jobId: 'first', force: true }));
    expect(await ask('get')).toMatchObject({ inProgressJobs: [] });
    expect(await ask('first/update', { status: 'SUCCEEDED' })).toMatchObject({
      end: 'rejected',
      code: 'InvalidStateTransition',
      executionState: { status: 'CANCELED' },
    });
  });

  test.each([
    ['InvalidJson', 'get', '{'],
    ['ResourceNotFound', '__proto__/get', ''],
    ['ResourceNotFound', 'none/update', { status: 'FAILED' }],
    ['ResourceNotFound', 'known/get', { executionNumber: 2 }],
    ['InvalidRequest', 'known/update', {}],
    ['InvalidRequest', 'known/update', { status: 'CANCELED' }],
    ['InvalidRequest', 'known/update', { status: 'FAILED', stepTimeoutInMinutes: 5 }],
    ['InvalidRequest', 'known/update', { status: 'FAILED', statusDetails: { a: 1 } }],
    ['InvalidRequest', '$next/update', { status: 'FAILED' }],
    ['VersionMismatch', 'known/update', { status: 'FAILED', expectedVersion: 7 }],
  ])('refuse with %s on %s: %j', async (code, suffix, request) => {
    await create('known');
    const answer = await ask(suffix, request);
    expect(answer).toMatchObject({ end: 'rejected', code, timestamp: expect.any(Number) as number });
    expect(await ask('known/get')).toMatchObject({ execution: { status: 'QUEUED', versionNumber: 1 } });
  });

  test('are made for things that exist, once, of JSON', async () => {
    await create('known');
    await expect(create('known')).rejects.toMatchObject({ name: 'ResourceAlreadyExistsException' });
    await expect(create('other', [`${arn}x`])).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(create('other', ['arn:aws:iot:us-east-1:1:thinggroup/g'])).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
    const text = new CreateJobCommand({ jobId: 'text', targets: [arn], document: 'text' });
    await expect(iot.send(text)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });
});
