import type { Reading } from '../../src/telemetry/reading.ts';
import { encodeBatch } from '../client/batch-payload.ts';
import { connectWithMqtt } from '../client/connect-with-mqtt.ts';
import { encodeReading } from '../client/payload.ts';
import { Publisher } from '../client/publisher.ts';
import { batchTopic, readingTopic } from '../client/topic.ts';
import type { Clock } from './clock.ts';
import type { SimulatorOptions } from './simulator-options.ts';
import type { Tally } from './tally.ts';

const DEFAULT_MAX_CONNECTIONS = 50;
/** How many connections are being made at once. */
const CONNECTING_AT_ONCE = 50;
/** A batch is divided here, well below 128 KB: the longest reading takes about 250 bytes. */
const MAX_BATCH_READINGS = 400;
const POLL_MILLIS = 10;
const NEVER = new AbortController().signal;

export type FleetOptions = Pick<
  SimulatorOptions,
  | 'url'
  | 'mqttVersion'
  | 'qos'
  | 'stations'
  | 'connections'
  | 'packed'
  | 'gzip'
  | 'basicIngest'
  | 'maxUnacknowledged'
>;

interface Books {
  readonly tally: Tally;
  readonly clock: Clock;
}

/** The MQTT connections that the stations share, with a bound on what is unacknowledged over all of them. */
export class Fleet {
  readonly #clients: readonly Publisher[];
  readonly #options: FleetOptions;
  readonly #tally: Tally;
  readonly #clock: Clock;
  #outstanding = 0;
  #closing = false;
  #wake: (() => void) | undefined;

  private constructor(clients: readonly Publisher[], options: FleetOptions, books: Books) {
    this.#clients = clients;
    this.#options = options;
    this.#tally = books.tally;
    this.#clock = books.clock;
  }

  /** @throws ConnectError when any connection fails; the others are closed */
  static async connect(
    options: FleetOptions,
    runId: string,
    books: Books,
    signal: AbortSignal,
  ): Promise<Fleet> {
    const wanted = Math.min(options.connections ?? DEFAULT_MAX_CONNECTIONS, options.stations);
    const clients: Publisher[] = [];
    while (clients.length < wanted && !signal.aborted) {
      // The first alone, so that an absent broker is asked once.
      const several = clients.length === 0 ? 1 : Math.min(CONNECTING_AT_ONCE, wanted - clients.length);
      const ids = Array.from({ length: several }, (_, index) => `sim-${runId}-${clients.length + index}`);
      const settled = await Promise.allSettled(ids.map((clientId) => connectOne(options, clientId)));
      clients.push(...settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
      const failure = settled.find((result) => result.status === 'rejected');
      if (failure === undefined) continue;
      await Promise.all(clients.map((client) => client.close()));
      throw failure.reason;
    }
    return new Fleet(clients, options, books);
  }

  get connections(): number {
    return this.#clients.length;
  }

  get reconnects(): number {
    return this.#clients.reduce((sum, client) => sum + client.reconnects, 0);
  }

  /**
   * Publishes readings of one station, waiting for room before each message. Once the signal has aborted it no longer waits.
   * @returns how many readings were handed to MQTT
   */
  async publish(stationIndex: number, readings: readonly Reading[], signal: AbortSignal): Promise<number> {
    const client = this.#clients[stationIndex % this.#clients.length] as Publisher;
    const size = this.#options.packed ? MAX_BATCH_READINGS : 1;
    for (let start = 0; start < readings.length; start += size) {
      if (this.#full) await this.#room(signal);
      if (this.#full) return start;
      this.#send(client, readings.slice(start, start + size));
    }
    return readings.length;
  }

  /** Waits for outstanding acknowledgements, `graceMillis` at most (asked again and again), and disconnects. */
  async close(graceMillis: () => number): Promise<void> {
    const startMillis = this.#clock.now();
    while (this.#outstanding > 0 && this.#clock.now() - startMillis < graceMillis())
      await this.#clock.sleep(POLL_MILLIS, NEVER);
    this.#closing = true;
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  get #full(): boolean {
    return this.#outstanding >= this.#options.maxUnacknowledged;
  }

  #send(client: Publisher, readings: readonly Reading[]): void {
    const startMillis = performance.now();
    this.#outstanding++;
    this.#tally.sent(readings.length, this.#clock.now());
    publish(client, readings, this.#options).then(
      () => this.#settle(() => this.#tally.acknowledged(readings.length, performance.now() - startMillis)),
      (error: Error) => this.#settle(() => this.#tally.failed(readings.length, error.message)),
    );
  }

  /** What is cut off by closing is unacknowledged, not failed. */
  #settle(record: () => void): void {
    this.#outstanding--;
    if (!this.#closing) record();
    this.#wake?.();
  }

  #room(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        if (this.#full && !signal.aborted) return;
        signal.removeEventListener('abort', wake);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener('abort', wake);
    });
  }
}

/** Readings of one station: one message of them all, or the one that there is. */
async function publish(
  client: Publisher,
  readings: readonly Reading[],
  options: FleetOptions,
): Promise<void> {
  const first = readings[0] as Reading;
  if (options.packed) await client.publish(batchTopic(first, options), encodeBatch(readings, options));
  else await client.publish(readingTopic(first, options), encodeReading(first));
}

function connectOne(options: FleetOptions, clientId: string): Promise<Publisher> {
  const { url, mqttVersion, qos, maxUnacknowledged } = options;
  const maxQueued = 2 * maxUnacknowledged;
  return Publisher.connect({ url, mqttVersion, qos, clientId, maxQueued, transport: connectWithMqtt });
}
