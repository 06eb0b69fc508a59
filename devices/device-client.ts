import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { Reading } from '../src/telemetry/reading.ts';
import { awaitConnack } from './await-connack.ts';
import { DeviceError, PublishError, QueueFullError } from './device-error.ts';
import { encodeBatch, encodeReading } from './payload.ts';
import { reconnectDelayMillis } from './reconnect-delay.ts';
import { batchTopic, readingTopic } from './topic.ts';

/** How a device connects and how much it may hold. */
export interface DeviceClientOptions {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly url: string;
  /** Must be unique on the broker: a second client with the same id pushes the first one off. */
  readonly clientId: string;
  /** 4 is MQTT 3.1.1. */
  readonly mqttVersion?: 4 | 5;
  /** AWS IoT Core has no QoS 2. */
  readonly qos?: 0 | 1;
  /** Messages sent and not yet acknowledged; AWS IoT Core takes 100 per connection. */
  readonly maxInFlight?: number;
  /** Messages waiting for the connection or for a free place in flight. */
  readonly maxQueued?: number;
  readonly connectTimeoutMillis?: number;
  /** PEM texts for mutual TLS with X.509 (`mqtts://`). */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

interface Message {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly resolve: () => void;
  readonly reject: (error: DeviceError) => void;
  next?: Message;
}

/**
 * A device's connection to its broker. Publishes resolve at PUBACK (QoS 1) or when written to the socket (QoS 0). While the
 * connection is away it waits with jitter, reconnects and resends what was not acknowledged; new readings queue in memory up to
 * `maxQueued` and are then refused, so that a device that cannot deliver does not grow without limit.
 */
export class DeviceClient {
  readonly #client: MqttClient;
  readonly #qos: 0 | 1;
  readonly #maxInFlight: number;
  readonly #maxQueued: number;
  readonly #inFlight = new Set<Message>();
  #first: Message | undefined;
  #last: Message | undefined;
  #queued = 0;
  #closed = false;
  #reconnects = 0;

  private constructor(client: MqttClient, options: DeviceClientOptions) {
    this.#client = client;
    this.#qos = options.qos ?? 1;
    this.#maxInFlight = options.maxInFlight ?? 100;
    this.#maxQueued = options.maxQueued ?? 10_000;
    this.#keepConnected();
  }

  /**
   * Connects and waits for CONNACK.
   * @throws ConnectError when the broker does not answer or refuses
   */
  static async connect(options: DeviceClientOptions): Promise<DeviceClient> {
    const client = connect(options.url, clientOptions(options));
    await awaitConnack(client, options.url);
    return new DeviceClient(client, options);
  }

  /** How many messages are sent or waiting, and not yet acknowledged. */
  get outstanding(): number {
    return this.#inFlight.size + this.#queued;
  }

  /** How many times the connection was lost and made again. */
  get reconnects(): number {
    return this.#reconnects;
  }

  /**
   * Publishes one reading on its own topic.
   * @throws QueueFullError, PublishError, DeviceError when the address does not fit in a topic
   */
  async publishReading(reading: Reading): Promise<void> {
    await this.#publish(readingTopic(reading), encodeReading(reading));
  }

  /**
   * Publishes readings of one station as one message.
   * @throws QueueFullError, PublishError, PayloadTooLargeError
   */
  async publishBatch(readings: readonly Reading[], { gzip = false } = {}): Promise<void> {
    const [first] = readings;
    if (first === undefined) return;
    const stranger = readings.find((reading) => reading.station_id !== first.station_id);
    if (stranger !== undefined)
      throw new DeviceError(
        `Cannot pack readings of "${first.station_id}" and "${stranger.station_id}": one batch is of one station`,
      );
    await this.#publish(batchTopic(first), encodeBatch(readings, { gzip }));
  }

  /**
   * Waits at most `drainMillis` for what is outstanding, then disconnects. What is left is rejected with PublishError; the broker
   * may nevertheless have received it.
   * @returns how many messages were not acknowledged
   */
  async close(drainMillis = 0): Promise<number> {
    const deadline = Date.now() + drainMillis;
    while (this.outstanding > 0 && Date.now() < deadline) await new Promise((wake) => setTimeout(wake, 10));
    const left = this.outstanding;
    this.#closed = true;
    this.#rejectAll('the client was closed');
    await this.#client.endAsync(left > 0);
    return left;
  }

  #publish(topic: string, payload: string | Buffer): Promise<void> {
    if (this.#closed)
      return Promise.reject(new PublishError(`Cannot publish to "${topic}": the client is closed`));
    if (this.#queued >= this.#maxQueued)
      return Promise.reject(
        new QueueFullError(`Cannot publish to "${topic}": ${this.#queued} messages are waiting already`),
      );
    return new Promise((resolve, reject) => {
      this.#append({ topic, payload, resolve, reject });
      this.#flush();
    });
  }

  #append(message: Message): void {
    if (this.#last === undefined) this.#first = message;
    else this.#last.next = message;
    this.#last = message;
    this.#queued++;
  }

  #flush(): void {
    while (this.#first !== undefined && this.#inFlight.size < this.#maxInFlight && this.#client.connected) {
      const message = this.#first;
      this.#first = message.next;
      if (this.#first === undefined) this.#last = undefined;
      this.#queued--;
      this.#send(message);
    }
  }

  #send(message: Message): void {
    this.#inFlight.add(message);
    this.#client.publish(message.topic, message.payload, { qos: this.#qos }, (error) => {
      if (!this.#inFlight.delete(message)) return;
      if (error) message.reject(refused(message.topic, error));
      else message.resolve();
      this.#flush();
    });
  }

  /** MQTT.js waits `options.reconnectPeriod` after each close; giving it a new value each time makes the wait jittered. */
  #keepConnected(): void {
    const client = this.#client;
    let attempt = 0;
    const setDelay = () => {
      client.options.reconnectPeriod = reconnectDelayMillis(attempt, Math.random());
    };
    setDelay();
    client.on('connect', () => {
      attempt = 0;
      this.#reconnects++;
      setDelay();
      this.#flush();
    });
    client.on('reconnect', () => {
      attempt++;
      setDelay();
    });
    client.on('close', () => {
      // Nothing resends QoS 0: what was in the socket is gone. QoS 1 stays in MQTT.js's store and is sent again.
      if (this.#qos === 0) this.#rejectInFlight('the connection was lost');
    });
    // The close that follows an error starts the reconnection; without a listener the error would end the process.
    client.on('error', () => {});
  }

  #rejectInFlight(why: string): void {
    for (const message of this.#inFlight) message.reject(refused(message.topic, new Error(why)));
    this.#inFlight.clear();
  }

  #rejectAll(why: string): void {
    this.#rejectInFlight(why);
    for (let message = this.#first; message !== undefined; message = message.next)
      message.reject(refused(message.topic, new Error(why)));
    this.#first = undefined;
    this.#last = undefined;
    this.#queued = 0;
  }
}

function clientOptions(options: DeviceClientOptions): IClientOptions {
  return {
    clientId: options.clientId,
    protocolVersion: options.mqttVersion ?? 4,
    clean: true,
    keepalive: 30,
    connectTimeout: options.connectTimeoutMillis ?? 10_000,
    reconnectPeriod: reconnectDelayMillis(0, Math.random()),
    queueQoSZero: false,
    ...options.tls,
  };
}

function refused(topic: string, cause: Error): PublishError {
  return new PublishError(`Cannot publish to "${topic}": ${cause.message}`, { cause });
}
