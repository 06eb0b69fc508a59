import { SimulatorOptionError } from '../device-error.ts';
import type { Fault } from './stations.ts';

/** What the simulator does; every field has a default in DEFAULT_SIMULATOR_OPTIONS. */
export interface SimulatorOptions {
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
  /** Readings held back and sent late. */
  readonly late: Fault;
  /** Stations whose clock is off. */
  readonly skew: Fault;
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
  mqttVersion: 4,
  qos: 1,
  stations: 50,
  rate: 1,
  seed: 1,
  connections: undefined,
  packed: false,
  gzip: false,
  basicIngest: false,
  late: { fraction: 0, maxSeconds: 120 },
  skew: { fraction: 0, maxSeconds: 600 },
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
  durationSeconds: { min: 0.001, max: 31_536_000, whole: false },
  count: { min: 1, max: Number.MAX_SAFE_INTEGER, whole: true },
  maxUnacknowledged: { min: 1, max: 1_000_000, whole: true },
  maxLagSeconds: { min: 1, max: 86_400, whole: false },
} as const satisfies Readonly<Record<string, Range>>;

type NumericOption = keyof typeof SIMULATOR_OPTION_RANGES;
const MAX_FAULT_SECONDS = 86_400;

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
  checkFault('late', options.late);
  checkFault('skew', options.skew);
  checkUrl(options.url);
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

/**
 * Reads `FRACTION` or `FRACTION:MAX_SECONDS`, for example `0.05:120`.
 * @throws SimulatorOptionError
 */
export function parseFault(option: string, text: string, defaults: Fault): Fault {
  const [fraction = '', seconds, ...rest] = text.split(':');
  const maxSeconds = seconds === undefined ? defaults.maxSeconds : decimal(seconds);
  if (rest.length > 0) throw wrongFault(option, text);
  return checkFault(option, { fraction: decimal(fraction), maxSeconds }, text);
}

/** A plain decimal number, or NaN: Number alone would take '', '0x10' and ' 1 '. */
export function decimal(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

function checkFault(option: string, fault: Fault, text = `${fault.fraction}:${fault.maxSeconds}`): Fault {
  const { fraction, maxSeconds } = fault;
  if (fraction >= 0 && fraction <= 1 && maxSeconds >= 1 && maxSeconds <= MAX_FAULT_SECONDS) return fault;
  throw wrongFault(option, text);
}

function wrongFault(option: string, text: string): SimulatorOptionError {
  return new SimulatorOptionError(
    `Cannot use ${option} "${text}": expected FRACTION[:MAX_SECONDS], a fraction from 0 to 1 and 1 to ${MAX_FAULT_SECONDS} seconds`,
  );
}

function checkUrl(url: string): void {
  const { protocol, hostname } = URL.parse(url) ?? {};
  if (hostname && (protocol === 'mqtt:' || protocol === 'mqtts:')) return;
  throw new SimulatorOptionError(`Cannot use url "${url}": expected mqtt://HOST:PORT or mqtts://HOST:PORT`);
}
