import type { Reading } from '../../src/telemetry/reading.ts';
import { DeviceError } from '../device-error.ts';
import type { ClockCheckOptions } from './clock-check.ts';
import type { Endpoint, Transport } from './connection.ts';
import type { DeliveryStats } from './delivery.ts';
import {
  DEFAULT_CONFIGURATION,
  type DeviceConfiguration,
  printConfiguration,
  readDesired,
} from './device-configuration.ts';
import type { SpoolOptions, SpoolStats } from './spool.ts';
import { readingTopic, type StationAddress } from './topic.ts';

export interface DeviceClientOptions {
  /** Where to connect and with what certificate: all that differs between AWS and the local runtime. */
  readonly endpoint: Endpoint;
  /** `connectWithMqtt`, or what `createAwsSdkTransport` made. */
  readonly transport: Transport;
  /** The name of the thing: client id and `device_id`. */
  readonly deviceId: string;
  /** Where the device stands; each reading may say otherwise. */
  readonly station: StationAddress;
  readonly spool: SpoolOptions;
  /**
   * What `record` waits for: `power`, that the reading is on the disk (the default), or `process`, that it is the operating
   * system's.
   */
  readonly durability?: 'power' | 'process';
  /** What counts until a shadow says otherwise. */
  readonly configuration?: Partial<DeviceConfiguration>;
  /** The shadow that configures the device: `classic` (the default), the name of a named one, or none. */
  readonly shadow?: 'classic' | { readonly name: string } | 'none';
  /** Publishes straight to the rules, without the message charge (the default). */
  readonly basicIngest?: boolean;
  readonly clock?: ClockCheckOptions;
  readonly mqttVersion?: 4 | 5;
  /** Publishes sent and not yet acknowledged; AWS IoT Core takes 100 per connection. */
  readonly maxInFlight?: number;
  /** Publishes in any one second, 100 when not given: what AWS IoT Core takes of a connection. `Infinity` for no limit. */
  readonly maxPublishesPerSecond?: number;
  /** Bytes of payloads and topics in a second, 512 KiB when not given, as above. */
  readonly maxBytesPerSecond?: number;
  /** Called after each change of the configuration. */
  readonly onConfiguration?: (configuration: DeviceConfiguration) => void;
  /** Told in one sentence about what goes wrong; the client goes on. */
  readonly report?: (text: string) => void;
  /** The device's clock, milliseconds since the epoch. */
  readonly nowMillis?: () => number;
}

/** What a device measured. The station is the client's unless given, the time is now unless given. */
export type Measurement = Pick<Reading, 'sensor' | 'sensor_id' | 'sensor_value'> &
  Partial<Pick<Reading, 'sensor_timestamp' | 'sensor_value_smoothed' | 'direction'>> &
  Partial<StationAddress>;

/** Which reading it is, for ever and wherever it is sent again. */
export type ReadingIdentity = Required<Pick<Reading, 'device_id' | 'boot_id' | 'sequence'>>;

/** Since the client was started, but for what the spool held already. recorded + held before = acknowledged + refused + dropped + pending. */
export interface DeviceStats extends SpoolStats, DeliveryStats {
  readonly recorded: number;
  readonly connected: boolean;
  readonly reconnects: number;
  /** Publishes waiting for their PUBACK. */
  readonly inFlight: number;
  /** How far the device's clock is ahead of the server's; undefined as long as no server was heard. */
  readonly clockOffsetMillis: number | undefined;
  /** Readings refused because the clock is off. */
  readonly clockRefused: number;
}

/** @throws DeviceError naming the option and what it takes */
export function checkDeviceOptions(options: DeviceClientOptions): void {
  const { endpoint, configuration, station } = options;
  checkEndpoint(endpoint);
  checkConfiguration(configuration);
  for (const name of ['maxPublishesPerSecond', 'maxBytesPerSecond'] as const)
    if (!((options[name] ?? 1) > 0))
      throw new DeviceError(`Cannot use ${name} ${options[name]}: expected more than 0`);
  readingTopic({ ...station, sensor: 'any', sensor_id: 'any' });
}

/** A configuration of the program's own must be right: there is no operator to tell. */
function checkConfiguration(configuration: DeviceClientOptions['configuration']): void {
  const given = printConfiguration({ ...DEFAULT_CONFIGURATION, ...configuration });
  const [problem] = readDesired(given, DEFAULT_CONFIGURATION).refused;
  if (problem !== undefined) throw new DeviceError(problem);
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Without TLS anybody on the way could read and send in the device's name. */
function checkEndpoint({ url }: Endpoint): void {
  const { protocol, hostname } = URL.parse(url) ?? {};
  if (protocol === 'mqtts:' || protocol === 'wss:') return;
  if ((protocol === 'mqtt:' || protocol === 'ws:') && LOOPBACK.has(hostname ?? '')) return;
  throw new DeviceError(`Cannot connect to "${url}": expected mqtts://HOST:PORT, or mqtt:// on this machine`);
}
