import {
  GetRetainedMessageCommand,
  IoTDataPlaneClient,
  ListRetainedMessagesCommand,
  PublishCommand,
} from '@aws-sdk/client-iot-data-plane';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import fc from 'fast-check';
import {
  connect,
  type IClientOptions,
  type IConnackPacket,
  type IPublishPacket,
  type MqttClient,
} from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { matchesTopicFilter } from '../../../iot-sql/index.ts';
import { RulesStage } from '../rules.test-support.ts';
import { FilterTree } from './filter-tree.ts';

let stage: RulesStage;
beforeEach(async () => {
  stage = await RulesStage.start({ resources: {} });
});
afterEach(() => stage.end());

/** Opens again after a kill, on what the log had at that moment. */
async function killAndOpen(): Promise<void> {
  await stage.kill();
  await stage.open({ resources: {} });
}

interface Listener {
  readonly client: MqttClient;
  readonly texts: string[];
  readonly packets: IPublishPacket[];
  readonly connack: IConnackPacket;
}

const clients: MqttClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});

/** Connects with a session that lasts, and collects what arrives from the first packet on. */
async function listen(clientId: string, options: IClientOptions = {}): Promise<Listener> {
  const client = connect({
    host: '127.0.0.1',
    port: stage.port,
    reconnectPeriod: 0,
    clientId,
    clean: false,
    ...options,
  });
  clients.push(client);
  client.on('error', () => {});
  const texts: string[] = [];
  const packets: IPublishPacket[] = [];
  client.on('message', (_topic, payload, packet) => {
    texts.push(payload.toString());
    packets.push(packet);
  });
  const connack = await new Promise<IConnackPacket>((resolve, reject) => {
    client.once('connect', resolve);
    client.once('close', () => reject(new Error('closed')));
  });
  return { client, texts, packets, connack };
}

const versions: readonly (readonly [string, IClientOptions])[] = [
  ['3.1.1', { protocolVersion: 4 }],
  ['5', { protocolVersion: 5, properties: { sessionExpiryInterval: 600 } }],
];

describe('a session that lasts', () => {
  test.each(versions)('gets what it missed, over a kill too, in version %s', async (_, options) => {
    const before = await listen('meter', options);
    expect(before.connack.sessionPresent).toBe(false);
    await before.client.subscribeAsync(['a/+', 'a/1', 'b/#'], { qos: 1 });
    await stage.publish('a/1', 0);
    await expect.poll(() => before.texts).toEqual(['0']);
    await before.client.endAsync();
    await stage.publish('a/1', 1);
    await stage.publish('b', 2);
    await stage.publish('b/c', 3);
    await killAndOpen();
    await stage.publish('a/2', 4);
    const after = await listen('meter', options);
    expect(after.connack.sessionPresent).toBe(true);
    await expect.poll(() => after.texts).toEqual(['1', '3', '4']);
    await stage.publish('a/3', 5);
    await expect.poll(() => after.texts.at(-1)).toBe('5');
    await after.client.endAsync();
    const again = await listen('meter', options);
    await stage.publish('a/3', 6);
    await expect.poll(() => again.texts).toEqual(['6']);
  });

  test('is gone after an hour, and when a client begins anew', async () => {
    for (const clientId of ['late', 'anew', '__proto__']) {
      const { client } = await listen(clientId);
      await client.subscribeAsync('a', { qos: 1 });
      await client.endAsync();
    }
    await stage.publish('a', 1);
    await listen('anew', { clean: true }).then(({ client }) => client.endAsync());
    const anew = await listen('anew');
    expect(anew.connack.sessionPresent).toBe(false);
    const present = await listen('__proto__');
    await expect.poll(() => present.texts).toEqual(['1']);
    stage.putClockForward(3601_000);
    const late = await listen('late');
    expect(late.connack.sessionPresent).toBe(false);
    expect([anew.texts, late.texts]).toEqual([[], []]);
  });

  test('waits for nothing that it was refused, though the same packet asked for more', async () => {
    const { client } = await listen('meter');
    for (let index = 0; index < 50; index += 1) await client.subscribeAsync(`s/${index}`, { qos: 1 });
    for (const filters of [
      ['s/50', 's/0'],
      ['s/1', 's/51'],
    ])
      await client.subscribeAsync(filters, { qos: 1 }).catch(() => undefined);
    await client.endAsync();
    for (const index of [50, 51, 0, 1]) await stage.publish(`s/${index}`, index);
    const { texts } = await listen('meter');
    await expect.poll(() => texts).toEqual(['0', '1']);
  });

  test('keeps a thousand messages at most, and gives those that have not expired', async () => {
    const { client } = await listen('meter');
    await client.subscribeAsync('a', { qos: 1 });
    await client.endAsync();
    const sender = await stage.connect({ protocolVersion: 5 });
    const brief = { qos: 1 as const, properties: { messageExpiryInterval: 10 } };
    await sender.publishAsync('a', 'brief', brief);
    stage.putClockForward(11_000);
    const sent = Array.from({ length: 1005 }, (_, index) =>
      sender.publishAsync('a', String(index), { qos: 1 }),
    );
    await Promise.all(sent);
    const { texts } = await listen('meter');
    await expect.poll(() => texts.length).toBe(999);
    expect(texts.slice(-2)).toEqual(['997', '998']);
  });
});

