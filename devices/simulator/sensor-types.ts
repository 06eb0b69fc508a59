import type { Weather } from './weather.ts';

/** One kind of sensor: what it measures and how well. */
export interface SensorType {
  /** The sensor type's level of the topic; the reference's column takes 15 characters. */
  readonly name: string;
  readonly unit: string;
  readonly measure: (weather: Weather) => number;
  /** Amplitude of the sensor's own noise: in the unit, or as a share of the value. */
  readonly noise: { readonly absolute: number } | { readonly share: number };
  /** What the sensor can report at all. */
  readonly min: number;
  readonly max: number;
  /** A departure from the smoothed value below this is no trend. */
  readonly steadyBelow: number;
}

export const SENSOR_TYPES: readonly SensorType[] = [
  {
    name: 'temperature',
    unit: '°C',
    measure: (weather) => weather.temperature,
    noise: { absolute: 0.3 },
    min: -60,
    max: 60,
    steadyBelow: 0.05,
  },
  {
    name: 'humidity',
    unit: '%',
    measure: (weather) => weather.humidity,
    noise: { absolute: 1 },
    min: 1,
    max: 100,
    steadyBelow: 0.2,
  },
  {
    name: 'pressure',
    unit: 'hPa',
    measure: (weather) => weather.pressure,
    noise: { absolute: 0.1 },
    min: 870,
    max: 1085,
    steadyBelow: 0.02,
  },
  {
    name: 'wind_speed',
    unit: 'm/s',
    measure: (weather) => weather.windSpeed,
    noise: { share: 0.6 },
    min: 0,
    max: 90,
    steadyBelow: 0.2,
  },
  {
    name: 'rainfall',
    unit: 'mm/h',
    measure: (weather) => weather.rainfall,
    noise: { share: 0.4 },
    min: 0,
    max: 300,
    steadyBelow: 0.1,
  },
];
