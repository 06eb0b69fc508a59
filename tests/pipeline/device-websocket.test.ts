import { readFileSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import type { iot as Iot, mqtt5 as Mqtt5 } from 'aws-iot-device-sdk-v2';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { askDevice, presignedMqtt, type SigningKey } from './device-requests.test-support.ts';
import { eventually } from './running-pipeline.test-support.ts';
import { a, ended, expectRefused, pipeline, reading, weather } from './two-devices.test-support.ts';

const owner = (): SigningKey => ({ accessKeyId: 'local', secretAccessKey: pipeline.mesonet.token });
const now = (): Date => new Date(pipeline.nowMillis);
const address = () => pipeline.mesonet.deviceHttps;
const presigned = (key = owner(), options: Parameters<typeof presignedMqtt>[2] = {}): Promise<string> =>
  presignedMqtt(address(), key, { date: now(), ...options });
const ca = (): Buffer => readFileSync(pipeline.mesonet.caFile);

const clients: MqttClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});

/** Connects with the JavaScript client. @throws Error when it is not let in */
async function connectMqtt(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  const wsOptions = { ca: ca(), ...options.wsOptions };
  const client = connect(url, { clientId: 'page-1', reconnectPeriod: 0, ...options, wsOptions });
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.on('error', reject);
    client.once('close', () => reject(new Error('The connection was closed')));
  });
  return client;
}

/** Opens a WebSocket without MQTT. @returns the status of the refusal, or undefined when it is open */
function upgrade(url: string, options: WebSocket.ClientOptions & { protocol?: string } = {}) {
  const { protocol = 'mqtt', ...rest } = options;
  const socket = new WebSocket(url, protocol === '' ? [] : [protocol], { ca: ca(), ...rest });
  socket.on('error', () => {});
  return new Promise<{ status: number | undefined; socket: WebSocket }>((resolve) => {
    socket.once('open', () => resolve({ status: undefined, socket }));
    socket.once('unexpected-response', (request, { statusCode }) => {
      request.destroy();
      resolve({ status: statusCode, socket });
    });
  });
}

async function roleKey(): Promise<SigningKey> {
  const { json } = await askDevice(pipeline.mesonet, {
    path: '/role-aliases/mesonet-dev-device/credentials',
    headers: { 'x-amzn-iot-thingname': 'stA' },
    cert: a.cert,
    key: a.key,
  });
  return json.credentials as SigningKey;
}

describe('MQTT over WebSocket', () => {
  it.each([4, 5] as const)(
    'version %i: publishes into the pipeline and receives',
    async (protocolVersion) => {
      const client = await connectMqtt(await presigned(), { protocolVersion });
      const seen: string[] = [];
      client.on('message', (topic, payload) => seen.push(`${topic} ${payload.length}`));
      await client.subscribeAsync('page/#', { qos: 1 });
      await client.publishAsync('page/large', Buffer.alloc(100_000), { qos: 1 });
      await client.publishAsync(weather('stW'), reading(), { qos: 1 });
      await eventually(
        () => seen,
        ({ length }) => length === 1,
      );
      expect(seen).toEqual(['page/large 100000']);
      const { messages } = await pipeline.get<{ messages: { clientId: string }[] }>(
        `/v1/trace?topic=${encodeURIComponent(weather('stW'))}`,
      );
      expect(messages[0]).toMatchObject({ clientId: 'page-1' });
    },
  );

  it('works with the AWS SDK for devices, which signs by itself', { timeout: 40_000 }, async () => {
    const sdk = await import('aws-iot-device-sdk-v2').catch(() => undefined);
    if (!sdk) {
      expect(process.env.CI, 'aws-iot-device-sdk-v2 is not installed').not.toBe('true');
      return;
    }
    const { message, topic } = await publishWithSdk(sdk as never);
    expect([topic, message]).toEqual(['sdk/echo', 'over wss']);
  });

  it('refuses whose role has no word about IoT', async () => {
    const url = await presigned(await roleKey());
    await expectRefused('iot:Connect is not allowed by any policy', async () => {
      await expect(connectMqtt(url, { clientId: 'stA' })).rejects.toThrow(/Not authorized/i);
    });
  });

  it('has its limits as over TCP', async () => {
    const client = await connectMqtt(await presigned(), { protocolVersion: 4 });
    await expectRefused('packet over the size limit', async () => {
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
      client.publish('page/huge', Buffer.alloc(200 * 1024), { qos: 1 }, () => {});
      await closed;
    });
  });
});

