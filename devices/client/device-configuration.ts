/** What can be changed on a device from afar. */
export interface DeviceConfiguration {
  readonly samplingIntervalMillis: number;
  /** A device that is not enabled takes no readings. */
  readonly enabled: boolean;
  readonly packing: Packing;
}

/** How readings share publishes: AWS IoT Core charges by the message, in units of 5 KB. */
export interface Packing {
  /** Published as soon as there are so many; 1 publishes each reading on its own topic. */
  readonly readings: number;
  /** Published at the latest so long after the first. */
  readonly millis: number;
  readonly gzip: boolean;
}

export const DEFAULT_CONFIGURATION: DeviceConfiguration = {
  samplingIntervalMillis: 10_000,
  enabled: true,
  packing: { readings: 1, millis: 10_000, gzip: false },
};

/** What `desired` asked for that could be done, and one sentence for each thing that could not. */
export interface ReadDesired {
  readonly configuration: DeviceConfiguration;
  readonly refused: readonly string[];
}

type Values = Readonly<Record<string, unknown>>;

/** The shadow's words, in the order of `DeviceConfiguration`: what a value must be, and what it changes. */
const FIELDS: Readonly<
  Record<
    string,
    {
      readonly wanted: string;
      readonly isGood: (value: unknown) => boolean;
      readonly change: (configuration: DeviceConfiguration, value: unknown) => DeviceConfiguration;
    }
  >
> = {
  sampling_interval_seconds: {
    wanted: 'a number from 0.1 to 86400',
    isGood: isWithin(0.1, 86_400),
    change: (configuration, value) => ({ ...configuration, samplingIntervalMillis: Number(value) * 1000 }),
  },
  enabled: {
    wanted: 'true or false',
    isGood: isBoolean,
    change: (configuration, value) => ({ ...configuration, enabled: value === true }),
  },
  'packing.readings': {
    wanted: 'a whole number from 1 to 1000',
    isGood: (value) => Number.isInteger(value) && isWithin(1, 1000)(value),
    change: changePacking((value) => ({ readings: Number(value) })),
  },
  'packing.seconds': {
    wanted: 'a number from 0 to 3600',
    isGood: isWithin(0, 3600),
    change: changePacking((value) => ({ millis: Number(value) * 1000 })),
  },
  'packing.gzip': {
    wanted: 'true or false',
    isGood: isBoolean,
    change: changePacking((value) => ({ gzip: value === true })),
  },
};

/**
 * Applies a shadow's `desired`, whole or in part, to a configuration. What a shadow holds besides is the firmware's own and left
 * alone. The names are those of the devices table (`sampling_interval_seconds`, `enabled`).
 */
export function readDesired(desired: unknown, current: DeviceConfiguration): ReadDesired {
  const refused: string[] = [];
  let configuration = current;
  for (const [name, { wanted, isGood, change }] of Object.entries(FIELDS)) {
    const value = valueAt(desired, name.split('.'));
    if (value === undefined) continue;
    if (isGood(value)) configuration = change(configuration, value);
    else refused.push(`Cannot use ${name} ${JSON.stringify(value)}: expected ${wanted}`);
  }
  return { configuration, refused };
}

/** The configuration in the shadow's words, as it is reported. */
export function printConfiguration(configuration: DeviceConfiguration): Values {
  const { samplingIntervalMillis, enabled, packing } = configuration;
  return {
    sampling_interval_seconds: samplingIntervalMillis / 1000,
    enabled,
    packing: { readings: packing.readings, seconds: packing.millis / 1000, gzip: packing.gzip },
  };
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)
        ? (inner as Values)[name]
        : undefined,
    value,
  );
}

function isWithin(min: number, max: number): (value: unknown) => boolean {
  return (value) => typeof value === 'number' && value >= min && value <= max;
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function changePacking(part: (value: unknown) => Partial<Packing>) {
  return (configuration: DeviceConfiguration, value: unknown): DeviceConfiguration => ({
    ...configuration,
    packing: { ...configuration.packing, ...part(value) },
  });
}
