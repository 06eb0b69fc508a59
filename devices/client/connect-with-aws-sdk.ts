import type { mqtt5 } from 'aws-iot-device-sdk-v2';
import {
  ConnectError,
  DeviceError,
  PublishError,
  PublishRefusedError,
  SubscribeError,
} from '../device-error.ts';
import {
  type Connection,
  type ConnectionOptions,
  DEFAULT_CONNECT_TIMEOUT_MILLIS,
  KEEP_ALIVE_SECONDS,
  type Transport,
} from './connection.ts';

type Sdk = typeof import('aws-iot-device-sdk-v2');

/** The SDK's ClientOperationQueueBehavior.FailAllOnDisconnect: what to send again is not the SDK's to decide. */
const FAIL_ALL_ON_DISCONNECT = 3;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883 };

/**
 * A transport over `aws-iot-device-sdk-v2` (MQTT 5), for one device.
 *
 * Its client is made once and started for each connection, because each client that is made holds native handles for as
 * long as the process lives (awslabs/aws-crt-nodejs, issue 600). They also keep the process alive: end it with `process.exit()`.
 * @throws DeviceError when the package is not installed
 */
export async function createAwsSdkTransport(): Promise<Transport> {
  const sdk = await loadSdk();
  let client: SharedClient | undefined;
  return (options) => {
    client ??= new SharedClient(createClient(sdk, options), options);
    return client.connect();
  };
}

async function loadSdk(): Promise<Sdk> {
  try {
    const loaded: Sdk & { default?: Sdk } = await import('aws-iot-device-sdk-v2');
    return loaded.default ?? loaded;
  } catch (cause) {
    throw new DeviceError(
      'Cannot load "aws-iot-device-sdk-v2": it is not installed here; install it or connect with MQTT.js',
      { cause },
    );
  }
}

function createClient({ mqtt5, iot }: Sdk, options: ConnectionOptions): mqtt5.Mqtt5Client {
  const { protocol, hostname, port } = new URL(options.url);
  const portNumber = Number(port || DEFAULT_PORTS[protocol]);
  let config: mqtt5.ClientConfig = { hostName: hostname, port: portNumber };
  if (protocol === 'mqtts:') {
    const { cert, key, ca } = options.tls ?? {};
    if (!cert || !key)
      throw new DeviceError(`Cannot connect to ${options.url}: a certificate and its key are needed`);
    const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
      hostname,
      cert,
      key,
    ).withPort(portNumber);
    config = (ca ? builder.withCertificateAuthority(ca) : builder).build();
  } else if (protocol !== 'mqtt:') {
    throw new DeviceError(
      `Cannot connect to ${options.url}: the AWS SDK takes mqtts:// and mqtt:// on loopback`,
    );
  }
  return new mqtt5.Mqtt5Client(
    Object.assign(config, {
      connectProperties: { clientId: options.clientId, keepAliveIntervalSeconds: KEEP_ALIVE_SECONDS },
      connackTimeoutMs: options.connectTimeoutMillis ?? DEFAULT_CONNECT_TIMEOUT_MILLIS,
      offlineQueueBehavior: FAIL_ALL_ON_DISCONNECT,
      // Longer than it takes to stop it: the next attempt is not the SDK's either.
      minReconnectDelayMs: 60_000,
      maxReconnectDelayMs: 60_000,
    }),
  );
}

/** Makes single connections out of a client that would rather reconnect by itself: it is stopped at each failure. */
class SharedClient {
  readonly #client: mqtt5.Mqtt5Client;
  readonly #url: string;
  #onStarted: ((failure?: ConnectError) => void) | undefined;
  #onLost: ((reason: string) => void) | undefined;

  constructor(client: mqtt5.Mqtt5Client, { url, onMessage }: ConnectionOptions) {
    this.#client = client;
    this.#url = url;
    client.on('connectionSuccess', () => this.#onStarted?.());
    client.on('connectionFailure', ({ error, connack }) => {
      const reason = connack ? `refused, ${describeReason(connack)}` : reasonOf(error);
      this.#onStarted?.(new ConnectError(`Cannot connect to ${url}: ${reason}`, { cause: error }));
    });
    client.on('disconnection', ({ error, disconnect }) =>
      this.#onLost?.(disconnect ? `the broker disconnected: ${describeReason(disconnect)}` : reasonOf(error)),
    );
    client.on('error', (error) => this.#onLost?.(reasonOf(error)));
    if (onMessage)
      client.on('messageReceived', ({ message }) =>
        onMessage(message.topicName, new Uint8Array(message.payload)),
      );
  }

  async connect(): Promise<Connection> {
    const failure = await new Promise<ConnectError | undefined>((resolve) => {
      this.#onStarted = resolve;
      this.#client.start();
    });
    this.#onStarted = undefined;
    if (failure) {
      await this.#stop();
      throw failure;
    }
    const lost = new Promise<string>((resolve) => {
      this.#onLost = resolve;
    });
    const closed = lost.then(async (reason) => {
      await this.#stop();
      return reason;
    });
    return new AwsSdkConnection(this.#client, closed, () =>
      this.#onLost?.(`ended the connection to ${this.#url}`),
    );
  }

  #stop(): Promise<void> {
    this.#onLost = undefined;
    return new Promise((resolve) => {
      this.#client.once('stopped', () => resolve());
      this.#client.stop();
    });
  }
}

class AwsSdkConnection implements Connection {
  readonly closed: Promise<string>;
  readonly #client: mqtt5.Mqtt5Client;
  readonly #lose: () => void;

  constructor(client: mqtt5.Mqtt5Client, closed: Promise<string>, lose: () => void) {
    this.#client = client;
    this.closed = closed;
    this.#lose = lose;
  }

  async publish(topicName: string, payload: string | Uint8Array, qos: 0 | 1): Promise<void> {
    const puback = await this.#client.publish({ topicName, payload, qos }).catch((cause: Error) => {
      throw new PublishError(`Cannot publish to "${topicName}": ${reasonOf(cause)}`, { cause });
    });
    if (puback && puback.reasonCode >= 0x80)
      throw new PublishRefusedError(
        `Cannot publish to "${topicName}": ${describeReason(puback)}`,
        puback.reasonCode,
      );
  }

  async subscribe(filters: readonly string[]): Promise<void> {
    const subscriptions = filters.map((topicFilter) => ({ topicFilter, qos: 1 as const }));
    const { reasonCodes } = await this.#client.subscribe({ subscriptions }).catch((cause: Error) => {
      throw new SubscribeError(`Cannot subscribe to "${filters.join('", "')}": ${reasonOf(cause)}`, {
        cause,
      });
    });
    const refused = reasonCodes.find((code) => code >= 0x80);
    if (refused !== undefined)
      throw new SubscribeError(`Cannot subscribe to "${filters.join('", "')}": refused with code ${refused}`);
  }

  async end(): Promise<void> {
    this.#lose();
    await this.closed;
  }
}

function describeReason({ reasonCode, reasonString }: mqtt5.ReasonPacket): string {
  return reasonString ?? `reason code ${reasonCode}`;
}

/** The SDK's messages are `library: NAME, sentence.`; two of them have a plain word that all transports share. */
function reasonOf({ message }: Error): string {
  if (message.includes('SOCKET_CONNECTION_REFUSED')) return 'connection refused';
  if (message.includes('SOCKET_TIMEOUT') || message.includes('CONNACK_TIMEOUT')) return 'no answer';
  if (message.includes('SOCKET_CLOSED')) return 'the connection was lost';
  return message.replace(/^[\w-]+: /, '').replace(/\.$/, '');
}
