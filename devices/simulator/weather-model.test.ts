import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reading } from '../../src/telemetry/reading.ts';
import { SENSOR_TYPES } from './sensor-types.ts';
import type { Station } from './stations.ts';
import { createWeatherModel, generateReadings, type WeatherModel } from './weather-model.ts';

const HOUR_MILLIS = 3_600_000;
const DAY_MILLIS = 24 * HOUR_MILLIS;
const NETWORK = createWeatherModel({ seed: 1, stations: 90 });

function stationIn(city: string, model = NETWORK): Station {
  const station = model.stations.find(({ place }) => place.city === city);
  if (station === undefined) throw new Error(`the network has no station in ${city}`);
  return station;
}

/** The station's readings of one kind, from a fresh smoothing memory. */
function series(station: Station, sensor: string, times: readonly number[], model = NETWORK): Reading[] {
  const fresh: WeatherModel = { ...model, smoothing: new Map() };
  return times.flatMap((atMillis) =>
    generateReadings(fresh, atMillis, [station]).filter((reading) => reading.sensor === sensor),
  );
}

function every(stepMillis: number, fromMillis: number, untilMillis: number): number[] {
  return Array.from(
    { length: (untilMillis - fromMillis) / stepMillis },
    (_, step) => fromMillis + step * stepMillis,
  );
}

function mean(readings: readonly Reading[]): number {
  return readings.reduce((sum, reading) => sum + reading.sensor_value, 0) / readings.length;
}

function correlation(xs: readonly number[], ys: readonly number[]): number {
  const average = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [average(xs), average(ys)];
  const covariance = (as: readonly number[], meanA: number, bs: readonly number[], meanB: number) =>
    average(as.map((a, index) => (a - meanA) * ((bs[index] ?? Number.NaN) - meanB)));
  return (
    covariance(xs, meanX, ys, meanY) /
    Math.sqrt(covariance(xs, meanX, xs, meanX) * covariance(ys, meanY, ys, meanY))
  );
}

const values = (readings: readonly Reading[]) => readings.map((reading) => reading.sensor_value);

describe('a network', () => {
  test('is the same for the same seed, and another for another', () => {
    const atMillis = Date.UTC(2026, 4, 1, 12);
    const readings = (seed: number) => generateReadings(createWeatherModel({ seed, stations: 20 }), atMillis);
    expect(readings(7)).toEqual(readings(7));
    expect(readings(7)).not.toEqual(readings(8));
  });

  test('keeps its stations and their weather when it grows', () => {
    const small = createWeatherModel({ seed: 3, stations: 5 });
    const large = createWeatherModel({ seed: 3, stations: 120 });
    const atMillis = Date.UTC(2026, 0, 1);
    expect(generateReadings(large, atMillis).slice(0, 25)).toEqual(generateReadings(small, atMillis));
  });

  test('has short alphanumeric identifiers, each once, and topic levels without spaces', () => {
    const { stations } = createWeatherModel({ seed: 1, stations: 2000 });
    const identifiers = stations.flatMap(({ station_id, sensors }) => [
      station_id,
      ...sensors.map(({ sensor_id }) => sensor_id),
    ]);
    expect(new Set(identifiers).size).toBe(2000 * 6);
    expect(identifiers.filter((identifier) => !/^[0-9A-Za-z]{10}$/.test(identifier))).toEqual([]);
    expect(
      stations.filter(({ place }) => !/^[A-Z]{2}\/[A-Za-z-]+$/.test(`${place.state}/${place.city}`)),
    ).toEqual([]);
  });

  test('sets the asked share of clocks off, by up to the maximum', () => {
    const { stations } = createWeatherModel({
      seed: 1,
      stations: 1000,
      skew: { fraction: 0.2, maxSeconds: 60 },
    });
    const off = stations.filter(({ clockOffsetMillis }) => clockOffsetMillis !== 0);
    expect(off.length).toBeGreaterThan(150);
    expect(off.length).toBeLessThan(250);
    const offsets = off.map(({ clockOffsetMillis }) => Math.abs(clockOffsetMillis));
    expect(Math.min(...offsets)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...offsets)).toBeLessThanOrEqual(60_000);
    const [first] = off;
    const readings = generateReadings({ ...NETWORK, stations }, 1_000_000_000_000, first ? [first] : []);
    expect(readings[0]?.sensor_timestamp).toBe(1_000_000_000_000 + (first?.clockOffsetMillis ?? Number.NaN));
  });
});

