/** The place a weather topic names; `sensor` and `sensor_id` are absent in the topic of a packed publish. */
export interface StationTopic {
  readonly kind: 'reading' | 'batch';
  readonly state: string;
  readonly city: string;
  readonly station_id: string;
  readonly sensor?: string;
  readonly sensor_id?: string;
}

const BASIC_INGEST = /^\$aws\/rules\/[^/]+\//;
// A publish topic must hold neither wildcard nor NUL (MQTT 3.1.1 §4.7.1, §4.7.3).
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what is looked for
const NOT_A_LEVEL = /[+#\u0000]/;

/**
 * `weather/<state>/<city>/<station_id>/<sensor>/<sensor_id>` or `weather/<state>/<city>/<station_id>/batch`, each with or
 * without the Basic Ingest prefix `$aws/rules/<rule>/` (AWS IoT developer guide, "Reducing messaging costs with Basic
 * Ingest"). Returns undefined for anything else: other depth, empty levels, wildcards.
 */
export function parseWeatherTopic(topic: string): StationTopic | undefined {
  const levels = topic.replace(BASIC_INGEST, '').split('/');
  if (levels[0] !== 'weather' || levels.some((level) => level === '' || NOT_A_LEVEL.test(level)))
    return undefined;
  const [, state, city, station_id, sensor, sensor_id] = levels as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  if (levels.length === 5 && sensor === 'batch') return { kind: 'batch', state, city, station_id };
  if (levels.length === 6) return { kind: 'reading', state, city, station_id, sensor, sensor_id };
  return undefined;
}

/** The topic a device publishes to, without the Basic Ingest prefix: the inverse of {@link parseWeatherTopic}. */
export function printWeatherTopic(place: StationTopic): string {
  const station = `weather/${place.state}/${place.city}/${place.station_id}`;
  return place.kind === 'batch' ? `${station}/batch` : `${station}/${place.sensor}/${place.sensor_id}`;
}
