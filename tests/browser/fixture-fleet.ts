/** One sensor of the fixture, in the field names of the HTTP API. */
export interface FixtureSensor {
  readonly sensor_id: string;
  readonly sensor: string;
  readonly station_id: string;
  readonly state: string;
  readonly city: string;
}

export interface FixtureFleet {
  readonly sensors: readonly FixtureSensor[];
}

interface Climate {
  readonly mean: number;
  readonly swing: number;
  readonly noise: number;
}

const climates: Readonly<Record<string, Climate>> = {
  temperature: { mean: 17, swing: 6, noise: 0.25 },
  humidity: { mean: 62, swing: 14, noise: 0.8 },
  pressure: { mean: 1013, swing: 7, noise: 0.15 },
  windspeed: { mean: 5.2, swing: 2.6, noise: 0.9 },
  precipitation: { mean: 0.6, swing: 0.5, noise: 0.05 },
};

const cities = [
  ['iowa', 'ames', 'AMW'],
  ['iowa', 'des-moines', 'DSM'],
  ['kansas', 'wichita', 'ICT'],
  ['kansas', 'topeka', 'TOP'],
  ['oklahoma', 'norman', 'OUN'],
  ['oklahoma', 'tulsa', 'TUL'],
  ['nebraska', 'lincoln', 'LNK'],
  ['nebraska', 'omaha', 'OMA'],
  ['texas', 'amarillo', 'AMA'],
  ['texas', 'lubbock', 'LBB'],
] as const;

/** Stations spread over ten cities of five states, five sensors each, always the same ones. */
export function createFleet(stations: number, extra: readonly FixtureSensor[] = []): FixtureFleet {
  const sensors = Array.from({ length: stations }, (_, index) => stationSensors(index)).flat();
  return { sensors: [...sensors, ...extra] };
}

function stationSensors(index: number): FixtureSensor[] {
  const [state, city, code] = cities[index % cities.length] ?? cities[0];
  const round = Math.floor(index / cities.length) + 1;
  const station_id = `${code}${round}`;
  return Object.keys(climates).map((sensor) => ({
    sensor_id: `${station_id}-${sensor.slice(0, 4)}`,
    sensor,
    station_id,
    state,
    city,
  }));
}

/** What a sensor reads at a time: a slow wave of its place and a quick one for noise, from the name and the time only. */
export function readingAt(sensor: FixtureSensor, millis: number): number {
  const climate = climates[sensor.sensor] ?? { mean: 10, swing: 2, noise: 0.2 };
  const phase = hashOf(sensor.station_id) % 628;
  const slow = Math.sin(millis / 1_700_000 + phase / 100) + 0.4 * Math.sin(millis / 311_000 + phase / 37);
  const quick = Math.sin(millis / 937 + phase) * Math.sin(millis / 4_111 + phase / 7);
  return Math.max(0, Number((climate.mean + slow * climate.swing + quick * climate.noise * 2).toFixed(2)));
}

/** The window of a sensor, of which `share` (0 to 1) has passed. */
export function windowAt(sensor: FixtureSensor, start: number, share: number) {
  const count = Math.max(1, Math.round(60 * share));
  const values = Array.from({ length: count }, (_, second) => readingAt(sensor, start + second * 1000));
  const sum = values.reduce((total, value) => total + value, 0);
  return {
    time: start,
    window_end: start + 60_000,
    sensor_id: sensor.sensor_id,
    sensor: sensor.sensor,
    station_id: sensor.station_id,
    avg: sum / count,
    smooth_avg: sum / count,
    min: Math.min(...values),
    max: Math.max(...values),
    sum,
    count,
  };
}

function hashOf(text: string): number {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash;
}
