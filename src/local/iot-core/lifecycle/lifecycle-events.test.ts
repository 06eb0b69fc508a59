import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Received, RoleArn, RulesStage, rule } from '../rules.test-support.ts';

const toStream = { Kinesis: { StreamName: 'out', PartitionKey: 'k', RoleArn } };

let stage: RulesStage;
let received: Received[];
beforeAll(async () => {
  stage = await RulesStage.start({
    resources: {
      Stream: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'out', ShardCount: 1 } },
      Gone: rule(
        'gone',
        "SELECT clientId, disconnectReason AS reason FROM '$aws/events/presence/disconnected/+' WHERE startswith(clientId, 'ruled')",
        [toStream],
      ),
    },
  });
  received = await stage.subscribe('$aws/events/#');
});
afterAll(() => stage.end());

const clients: MqttClient[] = [];
beforeEach(() => {
  received.length = 0;
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});

async function open(clientId: string, options: IClientOptions = {}): Promise<MqttClient> {
  const client = connect({
    host: '127.0.0.1',
    port: stage.port,
    reconnectPeriod: 0,
    protocolVersion: 4,
    clientId,
    ...options,
  });
  clients.push(client);
  client.on('error', () => {});
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  return client;
}

interface LifecycleEvent extends Record<string, unknown> {
  readonly eventType: string;
}

/** The events of one client until now. */
const events = (clientId: string): LifecycleEvent[] =>
  received
    .filter(({ topic }) => topic.endsWith(`/${clientId}`))
    .map(({ text }) => JSON.parse(text) as LifecycleEvent);

async function disconnected(clientId: string): Promise<LifecycleEvent> {
  await expect.poll(() => events(clientId).some(({ eventType }) => eventType === 'disconnected')).toBe(true);
  return events(clientId).find(({ eventType }) => eventType === 'disconnected')!;
}

describe('the broker tells', () => {
  test('of a connection and its subscriptions, with the documented fields', async () => {
    for (const [ordinal, clientId] of ['meter', 'meter', 'constructor'].entries()) {
      received.length = 0;
      const client = await open(clientId);
      await client.subscribeAsync(['a/+', 'b']);
      await client.subscribeAsync('1/2/3/4/5/6/7/8/9').catch(() => undefined);
      await client.unsubscribeAsync('b');
      await client.endAsync();
      const last = await disconnected(clientId);
      const { sessionIdentifier } = last;
      expect(sessionIdentifier).toMatch(/^[0-9a-f-]{36}$/);
      const all = {
        clientId,
        timestamp: expect.any(Number) as number,
        sessionIdentifier,
        principalIdentifier: 'anonymous',
      };
      const versionNumber = ordinal % 2;
      expect(events(clientId)).toEqual([
        { ...all, eventType: 'connected', ipAddress: '127.0.0.1', versionNumber },
        { ...all, eventType: 'subscribed', topics: ['a/+', 'b'] },
        { ...all, eventType: 'unsubscribed', topics: ['b'] },
        {
          ...all,
          eventType: 'disconnected',
          clientInitiatedDisconnect: true,
          disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
          versionNumber,
        },
      ]);
      const topics = received.map(({ topic }) => topic);
      expect(topics.filter((topic) => topic.endsWith(`/${clientId}`))).toEqual([
        `$aws/events/presence/connected/${clientId}`,
        `$aws/events/subscriptions/subscribed/${clientId}`,
        `$aws/events/subscriptions/unsubscribed/${clientId}`,
        `$aws/events/presence/disconnected/${clientId}`,
      ]);
    }
  });

  test.each([
    ['CONNECTION_LOST', {}, (client: MqttClient) => void client.stream.destroy()],
    ['CLIENT_ERROR', {}, (client: MqttClient) => void client.publish('$aws/none', '')],
    [
      'CLIENT_ERROR',
      { protocolVersion: 5 as const },
      (client: MqttClient) => void client.subscribe('a', { qos: 2 }),
    ],
    ['DUPLICATE_CLIENTID', {}, (client: MqttClient) => void open(client.options.clientId!)],
    [
      'DUPLICATE_CLIENTID',
      { protocolVersion: 5 as const },
      (client: MqttClient) => void open(client.options.clientId!),
    ],
    [
      'CONNECTION_LOST',
      { protocolVersion: 5 as const },
      (client: MqttClient) => {
        client.publish('$aws/none', '', { qos: 1 }, () => client.stream.destroy());
      },
    ],
  ])('why a connection ended: %s', async (disconnectReason, options, act) => {
    const clientId = `ruled-${received.length}-${Math.random()}`;
    act(await open(clientId, options));
    expect(await disconnected(clientId)).toMatchObject({
      disconnectReason,
      clientInitiatedDisconnect: false,
    });
    await stage.drained();
    expect(stage.records('out').at(-1)).toBe(JSON.stringify({ clientId, reason: disconnectReason }));
  });

  test('nothing of client ids with wildcards', async () => {
    const client = await open('a+b');
    await client.endAsync();
    const other = await open('other');
    await other.endAsync();
    await disconnected('other');
    expect(received.filter(({ text }) => text.includes('a+b'))).toEqual([]);
  });

  test('whose connection was refused', async () => {
    const will = { topic: 'a', payload: Buffer.from(''), qos: 2 as const, retain: false };
    const client = connect({ host: '127.0.0.1', port: stage.port, reconnectPeriod: 0, clientId: 'no', will });
    clients.push(client);
    client.on('error', () => {});
    await expect
      .poll(() => events('no'))
      .toMatchObject([{ eventType: 'connect_failed', connectFailureReason: 'AUTHORIZATION_FAILED' }]);
  });
});
