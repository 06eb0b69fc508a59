import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { PublishError, PublishRefusedError, SubscribeError } from '../device-error.ts';
import { awaitConnack } from './await-connack.ts';
import {
  type Connection,
  type ConnectionOptions,
  DEFAULT_CONNECT_TIMEOUT_MILLIS,
  KEEP_ALIVE_SECONDS,
  MQTT_ALPN,
  needsAlpn,
} from './connection.ts';

/**
 * Connects with MQTT.js, which runs wherever JavaScript does: plain, TLS, and WebSocket.
 * @throws ConnectError when the broker does not answer or refuses
 */
export async function connectWithMqtt(options: ConnectionOptions): Promise<Connection> {
  const client = connect(options.url, clientOptions(options));
  const { onMessage } = options;
  if (onMessage) client.on('message', (topic, payload) => onMessage(topic, payload));
  await awaitConnack(client, options.url);
  return new MqttConnection(client);
}

class MqttConnection implements Connection {
  readonly closed: Promise<string>;
  readonly #client: MqttClient;

  constructor(client: MqttClient) {
    this.#client = client;
    let reason = 'the connection was lost';
    client.on('error', (error) => {
      reason = error.message;
    });
    // MQTT 5: the broker may say why before it closes.
    client.on('disconnect', ({ reasonCode, properties }) => {
      reason = properties?.reasonString ?? `the broker disconnected with reason code ${reasonCode}`;
    });
    this.closed = new Promise((resolve) => {
      client.once('close', () => {
        resolve(reason);
        client.end(true);
      });
    });
  }

  publish(topic: string, payload: string | Uint8Array, qos: 0 | 1): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.publish(topic, payload as string | Buffer, { qos }, (error) =>
        error ? reject(publishError(topic, error)) : resolve(),
      );
    });
  }

  async subscribe(filters: readonly string[]): Promise<void> {
    try {
      const granted = await this.#client.subscribeAsync([...filters], { qos: 1 });
      const refused = granted.find(({ qos }) => qos >= 0x80);
      if (refused) throw new Error(`refused with code ${refused.qos}`);
    } catch (cause) {
      throw new SubscribeError(`Cannot subscribe to "${filters.join('", "')}": ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  async end(force = false): Promise<void> {
    await this.#client.endAsync(force);
    await this.closed;
  }
}

function clientOptions(options: ConnectionOptions): IClientOptions {
  return {
    clientId: options.clientId,
    protocolVersion: options.mqttVersion ?? 5,
    clean: true,
    keepalive: KEEP_ALIVE_SECONDS,
    connectTimeout: options.connectTimeoutMillis ?? DEFAULT_CONNECT_TIMEOUT_MILLIS,
    // Whoever uses the connection decides when to come back, and what to send again.
    reconnectPeriod: 0,
    queueQoSZero: false,
    ...(needsAlpn(options) && { ALPNProtocols: [MQTT_ALPN] }),
    ...options.tls,
  };
}

/** MQTT.js puts the reason code of a refusing PUBACK into `code`. */
function publishError(topic: string, cause: Error): PublishError {
  const message = `Cannot publish to "${topic}": ${cause.message}`;
  return 'code' in cause && typeof cause.code === 'number' && cause.code >= 0x80
    ? new PublishRefusedError(message, cause.code, { cause })
    : new PublishError(message, { cause });
}
