import type { Reading } from '../../src/telemetry/reading.ts';
import { DeviceError } from '../device-error.ts';

/** Where a station stands in the topic tree. */
export type StationAddress = Pick<Reading, 'state' | 'city' | 'station_id'>;

/** Where one sensor stands in the topic tree. */
export type SensorAddress = StationAddress & Pick<Reading, 'sensor' | 'sensor_id'>;

/** How topics are printed. */
export interface TopicOptions {
  /**
   * Straight to the rule by its name, without the message charge and without subscribers (AWS IoT developer guide, "Reducing
   * messaging costs with Basic Ingest").
   */
  readonly basicIngest?: boolean;
}

/** The rules of `rules/` that take what devices publish. */
const RULES = { reading: 'telemetry', batch: 'telemetry_batch' } as const;
/** AWS IoT Core endpoints and quotas, "Topic size", without the Basic Ingest prefix. */
const MAX_TOPIC_BYTES = 256;

/** `weather/<state>/<city>/<station_id>/<sensor_type>/<sensor_id>`: the topic of one reading. */
export function readingTopic(address: SensorAddress, options: TopicOptions = {}): string {
  const { sensor, sensor_id } = address;
  return print(`${stationTopic(address)}/${checkLevel(sensor)}/${checkLevel(sensor_id)}`, 'reading', options);
}

/** `weather/<state>/<city>/<station_id>/batch`: the topic of a packed publish. */
export function batchTopic(station: StationAddress, options: TopicOptions = {}): string {
  return print(`${stationTopic(station)}/batch`, 'batch', options);
}

function print(topic: string, kind: keyof typeof RULES, { basicIngest = false }: TopicOptions): string {
  const bytes = new TextEncoder().encode(topic).length;
  if (bytes > MAX_TOPIC_BYTES)
    throw new DeviceError(`Cannot publish to "${topic}": it has ${bytes} bytes, at most ${MAX_TOPIC_BYTES}`);
  return basicIngest ? `$aws/rules/${RULES[kind]}/${topic}` : topic;
}

function stationTopic({ state, city, station_id }: StationAddress): string {
  return `weather/${checkLevel(state)}/${checkLevel(city)}/${checkLevel(station_id)}`;
}

/** MQTT 3.1.1 §4.7: a topic name carries neither wildcards nor U+0000; an empty or divided level would shift the others. */
function checkLevel(level: string): string {
  if (level === '' || /[+#/\0]/.test(level))
    throw new DeviceError(`Cannot use "${level}" as a topic level: it must not be empty nor contain + # /`);
  return level;
}
