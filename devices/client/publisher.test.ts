import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type CertificateAndKey,
  CertificateAuthority,
  createAuthority,
} from '../../src/local/iot-core/tls/certificate-authority.ts';
import type { Reading } from '../../src/telemetry/reading.ts';
import {
  ConnectError,
  PayloadTooLargeError,
  PublishError,
  PublishRefusedError,
  QueueFullError,
  SubscribeError,
} from '../device-error.ts';
import { startBroker, type TestBroker, type TestBrokerOptions } from '../start-broker.test-support.ts';
import { encodeBatch } from './batch-payload.ts';
import { encodeReading } from './payload.ts';
import { Publisher, type PublisherOptions } from './publisher.ts';
import { batchTopic, readingTopic } from './topic.ts';
import { transportsHere } from './transports.test-support.ts';

const READING: Reading = {
  sensor_id: 'bQ7KcaMEas',
  station_id: 'vzqHb8vgh0',
  sensor: 'temperature',
  state: 'WA',
  city: 'Seattle',
  sensor_timestamp: 1472611226005,
  sensor_value: 0.61,
  sensor_value_smoothed: 0.98,
  direction: -1,
};
const PAYLOAD = {
  sensor_timestamp: 1472611226005,
  sensor_value: 0.61,
  sensor_value_smoothed: 0.98,
  direction: -1,
};
const TOPIC = 'weather/WA/Seattle/vzqHb8vgh0/temperature/bQ7KcaMEas';

const open: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource.stop();
});

async function broker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const started = await startBroker(options);
  open.push(started);
  return started;
}

function tlsOf({ certificatePem, privateKeyPem }: CertificateAndKey, authority: CertificateAndKey) {
  return { cert: certificatePem, key: privateKeyPem, ca: authority.certificatePem };
}

describe.each(await transportsHere())('a publisher over $name', ({ name, create }) => {
  async function connect(url: string, options: Partial<PublisherOptions> = {}): Promise<Publisher> {
    const transport = await create();
    const client = await Publisher.connect({ url, clientId: `test-${Math.random()}`, transport, ...options });
    open.push({ stop: () => client.close() });
    return client;
  }

  const versions = name === 'MQTT.js' ? ([4, 5] as const) : ([5] as const);
  test.each(versions)('resolves at PUBACK, MQTT version %i', async (mqttVersion) => {
    const { url, received } = await broker();
    const client = await connect(url, { mqttVersion });
    await client.publish(readingTopic(READING), encodeReading(READING));
    expect(received).toEqual([{ topic: TOPIC, payload: expect.any(Buffer) }]);
    expect(JSON.parse(String(received[0]?.payload))).toEqual(PAYLOAD);
    expect(client.outstanding).toBe(0);
  });

  test('says when nobody listens', async () => {
    const { url, stop } = await startBroker();
    await stop();
    await expect(connect(url)).rejects.toThrow(
      new ConnectError(`Cannot connect to ${url}: connection refused`),
    );
  });

  test('says what the broker says no to, and goes on', async () => {
    const { url } = await broker({
      accept: async ({ topic }) => {
        if (topic === 'forbidden') throw new Error('not for you');
      },
    });
    const client = await connect(url, { mqttVersion: 5 });
    const refusal = await client.publish('forbidden', 'x').catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(PublishRefusedError);
    expect(refusal).toMatchObject({ reasonCode: 0x87 });
    await client.publish('allowed', 'x');
    expect(client.reconnects).toBe(0);
  });

  test('hears what it subscribes to, and says what it may not', async () => {
    const { url } = await broker({ mayHear: (filter) => filter !== 'secret' });
    const heard: string[] = [];
    let said: unknown;
    const client = await connect(url, {
      onMessage: (topic, payload) => heard.push(`${topic} ${Buffer.from(payload)}`),
      onConnected: (connection) => {
        said = connection
          .subscribe(['a/b'])
          .then(() => connection.subscribe(['secret']))
          .catch((error: unknown) => error);
      },
    });
    expect(await said).toBeInstanceOf(SubscribeError);
    await client.publish('a/b', 'hello');
    await expect.poll(() => heard).toEqual(['a/b hello']);
  });

  test('connects with its certificate, and with no other', async () => {
    const [ours, theirs] = [await createAuthority(), await createAuthority()];
    const [authority, stranger] = [
      await CertificateAuthority.open(ours),
      await CertificateAuthority.open(theirs),
    ];
    const server = await authority.issueServer({ dnsNames: ['localhost'], addresses: ['127.0.0.1'] });
    const { url, received } = await broker({ tls: tlsOf(server, ours) });
    const client = await connect(url, { tls: tlsOf(await authority.issueDevice(), ours) });
    await client.publish(TOPIC, 'over TLS');
    expect(received).toHaveLength(1);
    const foreign = await stranger.issueDevice();
    // The SDK's TLS library holds a failed negotiation back for 10 to 30 seconds, so it is asked once.
    for (const trusted of name === 'MQTT.js' ? [ours, theirs] : [ours]) {
      const refused = Publisher.connect({
        url,
        clientId: 'x',
        transport: await create(),
        tls: tlsOf(foreign, trusted),
      });
      await expect(refused).rejects.toThrow(ConnectError);
    }
    expect(received).toHaveLength(1);
  });

  test('waits with at most maxInFlight unacknowledged and refuses beyond maxQueued', async () => {
    const { url, received } = await broker({ accept: () => new Promise(() => {}) });
    const client = await connect(url, { maxInFlight: 3, maxQueued: 4 });
    const outcomes = Array.from({ length: 8 }, () =>
      client.publish(TOPIC, 'x').catch((error: unknown) => error),
    );
    expect(await outcomes[7]).toBeInstanceOf(QueueFullError);
    await expect.poll(() => received.length).toBe(3);
    expect(client.outstanding).toBe(7);
    expect(await client.close(50)).toBe(7);
    expect(await outcomes[0]).toBeInstanceOf(PublishError);
  });

  test('sends again over a new connection what a silent broker does not acknowledge', async () => {
    const { url, received } = await broker({
      accept: () => (received.length === 2 ? new Promise(() => {}) : Promise.resolve()),
    });
    const client = await connect(url, { ackTimeoutMillis: 300 });
    await Promise.all(['a', 'b', 'c'].map((text) => client.publish(TOPIC, text)));
    expect([...new Set(received.map(({ payload }) => String(payload)))]).toEqual(['a', 'b', 'c']);
    expect(client.reconnects).toBe(1);
    await new Promise((later) => setTimeout(later, 500));
    expect(client.reconnects).toBe(1);
  });

  test('delivers everything over lost connections, in flight and queued, in order', async () => {
    const { url, received, cutConnections } = await broker();
    const client = await connect(url, { maxInFlight: 10 });
    const published = Array.from({ length: 200 }, async (_, sequence) => {
      await client.publish(TOPIC, String(sequence));
      if (sequence === 20 || sequence === 90) cutConnections();
    });
    await Promise.all(published);
    const first = new Set(received.map(({ payload }) => Number(String(payload))));
    expect([...first]).toEqual(Array.from({ length: 200 }, (_, sequence) => sequence));
    expect(client.reconnects).toBe(2);
  });
});

