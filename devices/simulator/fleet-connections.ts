import type { Connection, ConnectionOptions, Transport } from '../client/connection.ts';
import { MAX_BYTES_PER_SECOND, MAX_PUBLISHES_PER_SECOND } from '../client/publish-pace.ts';
import { Publisher, type PublisherOptions } from '../client/publisher.ts';
import type { DeviceLedger } from './device-ledger.ts';
import { createRandom, hashNumbers } from './random.ts';
import { hasOwnConnections, type SimulatorOptions } from './simulator-options.ts';

const DEFAULT_MAX_CONNECTIONS = 50;
/** How many connections are being made at once: more handshakes on one machine only make all of them time out. */
const CONNECTING_AT_ONCE = 50;
/** Devices that are all to be there at the start are waited for as long as some come within this. */
const PATIENCE_MILLIS = 30_000;
const POLL_MILLIS = 50;
/** Of a device that shows a certificate; connections without one have no quota, and stations share them. */
const QUOTA = { maxPublishesPerSecond: MAX_PUBLISHES_PER_SECOND, maxBytesPerSecond: MAX_BYTES_PER_SECOND };
/** A device that leaves waits so long for what it has published. */
const LEAVE_MILLIS = 2_000;

/** Who connects, as which client, and where. */
export interface FleetMember {
  readonly clientId: string;
  readonly endpoint: Pick<ConnectionOptions, 'url' | 'tls'>;
}

/** The clients of a fleet: one for each station, or some that the stations share. */
export function membersOf(
  options: SimulatorOptions,
  stationIds: readonly string[],
  runId: string,
): FleetMember[] {
  const { identities, url, stations, connections = DEFAULT_MAX_CONNECTIONS } = options;
  if (identities) return identities.map(({ thingName, endpoint }) => ({ clientId: thingName, endpoint }));
  if (hasOwnConnections(options)) return stationIds.map((clientId) => ({ clientId, endpoint: { url } }));
  const count = Math.min(connections, stations);
  return Array.from({ length: count }, (_, at) => ({ clientId: `sim-${runId}-${at}`, endpoint: { url } }));
}

export interface FleetConnectionsOptions {
  readonly members: readonly FleetMember[];
  readonly options: SimulatorOptions;
  readonly transport: Transport;
  readonly ledger: DeviceLedger;
  readonly signal: AbortSignal;
}

/** The MQTT connections of a fleet: each is off, or on and then connected again whenever it is lost. */
export class FleetConnections {
  readonly #options: FleetConnectionsOptions;
  readonly #transport: Transport;
  readonly #publishers: (Publisher | undefined)[];
  /** Devices that have been connected since they were turned on. */
  readonly #isUp: Uint8Array;
  #everUp = 0;
  #reconnects = 0;
  #storm: { readonly sinceMillis: number; readonly missing: Set<number> } | undefined;
  #stormMillis: number | null = null;

  constructor(options: FleetConnectionsOptions) {
    this.#options = options;
    this.#transport = limited(options.transport, CONNECTING_AT_ONCE);
    this.#publishers = new Array<Publisher | undefined>(options.members.length).fill(undefined);
    this.#isUp = new Uint8Array(options.members.length);
  }

  /** @throws ConnectError when the first of them is not let in */
  async probe(): Promise<void> {
    const connection = await this.#transport(this.#publisherOptions(0));
    await connection.end();
  }

  /** Turns devices on and waits for them; those that do not come in time go on trying. */
  async turnOnAll(devices: readonly number[]): Promise<void> {
    for (const device of devices) this.turnOn(device);
    let newestMillis = performance.now();
    let up = -1;
    while (!this.#options.signal.aborted && performance.now() - newestMillis < PATIENCE_MILLIS) {
      const count = devices.filter((device) => this.isUp(device)).length;
      if (count === devices.length) return;
      if (count > up) newestMillis = performance.now();
      up = count;
      await new Promise((wake) => setTimeout(wake, POLL_MILLIS));
    }
  }

