import type { Connection } from './connection.ts';

/** A shadow's document as far as a device reads it (AWS IoT developer guide, "Device Shadow service documents"). */
export interface ShadowDocument {
  readonly state: unknown;
  readonly version: number;
}

export interface ShadowOptions {
  readonly thingName: string;
  /** A named shadow; the classic one when not given. */
  readonly shadowName?: string | undefined;
  /** Called with what is desired, newest version last; what is older than what was given already is left out. */
  readonly onDesired: (desired: ShadowDocument) => void;
  /** What the service's clock says, milliseconds since the epoch, to the second. */
  readonly onServerTime: (serverMillis: number) => void;
  /** Told once, in one sentence, when the endpoint has no shadow for this device. */
  readonly onUnavailable: (text: string) => void;
  /** Told in one sentence when a report is refused. */
  readonly onRefused: (text: string) => void;
}

const ANSWER_MILLIS = 10_000;
/** An endpoint that has no shadows may close the connection when it is asked for one; a lost connection may be chance once. */
const MAX_LOSSES = 2;
const NOT_FOUND = 404;

/**
 * A device's shadow over its own connection (AWS IoT developer guide, "Device Shadow MQTT topics"). It asks for the document at
 * each connection, follows its deltas, and gives up with one sentence where the endpoint has no shadows.
 */
export class Shadow {
  readonly #options: ShadowOptions;
  readonly #prefix: string;
  #connection: Connection | undefined;
  #asking = false;
  #losses = 0;
  #available = true;
  #version = -1;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ShadowOptions) {
    this.#options = options;
    const named = options.shadowName === undefined ? '' : `/name/${options.shadowName}`;
    this.#prefix = `$aws/things/${options.thingName}/shadow${named}`;
  }

  get isAvailable(): boolean {
    return this.#available;
  }

  /** Follows the shadow on a new connection. */
  async connected(connection: Connection): Promise<void> {
    if (!this.#available) return;
    this.#connection = connection;
    this.#asking = true;
    const wait = setTimeout(() => this.#unavailable('there was no answer'), ANSWER_MILLIS).unref();
    this.#timer = wait;
    try {
      await connection.subscribe(
        ['get/accepted', 'get/rejected', 'update/delta', 'update/rejected'].map(
          (end) => `${this.#prefix}/${end}`,
        ),
      );
      // QoS 0: where it is not allowed, it must not come back with the next connection.
      await connection.publish(`${this.#prefix}/get`, '{}', 0);
    } catch (error) {
      // A connection that is lost meanwhile is no answer.
      if (this.#connection === connection) this.#unavailable((error as Error).message);
    }
  }

  disconnected(): void {
    this.#connection = undefined;
    clearTimeout(this.#timer);
    if (!this.#asking) return;
    this.#asking = false;
    this.#losses++;
    if (this.#losses >= MAX_LOSSES) this.#unavailable('the connection is lost whenever it is asked for');
  }

  /** Takes a message when it is the shadow's. */
  receive(topic: string, payload: Uint8Array): void {
    if (!topic.startsWith(`${this.#prefix}/`)) return;
    const message = parse(payload);
    const end = topic.slice(this.#prefix.length + 1);
    if (end === 'get/accepted') this.#answered(message, fieldOf(message.state, 'desired'));
    else if (end === 'update/delta') this.#desired(message, message.state);
    else if (end === 'get/rejected') this.#rejected(message);
    else if (end === 'update/rejected')
      this.#options.onRefused(`Cannot report the configuration: ${message.code} ${message.message}`);
  }

  /** Reports the device's state; nothing happens where there is no shadow or no connection. */
  async report(reported: object): Promise<void> {
    if (!this.#available) return;
    try {
      await this.#connection?.publish(`${this.#prefix}/update`, JSON.stringify({ state: { reported } }), 1);
    } catch (error) {
      this.#options.onRefused(`Cannot report the configuration: ${(error as Error).message}`);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#connection = undefined;
  }

  #answered(message: Message, desired: unknown): void {
    clearTimeout(this.#timer);
    this.#asking = false;
    this.#losses = 0;
    if (typeof message.timestamp === 'number') this.#options.onServerTime(message.timestamp * 1000);
    this.#desired(message, desired);
  }

  /** Deltas may come in any order; the version tells. */
  #desired({ version }: Message, desired: unknown): void {
    const known = typeof version === 'number' ? version : 0;
    if (known < this.#version) return;
    this.#version = known;
    this.#options.onDesired({ state: desired, version: known });
  }

  #rejected(message: Message): void {
    if (message.code === NOT_FOUND) this.#answered(message, undefined);
    else this.#unavailable(`it is refused with ${message.code} ${message.message}`);
  }

  #unavailable(why: string): void {
    if (!this.#available) return;
    clearTimeout(this.#timer);
    this.#available = false;
    this.#asking = false;
    this.#options.onUnavailable(
      `Cannot follow the shadow "${this.#prefix}": ${why}; the configuration stays as it is`,
    );
  }
}

interface Message {
  readonly state?: unknown;
  readonly version?: unknown;
  readonly timestamp?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
}

function parse(payload: Uint8Array): Message {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
