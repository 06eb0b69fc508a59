import {
  DeleteThingShadowCommand,
  GetThingShadowCommand,
  IoTDataPlaneClient,
  ListNamedShadowsForThingCommand,
  PublishCommand,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TemplateResource } from '../../../stack/template.ts';
import { RoleArn, RulesStage, rule } from '../rules.test-support.ts';

const toStream = { Kinesis: { StreamName: 'out', PartitionKey: 'k', RoleArn } };
const resources: Record<string, TemplateResource> = {
  Stream: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'out', ShardCount: 1 } },
  Accepted: rule(
    'accepted',
    "SELECT topic(3) AS thing, state.reported.level AS level FROM '$aws/things/+/shadow/update/accepted' WHERE isUndefined(state.reported.level) = false",
    [toStream],
  ),
  Joined: rule(
    'joined',
    `SELECT v, get_thing_shadow(topic(2), '${RoleArn}').state.desired.limit AS top FROM 'v/+'`,
    [toStream],
  ),
  Onward: rule('onward', "SELECT {'reported': {'seen': n}} AS state FROM 'seen/+'", [
    {
      Republish: { Topic: '$$aws/things/' + '$' + '{topic(2)}/shadow/name/seen/update', Qos: 1, RoleArn },
    },
  ]),
};

let stage: RulesStage;
let sdk: IoTDataPlaneClient;
const openSdk = (): void => {
  sdk = new IoTDataPlaneClient({
    endpoint: stage.services.endpoints.aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  });
};
beforeEach(async () => {
  stage = await RulesStage.start({ resources });
  openSdk();
});
afterEach(async () => {
  sdk.destroy();
  await stage.end();
});

const json = (bytes: Uint8Array | undefined): unknown => JSON.parse(Buffer.from(bytes!).toString());

/** Sends a request as a device does, and waits for what comes back to it. */
async function request(client: MqttClient, topic: string, body: unknown): Promise<[string, unknown]> {
  const answers = ['accepted', 'rejected'].map((end) => `${topic}/${end}`);
  await client.subscribeAsync(answers, { qos: 1 });
  const answer = new Promise<[string, unknown]>((resolve) =>
    client.once('message', (name, payload) => resolve([name, JSON.parse(payload.toString())])),
  );
  await client.publishAsync(topic, typeof body === 'string' ? body : JSON.stringify(body), { qos: 0 });
  return answer;
}

describe('shadows over MQTT', () => {
  test.each([4, 5] as const)('answer who asks, whatever it is named, in version %i', async (version) => {
    const client = await stage.connect({ protocolVersion: version });
    for (const prefix of ['$aws/things/__proto__/shadow', '$aws/things/t:1_a-b/shadow/name/constructor']) {
      expect(await request(client, `${prefix}/get`, '')).toMatchObject([
        `${prefix}/get/rejected`,
        { code: 404 },
      ]);
      const state = { desired: { interval: 10 } };
      expect(
        await request(client, `${prefix}/update`, { state, clientToken: 'one', version: 0 }),
      ).toMatchObject([`${prefix}/update/accepted`, { state, version: 1, clientToken: 'one' }]);
      expect(await request(client, `${prefix}/get`, '{"clientToken":"two"}')).toMatchObject([
        `${prefix}/get/accepted`,
        { state: { desired: { interval: 10 }, delta: { interval: 10 } }, version: 1, clientToken: 'two' },
      ]);
      expect(await request(client, `${prefix}/delete`, '')).toMatchObject([
        `${prefix}/delete/accepted`,
        { version: 1 },
      ]);
    }
  });

  test('tell others the delta and the documents, in order', async () => {
    const received = await stage.subscribe('$aws/things/meter/shadow/update/+');
    await stage.publish('$aws/things/meter/shadow/update', { state: { desired: { a: 1 } } });
    await stage.publish('$aws/things/meter/shadow/update', { state: { reported: { a: 1 } } });
    await expect.poll(() => received.length).toBe(5);
    expect(received.map(({ topic }) => topic.slice('$aws/things/meter/shadow/update/'.length))).toEqual([
      'accepted',
      'delta',
      'documents',
      'accepted',
      'documents',
    ]);
  });

  test('outlive kill -9 from the acknowledgement on', async () => {
    const topic = '$aws/things/meter/shadow/update';
    await stage.publish(topic, { state: { reported: { a: 1 } } });
    await stage.kill();
    sdk.destroy();
    await stage.open({ resources });
    openSdk();
    const { payload } = await sdk.send(new GetThingShadowCommand({ thingName: 'meter' }));
    expect(json(payload)).toMatchObject({ state: { reported: { a: 1 } }, version: 1 });
  });

  test('refuse other topics of theirs as nobody may publish there', async () => {
    const client = await stage.connect();
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    client.publish('$aws/things/meter/shadow/update/accepted', '{}');
    await closed;
    expect(stage.ledger().refused).toEqual({ 'publish to a reserved topic': 1 });
  });

  test('are counted apart from what no rule took', async () => {
    await stage.publish('$aws/things/meter/shadow/update', { state: { reported: { a: 1 } } });
    await stage.publish('$aws/things/meter/shadow/get', '');
    await stage.drained();
    expect(stage.stage('device services')).toEqual({ in: 2, out: 2, dropped: {} });
    expect(stage.ledger()).toMatchObject({ accepted: 2, filtered: {} });
  });
});

