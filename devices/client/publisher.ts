import { PublishError, PublishRefusedError, QueueFullError } from '../device-error.ts';
import type { Connection, ConnectionOptions, Transport } from './connection.ts';
import { PublishPace, type PublishPaceOptions } from './publish-pace.ts';
import { reconnectDelayMillis } from './reconnect-delay.ts';

/** Without limits of its pace, it publishes as fast as the broker acknowledges. */
export interface PublisherOptions extends ConnectionOptions, PublishPaceOptions {
  readonly transport: Transport;
  /** AWS IoT Core has no QoS 2. */
  readonly qos?: 0 | 1;
  /** Messages sent and not yet acknowledged; AWS IoT Core takes 100 per connection. */
  readonly maxInFlight?: number;
  /** Messages waiting for the connection or for a free place in flight. */
  readonly maxQueued?: number;
  /**
   * A connection on which a PUBACK is outstanding for longer is given up, 60 s when not given: MQTT sends again on a new connection
   * only, and a broker may have dropped the message without a word.
   */
  readonly ackTimeoutMillis?: number;
  /** Where the jitter of reconnections comes from: numbers in [0, 1). */
  readonly random?: () => number;
  /** The first attempt of `start` does not wait: for clients that do not all come up at one instant. */
  readonly startsAtOnce?: boolean;
  /** Told about each new connection, before anything is published on it. */
  readonly onConnected?: (connection: Connection) => void;
  /** Told why there is no connection: it was lost, or could not be made. */
  readonly onDisconnected?: (reason: string) => void;
}

/** How long a publish that failed here, not at the broker, waits for the connection to be lost. */
const SETTLE_MILLIS = 1000;

const DEFAULT_ACK_TIMEOUT_MILLIS = 60_000;

interface Message {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: PublishError) => void;
  /** When it was handed to the connection, by the monotonic clock. */
  sentMillis?: number;
  next?: Message | undefined;
}

