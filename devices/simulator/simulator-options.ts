import { SimulatorOptionError } from '../device-error.ts';
import type { DeviceIdentity } from './device-identity.ts';
import { checkFaults, type Faults, NO_FAULTS } from './faults.ts';

/** What the simulator does; every field has a default in DEFAULT_SIMULATOR_OPTIONS. */
export interface SimulatorOptions {
  /** Where stations without an identity connect. */
  readonly url: string;
  readonly mqttVersion: 4 | 5;
  readonly qos: 0 | 1;
  readonly stations: number;
  /** Readings per second of each sensor. */
  readonly rate: number;
  readonly seed: number;
  /** MQTT connections that share the stations; by default one per station, at most 50. */
  readonly connections: number | undefined;
  /** One publish per station and second instead of one per reading. */
  readonly packed: boolean;
  readonly gzip: boolean;
  /** Publishes on the rules' Basic Ingest topics: no message charge, no subscribers. */
  readonly basicIngest: boolean;
  /** What goes wrong on purpose. */
  readonly faults: Faults;
  /** A certificate for each station, which then has a connection of its own, or none: nobody in particular, sharing connections. */
  readonly identities: readonly DeviceIdentity[] | undefined;
  /** The stations come up over so many seconds; 0 for all at once. */
  readonly arrivalSeconds: number;
  /** The share of the stations that leaves within each minute, to come back later. */
  readonly churn: number;
  /** All lose their connections at once, each time when so many seconds have passed. */
  readonly stormSeconds: number | undefined;
  /** Adds device_id, boot_id and sequence to each payload. */
  readonly identity: boolean;
  /** Stop after so many seconds of weather. */
  readonly durationSeconds: number | undefined;
  /** Stop after so many readings. */
  readonly count: number | undefined;
  /** Publishes sent or queued and not yet acknowledged; generating waits when there are so many. */
  readonly maxUnacknowledged: number;
  /** Schedule older than this is skipped, and counted as missed, when the broker does not keep up. */
  readonly maxLagSeconds: number;
}

export const DEFAULT_SIMULATOR_OPTIONS: SimulatorOptions = {
  url: 'mqtt://127.0.0.1:1883',
  mqttVersion: 5,
  qos: 1,
  stations: 50,
  rate: 1,
  seed: 1,
  connections: undefined,
  packed: false,
  gzip: false,
  basicIngest: false,
  faults: NO_FAULTS,
  identities: undefined,
  arrivalSeconds: 0,
  churn: 0,
  stormSeconds: undefined,
  identity: false,
  durationSeconds: undefined,
  count: undefined,
  maxUnacknowledged: 5000,
  maxLagSeconds: 60,
};

/** What a numeric option takes. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

/** The numeric options and the values they take. */
export const SIMULATOR_OPTION_RANGES = {
  stations: { min: 1, max: 100_000, whole: true },
  rate: { min: 0.001, max: 1000, whole: false },
  seed: { min: 0, max: 4_294_967_295, whole: true },
  connections: { min: 1, max: 10_000, whole: true },
  arrivalSeconds: { min: 0, max: 86_400, whole: false },
  churn: { min: 0, max: 1, whole: false },
  stormSeconds: { min: 1, max: 86_400, whole: false },
  durationSeconds: { min: 0.001, max: 31_536_000, whole: false },
  count: { min: 1, max: Number.MAX_SAFE_INTEGER, whole: true },
  maxUnacknowledged: { min: 1, max: 1_000_000, whole: true },
  maxLagSeconds: { min: 1, max: 86_400, whole: false },
} as const satisfies Readonly<Record<string, Range>>;

type NumericOption = keyof typeof SIMULATOR_OPTION_RANGES;

/**
 * Fills in the defaults and checks every value.
 * @throws SimulatorOptionError naming the option, the value and what it takes
 */
export function checkSimulatorOptions(given: Partial<SimulatorOptions>): SimulatorOptions {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  const options: SimulatorOptions = { ...DEFAULT_SIMULATOR_OPTIONS, ...Object.fromEntries(set) };
  for (const name of Object.keys(SIMULATOR_OPTION_RANGES) as NumericOption[]) {
    const value = options[name];
    if (value !== undefined) checkNumber(name, value, SIMULATOR_OPTION_RANGES[name]);
  }
  checkFaults(options.faults);
  checkUrl(options.url);
  checkOwnConnections(options);
  if (options.gzip && !options.packed)
    throw new SimulatorOptionError('Cannot use gzip without packed: only packed publishes are compressed');
  return options;
}

/**
 * @param text what the user wrote, if it was not a number to begin with
 * @throws SimulatorOptionError when the value is outside the range
 */
export function checkNumber(option: string, value: number, range: Range, text = String(value)): number {
  const { min, max, whole } = range;
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  throw new SimulatorOptionError(
    `Cannot use ${option} "${text}": expected ${whole ? 'a whole number' : 'a number'} from ${min} to ${max}`,
  );
}

/** Who comes, goes or is cut off must be one station, and not a connection that several share. */
function checkOwnConnections({ connections, identities, ...options }: SimulatorOptions): void {
  if (identities && identities.length !== options.stations)
    throw new SimulatorOptionError(
      `Cannot simulate ${options.stations} stations: there are ${identities.length} certificates`,
    );
  if (connections === undefined || !hasOwnConnections({ ...options, identities })) return;
  throw new SimulatorOptionError(
    'Cannot use connections with certificates, arrival, churn, storm or drop: each station then has its own',
  );
}

/** Whether each station has a connection of its own. */
export function hasOwnConnections({
  identities,
  arrivalSeconds,
  churn,
  stormSeconds,
  faults,
}: Pick<SimulatorOptions, 'identities' | 'arrivalSeconds' | 'churn' | 'stormSeconds' | 'faults'>): boolean {
  return (
    identities !== undefined ||
    arrivalSeconds > 0 ||
    churn > 0 ||
    stormSeconds !== undefined ||
    faults.drop > 0
  );
}

function checkUrl(url: string): void {
  const { protocol, hostname } = URL.parse(url) ?? {};
  if (hostname && (protocol === 'mqtt:' || protocol === 'mqtts:')) return;
  throw new SimulatorOptionError(`Cannot use url "${url}": expected mqtt://HOST:PORT or mqtts://HOST:PORT`);
}
