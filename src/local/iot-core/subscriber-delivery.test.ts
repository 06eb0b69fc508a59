import type { Socket } from 'node:net';
import { connect, connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
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

async function open(options: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectAsync({ host: '127.0.0.1', port: stage.port, reconnectPeriod: 0, ...options });
  client.on('error', () => {});
  clients.push(client);
  return client;
}

/** From now on nothing is read of what the broker sends. */
function stall({ stream }: MqttClient): void {
  stream.unpipe();
  stream.pause();
}

const PAYLOAD = Buffer.alloc(100_000, 'x');
/** So many of them are within what a session keeps. */
const SMALL = Buffer.alloc(20_000, 'y');
/** More than a socket's buffers on both sides and what the broker holds. */
const MESSAGES = 200;
const IN_FLIGHT = 50;

/** Publishes with many on their way; resolves with the longest time from one acknowledgement to the next. */
async function longestGapMillis(publisher: MqttClient, topic: string, payload = PAYLOAD): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let left = MESSAGES;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      await publisher.publishAsync(topic, payload, { qos: 1 });
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return longest;
}

const dropped = (): Readonly<Record<string, number>> =>
  stage.ledger().stages.find(({ stage: name }) => name === 'refused deliveries')?.dropped ?? {};

describe('a subscriber that does not read', () => {
  test.each([0, 1] as const)(
    'of QoS %i holds up neither publishers nor other subscribers',
    { timeout: 60_000 },
    async (qos) => {
      const topic = `stalled/${qos}`;
      const [stalled, reading, publisher] = await Promise.all([open(), open(), open()]);
      let received = 0;
      reading.on('message', () => {
        received += 1;
      });
      await Promise.all([stalled.subscribeAsync(topic, { qos }), reading.subscribeAsync(topic, { qos })]);
      stall(stalled);
      const before = dropped()['subscriber does not read'] ?? 0;
      const gaps = [
        await longestGapMillis(publisher, topic),
        await longestGapMillis(publisher, topic, Buffer.alloc(100, 'z')),
      ];
      expect(Math.max(...gaps)).toBeLessThan(2000);
      await expect.poll(() => received, { timeout: 20_000 }).toBe(2 * MESSAGES);
      if (qos === 0) expect(dropped()['subscriber does not read'] ?? 0).toBeGreaterThan(before);
      else await expect.poll(() => stage.ledger().refused['subscriber does not read']).toBeGreaterThan(0);
    },
  );

  test('with a session finds there what it did not read', { timeout: 60_000 }, async () => {
    const session = { clientId: 'sleeper', clean: false };
    const sleeper = await open(session);
    await sleeper.subscribeAsync('kept/stalled', { qos: 1 });
    stall(sleeper);
    const publisher = await open();
    for (let index = 0; index < MESSAGES; index++)
      await publisher.publishAsync('kept/stalled', SMALL, { qos: 1 });
    (sleeper.stream as Socket).destroy();
    let received = 0;
    const again = connect({ host: '127.0.0.1', port: stage.port, reconnectPeriod: 0, ...session });
    clients.push(again);
    again.on('message', () => {
      received += 1;
    });
    await expect.poll(() => received, { timeout: 20_000 }).toBe(MESSAGES);
  });

  test('is cut when its connection takes nothing for long', { timeout: 40_000 }, async () => {
    const before = stage.ledger().refused['subscriber does not read'] ?? 0;
    const [stalled, publisher] = await Promise.all([open(), open()]);
    await stalled.subscribeAsync('cut', { qos: 0 });
    stall(stalled);
    await longestGapMillis(publisher, 'cut');
    await expect
      .poll(() => stage.ledger().refused['subscriber does not read'] ?? 0, { timeout: 30_000 })
      .toBe(before + 1);
  });
});

test('a subscriber that reads slowly gets every message', { timeout: 60_000 }, async () => {
  const [slow, publisher] = await Promise.all([open(), open()]);
  let received = 0;
  slow.handleMessage = (_packet, done) => {
    received += 1;
    setTimeout(done, 5);
  };
  await slow.subscribeAsync('slow', { qos: 1 });
  for (let index = 0; index < MESSAGES; index++) await publisher.publishAsync('slow', SMALL, { qos: 1 });
  await expect.poll(() => received, { timeout: 30_000 }).toBe(MESSAGES);
});