describe('shadows and rules', () => {
  test('a rule selects from what the service says, also after a restart', async () => {
    await stage.publish('$aws/things/meter/shadow/update', { state: { reported: { level: 3 } } });
    await stage.kill();
    await stage.open({ resources });
    await stage.drained();
    expect(stage.records('out')).toEqual(['{"thing":"meter","level":3}']);
  });

  test('get_thing_shadow() gives the document, and nothing of a thing without', async () => {
    await stage.publish('$aws/things/meter/shadow/update', { state: { desired: { limit: 7 } } });
    await stage.publish('v/meter', { v: 1 });
    await stage.settle('v/other', { v: 2 });
    expect(stage.records('out')).toEqual(['{"v":1,"top":7}', '{"v":2}']);
  });

  test('a rule republishes into a shadow', async () => {
    await stage.settle('seen/meter', { n: 4 });
    const { payload } = await sdk.send(new GetThingShadowCommand({ thingName: 'meter', shadowName: 'seen' }));
    expect(json(payload)).toMatchObject({ state: { reported: { seen: 4 } } });
  });
});

describe('shadows at the data plane', () => {
  const payload = (body: unknown): Uint8Array => Buffer.from(JSON.stringify(body));

  test('are updated, read and deleted, and subscribers are told', async () => {
    const received = await stage.subscribe('$aws/things/meter/shadow/#');
    const updated = await sdk.send(
      new UpdateThingShadowCommand({
        thingName: 'meter',
        payload: payload({ state: { desired: { interval: 10 } } }),
      }),
    );
    expect(json(updated.payload)).toMatchObject({ state: { desired: { interval: 10 } }, version: 1 });
    const got = await sdk.send(new GetThingShadowCommand({ thingName: 'meter' }));
    expect(json(got.payload)).toMatchObject({ state: { delta: { interval: 10 } } });
    const deleted = await sdk.send(new DeleteThingShadowCommand({ thingName: 'meter' }));
    expect(json(deleted.payload)).toMatchObject({ version: 1 });
    await expect
      .poll(() => received.map(({ topic }) => topic.split('shadow/')[1]))
      .toEqual(['update/accepted', 'update/delta', 'update/documents', 'delete/accepted']);
  });

  test('are refused by the names of exceptions', async () => {
    const update = (body: unknown) =>
      sdk.send(new UpdateThingShadowCommand({ thingName: 'meter', payload: payload(body) }));
    await expect(sdk.send(new GetThingShadowCommand({ thingName: 'none' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "No shadow exists with name: 'none'",
    });
    await expect(update({ state: {}, version: 5 })).rejects.toMatchObject({ name: 'ConflictException' });
    await expect(update({})).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await expect(update({ state: { desired: { a: 'x'.repeat(9000) } } })).rejects.toMatchObject({
      name: 'RequestEntityTooLargeException',
    });
    await expect(sdk.send(new GetThingShadowCommand({ thingName: 'a b' }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  test('are listed page by page, without those that were deleted', async () => {
    for (const shadowName of ['b', 'a', 'c', 'd'])
      await sdk.send(
        new UpdateThingShadowCommand({ thingName: 'meter', shadowName, payload: payload({ state: {} }) }),
      );
    await sdk.send(new DeleteThingShadowCommand({ thingName: 'meter', shadowName: 'd' }));
    const first = await sdk.send(new ListNamedShadowsForThingCommand({ thingName: 'meter', pageSize: 2 }));
    expect(first.results).toEqual(['a', 'b']);
    const { nextToken } = first;
    const second = await sdk.send(
      new ListNamedShadowsForThingCommand({ thingName: 'meter', pageSize: 2, nextToken }),
    );
    expect(second).toMatchObject({ results: ['c'] });
    expect(second.nextToken).toBeUndefined();
  });

  test('take an update that comes as a publish over HTTPS', async () => {
    const topic = '$aws/things/meter/shadow/update';
    await sdk.send(
      new PublishCommand({ topic, qos: 1, payload: payload({ state: { reported: { a: 1 } } }) }),
    );
    const got = await sdk.send(new GetThingShadowCommand({ thingName: 'meter' }));
    expect(json(got.payload)).toMatchObject({ version: 1 });
  });
});
