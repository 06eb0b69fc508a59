import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ClockError, DeviceError } from '../device-error.ts';
import { ClockCheck, fetchServerTime } from './clock-check.ts';
import { readConfiguration, writeConfiguration } from './configuration-file.ts';
import type { Connection } from './connection.ts';
import { Delivery } from './delivery.ts';
import {
  checkDeviceOptions,
  type DeviceClientOptions,
  type DeviceStats,
  type Measurement,
  type ReadingIdentity,
} from './device-client-options.ts';
import {
  DEFAULT_CONFIGURATION,
  type DeviceConfiguration,
  printConfiguration,
  readDesired,
} from './device-configuration.ts';
import type { SentReading } from './payload.ts';
import { MAX_BYTES_PER_SECOND, MAX_PUBLISHES_PER_SECOND } from './publish-pace.ts';
import { Publisher } from './publisher.ts';
import { Sampler } from './sampler.ts';
import { Shadow, type ShadowDocument } from './shadow.ts';
import { Spool } from './spool.ts';
import { readingTopic } from './topic.ts';

const CLOCK_CHECK_MILLIS = 3_600_000;

/**
 * A device that loses nothing: what it records is on its disk first, with its identity, and leaves it only when the broker has
 * acknowledged it. It connects in the background for as long as it takes, and goes on where it was after whatever ends it.
 */
export class DeviceClient {
  readonly #options: DeviceClientOptions;
  readonly #spool: Spool;
  readonly #publisher: Publisher;
  readonly #delivery: Delivery;
  readonly #shadow: Shadow | undefined;
  readonly #clock: ClockCheck;
  readonly #samplers: Sampler[] = [];
  readonly #bootId = randomUUID();
  readonly #nowMillis: () => number;
  #clockTimer: NodeJS.Timeout | undefined;
  #configuration: DeviceConfiguration;
  #sequence = 0;
  #clockRefused = 0;
  #isStopped = false;
  #lastReason: string | undefined;
  /** What the shadow was told on this connection. */
  #reported: string | undefined;