/**
 * Publishes over a connection that it makes again whenever it is lost. Publishes resolve at PUBACK (QoS 1) or when written to
 * the socket (QoS 0). While the connection is away it waits with jitter, connects again and resends what was not
 * acknowledged, in the order in which it was given. What waits is in memory, up to `maxQueued`, and is then refused, so that a
 * device that cannot deliver does not grow without limit.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #maxInFlight: number;
  readonly #maxQueued: number;
  readonly #pace: PublishPace;
  #paceTimer: NodeJS.Timeout | undefined;
  #inFlight = new Set<Message>();
  #first: Message | undefined;
  #last: Message | undefined;
  #queued = 0;
  #connection: Connection | undefined;
  #closed = false;
  #reconnects = 0;
  #wake: (() => void) | undefined;
  readonly #finished: Promise<void>;

  private constructor(options: PublisherOptions, connection?: Connection) {
    this.#options = options;
    this.#maxInFlight = options.maxInFlight ?? 100;
    this.#maxQueued = options.maxQueued ?? 10_000;
    this.#pace = new PublishPace(options);
    this.#finished = this.#keepConnected(connection);
  }

  /**
   * Connects and waits for CONNACK.
   * @throws ConnectError when the broker does not answer or refuses
   */
  static async connect(options: PublisherOptions): Promise<Publisher> {
    return new Publisher(options, await options.transport(options));
  }

  /** Connects in the background, for as long as it takes. */
  static start(options: PublisherOptions): Publisher {
    return new Publisher(options);
  }

  /** How many messages are sent or waiting, and not yet acknowledged. */
  get outstanding(): number {
    return this.#inFlight.size + this.#queued;
  }

  /** How many times the connection was lost and made again. */
  get reconnects(): number {
    return this.#reconnects;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** @throws QueueFullError, PublishError, PublishRefusedError */
  publish(topic: string, payload: string | Uint8Array): Promise<void> {
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
    clearTimeout(this.#paceTimer);
    this.#rejectAll('the client was closed');
    this.#wake?.();
    // An attempt that is under way ends itself when it has come to something; that may take as long as connecting does.
    if (this.#connection === undefined) return left;
    await this.#connection.end(left > 0);
    await this.#finished;
    return left;
  }

  /** Loses the connection without a word to the broker, as when a cable is pulled. What was not acknowledged is sent again. */
  cut(): void {
    void this.#connection?.end(true);
  }

  async #keepConnected(first: Connection | undefined): Promise<void> {
    let connection = first ?? (await this.#connectAgain(this.#options.startsAtOnce));
    while (connection) {
      const watch = this.#watchAcknowledgements(connection);
      this.#use(connection);
      const reason = await connection.closed;
      clearInterval(watch);
      this.#connection = undefined;
      this.#takeBack(reason);
      if (this.#closed) return;
      this.#options.onDisconnected?.(reason);
      connection = await this.#connectAgain();
      if (connection) this.#reconnects++;
    }
  }

  /** Every attempt, the first one too, waits: a fleet that starts or falls at one instant comes back spread out. */
  async #connectAgain(atOnce = false): Promise<Connection | undefined> {
    for (let attempt = 0; !this.#closed; attempt++) {
      if (attempt > 0 || !atOnce)
        await this.#wait(reconnectDelayMillis(attempt, (this.#options.random ?? Math.random)()));
      if (this.#closed) return undefined;
      try {
        const connection = await this.#options.transport(this.#options);
        if (!this.#closed) return connection;
        await connection.end();
      } catch (error) {
        this.#options.onDisconnected?.((error as Error).message);
      }
    }
    return undefined;
  }

  #wait(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, millis);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #use(connection: Connection): void {
    this.#connection = connection;
    this.#options.onConnected?.(connection);
    this.#flush();
  }

  #watchAcknowledgements(connection: Connection): ReturnType<typeof setInterval> {
    const { ackTimeoutMillis = DEFAULT_ACK_TIMEOUT_MILLIS } = this.#options;
    return setInterval(() => {
      // The first of a set is the one that was added first.
      const [oldest] = this.#inFlight;
      if (performance.now() - (oldest?.sentMillis ?? Number.POSITIVE_INFINITY) > ackTimeoutMillis)
        void connection.end(true);
    }, ackTimeoutMillis / 4);
  }

  #append(message: Message): void {
    if (this.#last === undefined) this.#first = message;
    else this.#last.next = message;
    this.#last = message;
    this.#queued++;
  }

  #flush(): void {
    const connection = this.#connection;
    while (connection && this.#first !== undefined && this.#inFlight.size < this.#maxInFlight) {
      const message = this.#first;
      if (!this.#mayGo(message)) return;
      this.#first = message.next;
      if (this.#first === undefined) this.#last = undefined;
      this.#queued--;
      this.#send(connection, message);
    }
  }

  /** What may not go yet goes when its time has come, and what is behind it with it. */
  #mayGo({ topic, payload }: Message): boolean {
    if (this.#paceTimer) return false;
    const waitMillis = this.#pace.takeOrWaitMillis(topic.length + payload.length, performance.now());
    if (waitMillis === 0) return true;
    this.#paceTimer = setTimeout(() => {
      this.#paceTimer = undefined;
      this.#flush();
    }, waitMillis);
    return false;
  }

  #send(connection: Connection, message: Message): void {
    const inFlight = this.#inFlight;
    inFlight.add(message);
    message.sentMillis = performance.now();
    const settle = (how: () => void) => {
      // The connection was lost meanwhile, and the message is waiting to be sent again.
      if (inFlight !== this.#inFlight || !inFlight.delete(message)) return;
      how();
      this.#flush();
    };
    connection.publish(message.topic, message.payload, this.#options.qos ?? 1).then(
      () => settle(message.resolve),
      (error: Error) => {
        const fail = () => settle(() => message.reject(publishError(message.topic, error)));
        // Mostly the connection is going, and the message will be sent again on the next one.
        if (error instanceof PublishRefusedError || this.#options.qos === 0) fail();
        else setTimeout(fail, SETTLE_MILLIS);
      },
    );
  }

  /** QoS 1 goes back to the front of the queue, in its order. QoS 0 is never sent again: what was in the socket is gone. */
  #takeBack(reason: string): void {
    const messages = [...this.#inFlight];
    this.#inFlight = new Set();
    if (this.#options.qos === 0) {
      for (const message of messages) message.reject(publishError(message.topic, new Error(reason)));
      return;
    }
    for (const message of messages.reverse()) {
      message.next = this.#first;
      this.#first = message;
      this.#last ??= message;
      this.#queued++;
    }
  }

  #rejectAll(why: string): void {
    const fail = (message: Message) => message.reject(publishError(message.topic, new Error(why)));
    this.#inFlight.forEach(fail);
    this.#inFlight = new Set();
    for (let message = this.#first; message !== undefined; message = message.next) fail(message);
    this.#first = undefined;
    this.#last = undefined;
    this.#queued = 0;
  }
}

function publishError(topic: string, cause: Error): PublishError {
  if (cause instanceof PublishError) return cause;
  return new PublishError(`Cannot publish to "${topic}": ${cause.message}`, { cause });
}