  /** Connects in the background. */
  turnOn(device: number): void {
    this.#publishers[device] ??= Publisher.start(this.#publisherOptions(device));
  }

  /** Disconnects in order, as a device does that is switched off. */
  turnOff(device: number): void {
    const publisher = this.#publishers[device];
    if (!publisher) return;
    this.#reconnects += publisher.reconnects;
    this.#publishers[device] = undefined;
    this.#isUp[device] = 0;
    this.#returned(device);
    void publisher.close(LEAVE_MILLIS);
  }

  /** The device loses its connection without a word. */
  cut(device: number): void {
    this.#publishers[device]?.cut();
  }

  /** All that are connected lose their connections at once. */
  cutAll(): void {
    const connected = this.#publishers.flatMap((each, device) => (each?.connected ? [device] : []));
    if (connected.length === 0) return;
    this.#storm = { sinceMillis: performance.now(), missing: new Set(connected) };
    for (const device of connected) this.cut(device);
  }

  isUp(device: number): boolean {
    return this.#isUp[device] === 1;
  }

  publisher(device: number): Publisher | undefined {
    return this.#publishers[device];
  }

  /** Devices that have been connected at least once. */
  get everUp(): number {
    return this.#everUp;
  }

  /** Devices that are connected now. */
  get connected(): number {
    return this.#publishers.reduce((sum, each) => sum + (each?.connected ? 1 : 0), 0);
  }

  get reconnects(): number {
    return this.#publishers.reduce((sum, each) => sum + (each?.reconnects ?? 0), this.#reconnects);
  }

  /** How long it took after the last storm until everyone was back who was there before; null before the first. */
  get stormMillis(): number | null {
    return this.#stormMillis;
  }

  async close(): Promise<void> {
    await Promise.all(this.#publishers.map((publisher) => publisher?.close()));
  }

  #publisherOptions(device: number): PublisherOptions {
    const { members, options, ledger } = this.#options;
    const { clientId, endpoint } = members[device]!;
    const { mqttVersion, qos, maxUnacknowledged, seed } = options;
    return {
      ...endpoint,
      clientId,
      mqttVersion,
      qos,
      maxQueued: 2 * maxUnacknowledged,
      startsAtOnce: true,
      ...(endpoint.tls && QUOTA),
      random: createRandom(hashNumbers(seed, 34, device)),
      transport: async (connection) =>
        new CountedConnection(await this.#transport(connection), () => ledger.transmitted(device)),
      onConnected: () => this.#connected(device),
    };
  }

  #connected(device: number): void {
    this.#returned(device);
    if (this.#isUp[device] === 1) return;
    this.#isUp[device] = 1;
    this.#everUp++;
  }

  #returned(device: number): void {
    const storm = this.#storm;
    if (!storm?.missing.delete(device) || storm.missing.size > 0) return;
    this.#stormMillis = Math.round(performance.now() - storm.sinceMillis);
    this.#storm = undefined;
  }
}

/** Tells of each message that is written to it. */
class CountedConnection implements Connection {
  readonly #connection: Connection;
  readonly #onPublish: () => void;

  constructor(connection: Connection, onPublish: () => void) {
    this.#connection = connection;
    this.#onPublish = onPublish;
  }

  get closed(): Promise<string> {
    return this.#connection.closed;
  }

  publish(topic: string, payload: string | Uint8Array, qos: 0 | 1): Promise<void> {
    this.#onPublish();
    return this.#connection.publish(topic, payload, qos);
  }

  subscribe(filters: readonly string[]): Promise<void> {
    return this.#connection.subscribe(filters);
  }

  end(force?: boolean): Promise<void> {
    return this.#connection.end(force);
  }
}

/** At most so many connections are being made at the same time; the others wait their turn. */
function limited(transport: Transport, atOnce: number): Transport {
  const waiting: (() => void)[] = [];
  let free = atOnce;
  return async (options) => {
    if (free === 0) await new Promise<void>((turn) => waiting.push(turn));
    else free--;
    try {
      return await transport(options);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