describe('the weather', () => {
  test('stays within what each sensor can report, at any time and for any seed', () => {
    const ranges = new Map(SENSOR_TYPES.map((type) => [type.name, type]));
    const time = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2050, 0, 1) });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), time, (seed, atMillis) => {
        for (const reading of generateReadings(createWeatherModel({ seed, stations: 10 }), atMillis)) {
          const { min, max } = ranges.get(reading.sensor) ?? { min: Number.NaN, max: Number.NaN };
          expect(reading.sensor_value).toBeGreaterThanOrEqual(min);
          expect(reading.sensor_value).toBeLessThanOrEqual(max);
          expect(reading.sensor_timestamp).toBe(atMillis);
          expect([-1, 0, 1]).toContain(reading.direction);
        }
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    ['Seattle', 122.3],
    ['New-York', 73.8],
    ['Honolulu', 157.9],
  ])(
    'in July %s is warmest in the afternoon and coldest around dawn, by its own sun',
    (city, degreesWest) => {
      const station = stationIn(city);
      const byHour = Array.from({ length: 24 }, (_, hour) => {
        const solarOffset = (degreesWest / 15) * HOUR_MILLIS;
        const days = Array.from({ length: 40 }, (_, n) =>
          Date.UTC(2000 + Math.floor(n / 4), 6, 1 + (n % 4) * 7),
        );
        return mean(
          series(
            station,
            'temperature',
            days.map((day) => day + hour * HOUR_MILLIS + solarOffset),
          ),
        );
      });
      const warmest = byHour.indexOf(Math.max(...byHour));
      const coldest = byHour.indexOf(Math.min(...byHour));
      expect(warmest).toBeGreaterThanOrEqual(13);
      expect(warmest).toBeLessThanOrEqual(18);
      expect(coldest).toBeGreaterThanOrEqual(3);
      expect(coldest).toBeLessThanOrEqual(7);
    },
  );

  test.each([
    ['Seattle', 0, 3, 8],
    ['Seattle', 6, 16, 21],
    ['New-York', 0, -2, 4],
    ['New-York', 6, 23, 28],
    ['Miami', 0, 16, 23],
    ['Phoenix', 6, 28, 37],
    ['Minneapolis', 0, -12, -2],
  ])('in %s, month %i, has a mean temperature between %i and %i °C', (city, month, low, high) => {
    const times = Array.from({ length: 20 }, (_, year) =>
      every(5 * HOUR_MILLIS, Date.UTC(2000 + year, month, 1), Date.UTC(2000 + year, month, 31)),
    ).flat();
    const average = mean(series(stationIn(city), 'temperature', times));
    expect(average).toBeGreaterThan(low);
    expect(average).toBeLessThan(high);
  });

  test('rains in Seattle about as much as was observed: wet in winter, dry in summer', () => {
    const millimetersPerDay = (month: number) => {
      const times = Array.from({ length: 40 }, (_, year) =>
        every(HOUR_MILLIS, Date.UTC(1990 + year, month, 1), Date.UTC(1990 + year, month, 29)),
      ).flat();
      return 24 * mean(series(stationIn('Seattle'), 'rainfall', times));
    };
    // Observed 2012-2015 (weather.csv): January 3.8, July 0.4 mm a day.
    expect(millimetersPerDay(0)).toBeGreaterThan(2.5);
    expect(millimetersPerDay(0)).toBeLessThan(6);
    expect(millimetersPerDay(6)).toBeLessThan(1);
  });

  test('has drier air when it is warmer, within a day', () => {
    const times = every(HOUR_MILLIS / 2, Date.UTC(2026, 6, 10), Date.UTC(2026, 6, 12));
    const correlations = NETWORK.stations
      .slice(0, 20)
      .map((station) =>
        correlation(
          values(series(station, 'temperature', times)),
          values(series(station, 'humidity', times)),
        ),
      );
    expect(correlations.reduce((sum, value) => sum + value, 0) / correlations.length).toBeLessThan(-0.6);
  });

  test('brings rain and wind with low pressure', () => {
    const times = every(3 * HOUR_MILLIS, Date.UTC(2020, 0, 1), Date.UTC(2026, 0, 1));
    const station = stationIn('Chicago');
    const [pressure, rain, wind] = ['pressure', 'rainfall', 'wind_speed'].map((sensor) =>
      series(station, sensor, times),
    );
    const median =
      [...values(pressure ?? [])].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
    const where = (readings: readonly Reading[] = [], low: boolean) =>
      mean(readings.filter((_, index) => (pressure?.[index]?.sensor_value ?? median) < median === low));
    expect(where(rain, true)).toBeGreaterThan(3 * where(rain, false));
    expect(where(wind, true)).toBeGreaterThan(1.1 * where(wind, false));
  });

  test('is alike at neighbours and unlike across the continent', () => {
    const times = every(6 * HOUR_MILLIS, Date.UTC(2020, 0, 1), Date.UTC(2023, 0, 1));
    const pressure = (city: string) => values(series(stationIn(city), 'pressure', times));
    expect(correlation(pressure('New-York'), pressure('Newark'))).toBeGreaterThan(0.95);
    expect(Math.abs(correlation(pressure('New-York'), pressure('Seattle')))).toBeLessThan(0.5);
  });

  test('changes steadily: no jump of temperature within a minute beyond noise', () => {
    const times = every(60_000, Date.UTC(2026, 2, 1), Date.UTC(2026, 2, 1) + 2 * DAY_MILLIS);
    const temperatures = values(series(stationIn('Denver'), 'temperature', times));
    const jumps = temperatures
      .slice(1)
      .map((value, index) => Math.abs(value - (temperatures[index] ?? value)));
    expect(Math.max(...jumps)).toBeLessThan(1);
  });
});

describe('a sensor', () => {
  test('smooths its value and points where the trend goes', () => {
    const times = every(1000, Date.UTC(2026, 6, 1), Date.UTC(2026, 6, 1) + 600_000);
    const readings = series(stationIn('Chicago'), 'wind_speed', times);
    const roughness = (column: (reading: Reading) => number) =>
      readings.slice(1).reduce((sum, reading, index) => {
        const before = readings[index] ?? reading;
        return sum + Math.abs(column(reading) - column(before));
      }, 0);
    expect(roughness((reading) => reading.sensor_value_smoothed ?? 0)).toBeLessThan(
      0.3 * roughness((reading) => reading.sensor_value),
    );
    for (const { sensor_value, sensor_value_smoothed = 0, direction } of readings)
      if (Math.abs(sensor_value - sensor_value_smoothed) > 0.21)
        expect(direction).toBe(Math.sign(sensor_value - sensor_value_smoothed));
    expect(new Set(readings.map(({ direction }) => direction))).toEqual(new Set([-1, 0, 1]));
  });
});