describe('a retained message', () => {
  const sdk = (): IoTDataPlaneClient =>
    new IoTDataPlaneClient({
      endpoint: stage.services.endpoints.aws,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      requestHandler: new NodeHttpHandler(),
      maxAttempts: 1,
    });

  test('comes on a subscription to its very topic, after a kill too, and to no other', async () => {
    await stage.client.publishAsync('a/b', 'kept', { qos: 1, retain: true });
    await stage.client.publishAsync('constructor', 'proto', { qos: 1, retain: true });
    await killAndOpen();
    for (const protocolVersion of [4, 5] as const) {
      const { client, packets } = await listen('reader', { protocolVersion, clean: true });
      await client.subscribeAsync(['#', 'a/+', 'a/#', '+/b'], { qos: 1 });
      await client.subscribeAsync(['a/b', 'constructor'], { qos: 1 });
      await expect.poll(() => packets.length).toBe(2);
      await stage.publish('a/b', 'live');
      await expect.poll(() => packets.length).toBe(3);
      expect(packets.map(({ topic, payload, retain }) => [topic, String(payload), retain])).toEqual([
        ['a/b', 'kept', true],
        ['constructor', 'proto', true],
        ['a/b', '"live"', false],
      ]);
    }
  });

  test('is removed by an empty one, which is handed on', async () => {
    await stage.client.publishAsync('a', 'kept', { qos: 1, retain: true });
    const { client, texts } = await listen('reader');
    await client.subscribeAsync('a', { qos: 1 });
    await stage.client.publishAsync('a', '', { qos: 1, retain: true });
    await expect.poll(() => texts).toEqual(['kept', '']);
    const later = await listen('later');
    await later.client.subscribeAsync('a', { qos: 1 });
    await stage.publish('a', 1);
    await expect.poll(() => later.texts).toEqual(['1']);
  });

  test('is kept by a will, read and listed over HTTPS, and may come from there', async () => {
    const will = { topic: 'status/meter', payload: Buffer.from('gone'), qos: 1 as const, retain: true };
    const { client } = await listen('meter', { will });
    client.stream.destroy();
    const data = sdk();
    await data.send(new PublishCommand({ topic: 'from/https', payload: Buffer.from('x'), retain: true }));
    const ask = () => data.send(new ListRetainedMessagesCommand({ maxResults: 1 }));
    await expect.poll(async () => (await ask()).nextToken).toBeDefined();
    const first = await ask();
    expect(first.retainedTopics).toMatchObject([{ topic: 'from/https', payloadSize: 1, qos: 0 }]);
    const { nextToken } = first;
    const second = await data.send(new ListRetainedMessagesCommand({ nextToken }));
    expect(second.retainedTopics).toMatchObject([{ topic: 'status/meter', payloadSize: 4, qos: 1 }]);
    const got = await data.send(new GetRetainedMessageCommand({ topic: 'status/meter' }));
    expect(got).toMatchObject({ topic: 'status/meter', qos: 1 });
    expect(Buffer.from(got.payload!).toString()).toBe('gone');
    await expect(data.send(new GetRetainedMessageCommand({ topic: 'none' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    data.destroy();
  });
});

describe('FilterTree', () => {
  test('agrees with matching every filter on its own', () => {
    const level = fc.constantFrom('a', 'b', '', '$x', '__proto__');
    const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
    const filter = fc
      .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([levels, isRest]) => [...levels, ...(isRest ? ['#'] : [])].join('/'));
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 6 }), fc.array(filter), topic, (kept, removed, name) => {
        const tree = new FilterTree<string>();
        for (const each of [...kept, ...removed]) tree.add(each, each, each);
        for (const each of removed) tree.remove(each, each);
        const left = new Set(kept.filter((each) => !removed.includes(each)));
        expect(tree.size).toBe(left.size);
        const wanted = [...left].filter((each) => matchesTopicFilter(each, name));
        expect([...tree.match(name).keys()].sort()).toEqual(wanted.sort());
      }),
    );
  });
});
