import { connect, type IClientOptions, type IDisconnectPacket, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RulesStage } from './rules.test-support.ts';

let stage: RulesStage;
beforeAll(async () => {
  stage = await RulesStage.start({ resources: {} });
});
afterAll(() => stage.end());

const clients: MqttClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});

/** A client, and how its connection ends: with MQTT 5's reason code, or `closed`. */
async function open(options: IClientOptions = {}): Promise<{ client: MqttClient; end: Promise<unknown> }> {
  const client = connect({ host: '127.0.0.1', port: stage.port, reconnectPeriod: 0, ...options });
  clients.push(client);
  client.on('error', () => {});
  const end = new Promise<unknown>((resolve) => {
    client.once('disconnect', ({ reasonCode }: IDisconnectPacket) => resolve(reasonCode));
    client.once('close', () => resolve('closed'));
  });
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  return { client, end };
}

const nine = Array.from({ length: 9 }, (_, index) => `f/${index}`);

describe('the broker ends the connection of whoever', () => {
  test.each([
    ['publishes with QoS 2', 0x9b, (client: MqttClient) => client.publish('a', '', { qos: 2 })],
    ['subscribes with QoS 2', 0x9b, (client: MqttClient) => client.subscribe('a', { qos: 2 })],
    ['subscribes to nine filters at once', 0x97, (client: MqttClient) => client.subscribe(nine)],
  ])('%s, and tells MQTT 5 why', async (_, reasonCode, act) => {
    const five = await open({ protocolVersion: 5 });
    act(five.client);
    expect(await five.end).toBe(reasonCode);
    const three = await open({ protocolVersion: 4 });
    let acknowledged = 0;
    three.client.on('packetreceive', ({ cmd }) => {
      if (cmd !== 'connack') acknowledged += 1;
    });
    act(three.client);
    expect([await three.end, acknowledged]).toEqual(['closed', 0]);
  });

  test('connects under a client id that is connected already', async () => {
    for (const clientId of ['twice', '__proto__', 'constructor']) {
      const first = await open({ clientId, protocolVersion: 5 });
      const second = await open({ clientId, protocolVersion: 5 });
      expect(await first.end).toBe(0x8e);
      await second.client.publishAsync('a', '', { qos: 1 });
    }
  });
});

describe('a subscription', () => {
  test.each([
    ['of nine levels', '1/2/3/4/5/6/7/8/#'],
    ['over 256 bytes', 'x'.repeat(257)],
    ['to reserved topics that are none', '$SYS/#'],
    ['to other topics with a dollar', '$other/a'],
  ])('%s is refused', async (_, filter) => {
    for (const protocolVersion of [4, 5] as const) {
      const { client } = await open({ protocolVersion });
      await expect(client.subscribeAsync(filter)).rejects.toThrow();
      await client.subscribeAsync('1/2/3/4/5/6/7/#');
    }
  });

  test('is the fiftieth at most', async () => {
    const { client } = await open({ protocolVersion: 4 });
    for (let index = 0; index < 50; index += 1) await client.subscribeAsync(`s/${index}`);
    await expect(client.subscribeAsync('s/50')).rejects.toThrow();
    await client.subscribeAsync('s/49', { qos: 1 });
    await client.unsubscribeAsync('s/0');
    await client.subscribeAsync('s/50');
  });

  test('to a/# gets nothing from a, and # nothing from topics with a dollar', async () => {
    const { client } = await open();
    const topics: string[] = [];
    client.on('message', (topic) => topics.push(topic));
    await client.subscribeAsync(['a/#', '__proto__/#'], { qos: 1 });
    for (const topic of ['a', 'a/', 'a/b', 'a/b/c', '__proto__', '__proto__/x'])
      await stage.publish(topic, 1);
    await expect.poll(() => topics).toEqual(['a/', 'a/b', 'a/b/c', '__proto__/x']);
    await client.unsubscribeAsync('a/#');
    await client.subscribeAsync('#', { qos: 1 });
    await stage.publish('$aws/things/meter/shadow/update', { state: {} });
    await stage.publish('z', 1);
    await expect.poll(() => topics.slice(4)).toEqual(['z']);
  });
});

describe('a connection', () => {
  test.each([
    [0, 1200],
    [5000, 1200],
    [60, undefined],
  ])('that asks to be kept alive for %i s is told %s', async (keepalive, told) => {
    const client = connect({
      host: '127.0.0.1',
      port: stage.port,
      protocolVersion: 5,
      reconnectPeriod: 0,
      keepalive,
    });
    clients.push(client);
    const connack = await new Promise<{ properties?: { serverKeepAlive?: number } }>((resolve) =>
      client.once('connect', resolve),
    );
    expect(connack.properties?.serverKeepAlive).toBe(told);
    await open({ protocolVersion: 4, keepalive });
  });

  test.each([
    ['a client id that begins with $', { clientId: '$me' }, 0x85],
    ['a client id over 128 bytes', { clientId: 'x'.repeat(129) }, 0x85],
    [
      'a will of QoS 2',
      { will: { topic: 'a', payload: Buffer.from(''), qos: 2 as const, retain: false } },
      0x87,
    ],
  ])('with %s is refused', async (_, options, code) => {
    const client = connect({
      host: '127.0.0.1',
      port: stage.port,
      protocolVersion: 5,
      reconnectPeriod: 0,
      ...options,
    });
    clients.push(client);
    const error = await new Promise<unknown>((resolve) => client.once('error', resolve));
    expect(error).toMatchObject({ code });
  });

  test('may not retain what it publishes on a reserved topic', async () => {
    const { client } = await open({ protocolVersion: 5 });
    const publish = client.publishAsync('$aws/rules/r/a', 'x', { qos: 1, retain: true });
    await expect(publish).rejects.toMatchObject({ code: 0x87 });
  });
});