  private constructor(options: DeviceClientOptions, spool: Spool) {
    const { transport, deviceId, endpoint, mqttVersion, maxInFlight = 100 } = options;
    this.#options = options;
    this.#spool = spool;
    this.#nowMillis = options.nowMillis ?? Date.now;
    this.#configuration = readConfiguration(this.#configurationFile, {
      ...DEFAULT_CONFIGURATION,
      ...options.configuration,
    });
    this.#clock = new ClockCheck(options.clock);
    this.#shadow = this.#createShadow();
    this.#publisher = Publisher.start({
      ...endpoint,
      transport,
      clientId: deviceId,
      mqttVersion: mqttVersion ?? 5,
      maxInFlight,
      maxPublishesPerSecond: options.maxPublishesPerSecond ?? MAX_PUBLISHES_PER_SECOND,
      maxBytesPerSecond: options.maxBytesPerSecond ?? MAX_BYTES_PER_SECOND,
      onConnected: (connection) => this.#connected(connection),
      onDisconnected: (reason) => this.#disconnected(reason),
      onMessage: (topic, payload) => this.#shadow?.receive(topic, payload),
    });
    this.#delivery = new Delivery({
      spool,
      publisher: this.#publisher,
      maxInFlight,
      basicIngest: options.basicIngest ?? true,
      packing: () => this.#configuration.packing,
      report: this.#report,
    });
    this.#checkClock();
  }

  /**
   * Opens the spool and starts to connect; it need not succeed for readings to be recorded.
   * @throws SpoolError when the spool cannot be opened; DeviceError when an option cannot be used
   */
  static async start(options: DeviceClientOptions): Promise<DeviceClient> {
    checkDeviceOptions(options);
    return new DeviceClient(options, await Spool.open(options.spool));
  }

  get configuration(): DeviceConfiguration {
    return this.#configuration;
  }

  get stats(): DeviceStats {
    return {
      recorded: this.#sequence,
      ...this.#delivery.stats,
      ...this.#spool.stats,
      connected: this.#publisher.connected,
      reconnects: this.#publisher.reconnects,
      inFlight: this.#publisher.outstanding,
      clockOffsetMillis: this.#clock.offsetMillis,
      clockRefused: this.#clockRefused,
    };
  }

  /**
   * Keeps a measurement in the spool, from where it is delivered. Resolves once it is as durable as asked for; whoever waits
   * for it before the next one is never faster than the disk.
   * @throws SpoolFullError when there is no room and the newest gives way; ClockError when the clock is off and that is
   * refused; DeviceError when its address does not fit in a topic
   */
  async record(measurement: Measurement): Promise<ReadingIdentity> {
    if (this.#isStopped) throw new DeviceError('Cannot record a reading: the client is stopped');
    const identity = { device_id: this.#options.deviceId, boot_id: this.#bootId, sequence: this.#sequence };
    const reading: SentReading = {
      ...this.#options.station,
      sensor_timestamp: this.#nowMillis(),
      ...measurement,
      ...identity,
      ...this.#clockMark(),
    };
    readingTopic(reading);
    this.#spool.append(JSON.stringify(reading));
    this.#sequence++;
    if (this.#options.durability !== 'process') await this.#spool.durable();
    this.#delivery.wake();
    return identity;
  }

  /**
   * Measures at the configured interval while the device is enabled, and records what comes. A measurement that fails is
   * reported, and the next one is taken at its time.
   */
  sample(measure: () => Promise<readonly Measurement[]> | readonly Measurement[]): void {
    const take = async () => {
      try {
        for (const measurement of await measure()) await this.record(measurement);
      } catch (error) {
        this.#report((error as Error).message);
      }
    };
    this.#samplers.push(new Sampler(() => this.#configuration, take));
  }

  /** Waits until everything recorded is acknowledged, at most so long. @returns whether it is */
  async drained(withinMillis: number): Promise<boolean> {
    const deadline = performance.now() + withinMillis;
    this.#delivery.flush();
    while (this.#spool.stats.pending > 0 && performance.now() < deadline)
      await new Promise((wake) => setTimeout(wake, 10));
    return this.#spool.stats.pending === 0;
  }

  /**
   * Takes no more readings, waits at most `drainMillis` for what is pending, disconnects and closes the spool. What is not
   * acknowledged by then is delivered by the next client on that spool.
   */
  async stop(drainMillis = 0): Promise<DeviceStats> {
    if (this.#isStopped) return this.stats;
    await Promise.all(this.#samplers.map((sampler) => sampler.stop()));
    this.#isStopped = true;
    clearInterval(this.#clockTimer);
    await this.drained(drainMillis);
    this.#delivery.stop();
    this.#shadow?.stop();
    const stats = this.stats;
    await this.#publisher.close();
    await this.#spool.close();
    return stats;
  }

  get #configurationFile(): string {
    return join(this.#options.spool.folder, 'configuration.json');
  }

  readonly #report = (text: string): void => this.#options.report?.(text);

  #connected(connection: Connection): void {
    this.#lastReason = undefined;
    this.#reported = undefined;
    void this.#shadow?.connected(connection);
    // The publisher has its connection when this returns.
    queueMicrotask(() => this.#delivery.wake());
  }

  /** A device that is away for a day says why once, not at each attempt. */
  #disconnected(reason: string): void {
    this.#shadow?.disconnected();
    if (reason !== this.#lastReason)
      this.#report(`Not connected to ${this.#options.endpoint.url}: ${reason}`);
    this.#lastReason = reason;
  }

  #createShadow(): Shadow | undefined {
    const { shadow = 'classic', deviceId } = this.#options;
    if (shadow === 'none') return undefined;
    return new Shadow({
      thingName: deviceId,
      shadowName: shadow === 'classic' ? undefined : shadow.name,
      onDesired: (document) => this.#configure(document),
      onServerTime: (serverMillis) => this.#observeClock(serverMillis, this.#nowMillis()),
      onUnavailable: this.#report,
      onRefused: this.#report,
    });
  }

  #configure({ state, version }: ShadowDocument): void {
    const { configuration, refused } = readDesired(state, this.#configuration);
    if (JSON.stringify(configuration) !== JSON.stringify(this.#configuration)) {
      this.#configuration = configuration;
      writeConfiguration(this.#configurationFile, configuration, this.#report);
      for (const sampler of this.#samplers) sampler.configurationChanged();
      this.#options.onConfiguration?.(configuration);
      this.#delivery.wake();
    }
    const reported = {
      ...printConfiguration(configuration),
      problems: refused.length > 0 ? refused : null,
    };
    // The service answers a report with what still differs; without this the two would never be silent.
    if (JSON.stringify(reported) === this.#reported) return;
    this.#reported = JSON.stringify(reported);
    refused.forEach(this.#report);
    void this.#shadow?.report({ ...reported, version });
  }

  #checkClock(): void {
    const { url } = this.#options.clock ?? {};
    if (url === undefined) return;
    const check = () =>
      fetchServerTime(url, this.#nowMillis).then(
        ({ serverMillis, ownMillis }) => this.#observeClock(serverMillis, ownMillis),
        (error: Error) => this.#report(error.message),
      );
    void check();
    this.#clockTimer = setInterval(check, CLOCK_CHECK_MILLIS).unref();
  }

  #observeClock(serverMillis: number, ownMillis: number): void {
    if (!this.#clock.observe(serverMillis, ownMillis)) return;
    const offset = `${(this.#clock.offsetMillis ?? 0) / 1000} s ahead of the server's`;
    this.#report(
      this.#clock.isOff ? `The clock is off: it is ${offset}` : `The clock is right again: ${offset}`,
    );
  }

  #clockMark(): Pick<SentReading, 'clock_offset_millis'> {
    const { offsetMillis, isOff } = this.#clock;
    if (!isOff || offsetMillis === undefined) return {};
    if (this.#options.clock?.whenOff !== 'refuse') return { clock_offset_millis: offsetMillis };
    this.#clockRefused++;
    throw new ClockError(
      `Cannot record a reading: the clock is ${offsetMillis / 1000} s ahead of the server's, which is too much`,
    );
  }
}
