import type { Reading } from '../../src/telemetry/reading.ts';
import { type Fault, NO_FAULTS } from './faults.ts';
import { loadObservations } from './observations.ts';
import { sensorNoise } from './sensor-noise.ts';
import type { SensorType } from './sensor-types.ts';
import { createStations, type Sensor, type Station } from './stations.ts';
import { createSky, type Sky, type Weather, weatherAt } from './weather.ts';

/** A network of stations under one sky. The weather is a function of seed, place and time; only smoothing remembers. */
export interface WeatherModel {
  readonly stations: readonly Station[];
  readonly sky: Sky;
  readonly smoothing: Map<Sensor, Smoothing>;
}

interface Smoothing {
  value: number;
  atMillis: number;
}

/** What a sensor's filter forgets within, as an embedded exponential filter does. */
const SMOOTHING_MILLIS = 30_000;

export interface WeatherModelOptions {
  readonly seed: number;
  readonly stations: number;
  /** Stations whose clock is off. */
  readonly skew?: Fault;
  /** The ids of the stations, where they are not the seed's to choose. */
  readonly names?: readonly string[];
}

/** Reads the observations and builds the network: the same options give the same network, on any machine. */
export function createWeatherModel({
  seed,
  stations,
  skew = NO_FAULTS.skew,
  names,
}: WeatherModelOptions): WeatherModel {
  return {
    stations: createStations(stations, seed, skew, loadObservations(), names),
    sky: createSky(seed),
    smoothing: new Map(),
  };
}

/**
 * What every sensor of the given stations reports at an instant (true time, ms since the epoch). Moves each sensor's smoothed value
 * on to that instant; everything else depends only on the model's options and the instant.
 */
export function generateReadings(
  model: WeatherModel,
  atMillis: number,
  stations: readonly Station[] = model.stations,
): Reading[] {
  return stations.flatMap((station) => stationReadings(model, station, atMillis));
}

function stationReadings(model: WeatherModel, station: Station, atMillis: number): Reading[] {
  const { place } = station;
  const weather = weatherAt(place, station.climate.at(atMillis), model.sky, atMillis);
  return station.sensors.map((sensor) => {
    const value = measure(sensor, weather, atMillis);
    const smoothed = smooth(model.smoothing, sensor, value, atMillis);
    return {
      sensor_id: sensor.sensor_id,
      station_id: station.station_id,
      sensor: sensor.type.name,
      state: place.state,
      city: place.city,
      sensor_timestamp: atMillis + station.clockOffsetMillis,
      sensor_value: round(value, 100),
      sensor_value_smoothed: round(smoothed, 1000),
      direction: direction(sensor.type, value - smoothed),
    };
  });
}

function measure({ type, stream }: Sensor, weather: Weather, atMillis: number): number {
  const value = type.measure(weather);
  const noise = sensorNoise(stream, atMillis);
  const noisy =
    'share' in type.noise ? value * (1 + type.noise.share * noise) : value + type.noise.absolute * noise;
  return Math.min(type.max, Math.max(type.min, noisy));
}

function smooth(smoothing: Map<Sensor, Smoothing>, sensor: Sensor, value: number, atMillis: number): number {
  const last = smoothing.get(sensor);
  if (last === undefined) {
    smoothing.set(sensor, { value, atMillis });
    return value;
  }
  const weight = 1 - Math.exp(-Math.max(0, atMillis - last.atMillis) / SMOOTHING_MILLIS);
  last.value += (value - last.value) * weight;
  last.atMillis = atMillis;
  return last.value;
}

/** A value above its own smoothed past is rising. */
function direction(type: SensorType, departure: number): -1 | 0 | 1 {
  if (Math.abs(departure) < type.steadyBelow) return 0;
  return departure > 0 ? 1 : -1;
}

function round(value: number, steps: number): number {
  // Adding 0 turns the -0 that rounding a small negative gives into 0, which JSON would print as 0 anyway.
  return Math.round(value * steps) / steps + 0;
}
