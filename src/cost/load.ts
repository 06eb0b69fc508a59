import { assumed } from './assumptions.ts';
import { CostError } from './cost-error.ts';

/** What devices publish: classes of like publishes, each at a steady rate. */
export interface Load {
  /** Devices that are connected all the time. */
  readonly devices: number;
  readonly classes: readonly PublishClass[];
}

export interface PublishClass {
  readonly publishesPerSecond: number;
  /** Bytes of one payload, on the mean. */
  readonly bytes: number;
  /** Messages of 5 KB that one publish is metered as, on the mean. */
  readonly units: number;
  /** One topic of the class, without the prefix of Basic Ingest. */
  readonly topic: string;
  /**
   * Published to `$aws/rules/<rule>/…`, which has no charge for messaging (AWS IoT developer guide, "Reducing messaging costs
   * with Basic Ingest"): the rule's name, or true for the first rule that takes the topic.
   */
  readonly basicIngest: string | boolean;
  /** Readings of one publish. */
  readonly readings: number;
  /** Different sensors within one publish. */
  readonly sensorsPerPublish: number;
  /** Different sensors of all its publishes. */
  readonly sensors: number;
}

export interface SteadyLoad {
  /** Readings per second of the whole fleet. */
  readonly rate: number;
  /** Devices, each with one sensor. */
  readonly devices: number;
  /** Readings of one device in one publish. */
  readonly pack: number;
  readonly basicIngest: boolean;
}

const READING_TOPIC = 'weather/WA/Seattle/vzqHb8vgh0/temperature/bQ7KcaMEas';
const PACKED_TOPIC = 'weather/WA/Seattle/vzqHb8vgh0/batch';
const METERING_BYTES = 5 * 1024;
/** AWS IoT Core endpoints and quotas, "Message size": 128 KB for a publish. */
const MAX_PUBLISH_BYTES = 131_072;

/**
 * A fleet in which every device publishes at the same pace, one reading a publish or `pack` readings that it has gathered.
 * @throws CostError when a packed publish would be larger than a publish may be
 */
export function steadyLoad({ rate, devices, pack, basicIngest }: SteadyLoad): Load {
  const isPacked = pack > 1;
  const bytes = pack * (assumed('messageBytes') + (isPacked ? assumed('addedByPackingBytes') : 0));
  if (bytes > MAX_PUBLISH_BYTES)
    throw new CostError(
      `Cannot pack ${pack} readings into one publish: they take ${bytes} bytes, at most ${MAX_PUBLISH_BYTES} are allowed`,
    );
  const topic = isPacked ? PACKED_TOPIC : READING_TOPIC;
  const publishes: PublishClass = {
    publishesPerSecond: rate / pack,
    bytes,
    units: meteredUnits(bytes, topic),
    topic,
    basicIngest,
    readings: pack,
    sensorsPerPublish: 1,
    sensors: devices,
  };
  return { devices, classes: [publishes] };
}

/** Messages of 5 KB that a publish counts as: payload and topic (AWS IoT Core pricing, "Additional metering details"). */
export function meteredUnits(bytes: number, topic: string): number {
  return Math.ceil((bytes + Buffer.byteLength(topic)) / METERING_BYTES);
}

/** Readings per second of all classes. */
export function readingsPerSecond({ classes }: Load): number {
  return classes.reduce((sum, { publishesPerSecond, readings }) => sum + publishesPerSecond * readings, 0);
}
