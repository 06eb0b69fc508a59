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
  /** Bytes of one payload. */
  readonly bytes: number;
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

/** AWS IoT Core endpoints and quotas, "Message size": 128 KB for a publish. */
const MAX_PUBLISH_BYTES = 131_072;

/**
 * A fleet in which every device publishes at the same pace, one reading a publish or `pack` readings that it has gathered.
 * @throws CostError when a packed publish would be larger than a publish may be
 */
export function steadyLoad({ rate, devices, pack, basicIngest }: SteadyLoad): Load {
  const bytes = assumed('messageBytes');
  const packedBytes = pack * (bytes + assumed('addedByPackingBytes'));
  if (pack > 1 && packedBytes > MAX_PUBLISH_BYTES)
    throw new CostError(
      `Cannot pack ${pack} readings into one publish: they take ${packedBytes} bytes, at most ${MAX_PUBLISH_BYTES} are allowed`,
    );
  const publishes: PublishClass = {
    publishesPerSecond: rate / pack,
    bytes: pack > 1 ? packedBytes : bytes,
    topic:
      pack > 1
        ? 'weather/WA/Seattle/vzqHb8vgh0/batch'
        : 'weather/WA/Seattle/vzqHb8vgh0/temperature/bQ7KcaMEas',
    basicIngest,
    readings: pack,
    sensorsPerPublish: 1,
    sensors: devices,
  };
  return { devices, classes: [publishes] };
}

/** Readings per second of all classes. */
export function readingsPerSecond({ classes }: Load): number {
  return classes.reduce((sum, { publishesPerSecond, readings }) => sum + publishesPerSecond * readings, 0);
}