describe('what is published', () => {
  test('carries the identity fields that the device keeps', () => {
    const identity = { device_id: 'd1', boot_id: 'b1', sequence: 7 };
    expect(JSON.parse(encodeReading({ ...READING, ...identity }))).toEqual({ ...PAYLOAD, ...identity });
  });

  test('packs readings of one station, gzipped when asked', () => {
    const readings = [READING, { ...READING, sensor: 'humidity', sensor_id: 'UMd8BbEaE5' }];
    const plain = encodeBatch(readings);
    expect(batchTopic(READING)).toBe('weather/WA/Seattle/vzqHb8vgh0/batch');
    expect(JSON.parse(String(plain))).toEqual({
      readings: [
        { sensor: 'temperature', sensor_id: 'bQ7KcaMEas', ...PAYLOAD },
        { sensor: 'humidity', sensor_id: 'UMd8BbEaE5', ...PAYLOAD },
      ],
    });
    expect(gunzipSync(encodeBatch(readings, { gzip: true }))).toEqual(plain);
  });

  test('is refused above 128 KB', () => {
    expect(() => encodeBatch(Array(2000).fill(READING))).toThrow(PayloadTooLargeError);
  });

  test('goes straight to the rules with Basic Ingest', () => {
    expect(readingTopic(READING, { basicIngest: true })).toBe(`$aws/rules/telemetry/${TOPIC}`);
    expect(batchTopic(READING, { basicIngest: true })).toBe(
      '$aws/rules/telemetry_batch/weather/WA/Seattle/vzqHb8vgh0/batch',
    );
  });

  test('has no address that would change the shape of the topic, or is too long for one', () => {
    expect(() => readingTopic({ ...READING, city: 'Winston/Salem' })).toThrow(
      'Cannot use "Winston/Salem" as a topic level: it must not be empty nor contain + # /',
    );
    expect(() => readingTopic({ ...READING, city: 'x'.repeat(250) })).toThrow('at most 256');
  });
});