describe('who opens a WebSocket', () => {
  it('has signed the address, and nothing of it was changed', async () => {
    const good = await presigned();
    expect((await upgrade(good)).status).toBeUndefined();
    for (const [what, url] of Object.entries({
      'no signature': good.replace(/\?.*/, ''),
      signature: good.replace(
        /(X-Amz-Signature=.{10})./,
        (_, start) => `${start}${good.includes(`${start}0`) ? '1' : '0'}`,
      ),
      expiry: good.replace('X-Amz-Expires=300', 'X-Amz-Expires=86400'),
      'parameter added': `${good}&x=1`,
      'another service': await presigned(owner(), { service: 'execute-api' }),
      'another secret': await presigned({ accessKeyId: 'local', secretAccessKey: 'local' }),
      'made up token': `${good}&X-Amz-Security-Token=x`,
      'encoding broken': `${good}&x=%ff`,
      'parameter twice': `${good}&X-Amz-Date=20261121T000000Z`,
    }))
      expect([what, (await upgrade(url)).status]).toEqual([what, 403]);
    expect((await upgrade(await presigned(owner(), { path: '/other' }))).status).toBe(404);
  });

  it('has done so in time, and is refused when the address comes again later', async () => {
    const url = await presigned(owner(), { expiresIn: 60 });
    const early = new Date(pipeline.nowMillis + 6 * 60_000);
    expect((await upgrade(await presigned(owner(), { date: early }))).status).toBe(403);
    expect((await upgrade(url)).status).toBeUndefined();
    pipeline.putClockForward(61_000);
    await expectRefused('signature is outside its time', async () => {
      expect((await upgrade(url)).status).toBe(403);
    });
  });

  it('has credentials that have not ended, and whose token comes after the signature', async () => {
    const key = await roleKey();
    expect((await upgrade(await presigned(key))).status).toBeUndefined();
    const { sessionToken, ...bare } = key;
    expect((await upgrade(await presigned(bare))).status).toBe(403);
    pipeline.putClockForward(3_601_000);
    await expectRefused('credentials have expired', async () => {
      expect((await upgrade(await presigned(key))).status).toBe(403);
    });
  });

  it('is no page of another origin, signed or not, and asks for this machine', async () => {
    const url = await presigned();
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example'])
      expect([origin, (await upgrade(url, { origin })).status]).toEqual([origin, 403]);
    expect((await upgrade(url, { origin: 'http://localhost:5173' })).status).toBeUndefined();
    const unsigned = url.replace(/\?.*/, '');
    expect((await upgrade(unsigned, { origin: 'http://localhost:5173' })).status).toBe(403);
    const foreign = { headers: { host: 'evil.example' }, servername: 'localhost' };
    expect((await upgrade(url, foreign)).status).toBe(421);
  });

  it('speaks MQTT, in binary frames that are not too long', async () => {
    expect((await upgrade(await presigned(), { protocol: 'chat' })).status).toBe(400);
    expect((await upgrade(await presigned(), { protocol: '' })).status).toBe(400);
    for (const [frame, code] of [
      ['text', 1003],
      [Buffer.alloc(1024 * 1024), 1009],
    ] as const) {
      const { socket } = await upgrade(await presigned());
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.send(frame);
      expect(await closed).toBe(code);
    }
  });

  it('is cut when it says nothing', { timeout: 40_000 }, async () => {
    const { host, port } = address();
    const silent = connectTls({ host, port, ca: ca(), servername: 'localhost' });
    const { socket } = await upgrade(await presigned());
    await Promise.all([ended(silent), new Promise((resolve) => socket.once('close', resolve))]);
  });
});

interface Sdk {
  readonly iot: typeof Iot;
  readonly mqtt5: typeof Mqtt5;
}

/** Connects, subscribes, publishes and receives with the SDK's own signer. */
async function publishWithSdk({ iot, mqtt5 }: Sdk): Promise<{ topic: string; message: string }> {
  const { host, port } = address();
  const { accessKeyId, secretAccessKey } = owner();
  const { auth } = (await import('aws-crt' as string)) as { auth: SdkAuth };
  const builder = (
    iot.AwsIotMqtt5ClientConfigBuilder as unknown as SdkBuilder
  ).newWebsocketMqttBuilderWithSigv4Auth(host, {
    region: 'us-east-1',
    credentialsProvider: auth.AwsCredentialsProvider.newStatic(accessKeyId, secretAccessKey),
  });
  const config = builder
    .withPort(port)
    .withCertificateAuthority(ca().toString())
    .withConnectProperties({ clientId: 'sdk-1', keepAliveIntervalSeconds: 60 })
    .build();
  const client = new mqtt5.Mqtt5Client(config);
  try {
    const connected = new Promise<void>((resolve, reject) => {
      client.once('connectionSuccess', () => resolve());
      client.once('connectionFailure', ({ error }) => reject(error));
    });
    client.start();
    await connected;
    const received = new Promise<{ topic: string; message: string }>((resolve) => {
      client.once('messageReceived', ({ message: { topicName, payload } }) =>
        resolve({ topic: topicName, message: Buffer.from(payload).toString() }),
      );
    });
    await client.subscribe({ subscriptions: [{ topicFilter: 'sdk/echo', qos: 1 }] });
    await client.publish({ topicName: 'sdk/echo', payload: 'over wss', qos: 1 });
    return await received;
  } finally {
    const stopped = new Promise<void>((resolve) => client.once('stopped', () => resolve()));
    client.stop();
    await stopped;
    client.close();
  }
}

interface SdkAuth {
  readonly AwsCredentialsProvider: { newStatic(accessKeyId: string, secretAccessKey: string): object };
}

interface SdkBuilder {
  newWebsocketMqttBuilderWithSigv4Auth(
    host: string,
    options: { region: string; credentialsProvider: object },
  ): SdkConfigBuilder;
}

interface SdkConfigBuilder {
  withPort(port: number): SdkConfigBuilder;
  withCertificateAuthority(ca: string): SdkConfigBuilder;
  withConnectProperties(properties: Mqtt5.ConnectPacket): SdkConfigBuilder;
  build(): Mqtt5.ClientConfig;
}
