import type { Reading } from '../src/telemetry/reading.ts';
import { DeviceError } from './device-error.ts';

/** Where a station stands in the topic tree. */
export type StationAddress = Pick<Reading, 'state' | 'city' | 'station_id'>;

/** Where one sensor stands in the topic tree. */
export type SensorAddress = StationAddress & Pick<Reading, 'sensor' | 'sensor_id'>;

/** `weather/<state>/<city>/<station_id>/<sensor_type>/<sensor_id>`: the topic of one reading. */
export function readingTopic({ sensor, sensor_id, ...station }: SensorAddress): string {
  return `${stationTopic(station)}/${checkLevel(sensor)}/${checkLevel(sensor_id)}`;
}

/** `weather/<state>/<city>/<station_id>/batch`: the topic of a packed publish. */
export function batchTopic(station: StationAddress): string {
  return `${stationTopic(station)}/batch`;
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
