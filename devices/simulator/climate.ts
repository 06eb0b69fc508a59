import { exceededWithProbability, normalDensity } from './normal-distribution.ts';
import { HOURS_PER_YEAR, type MonthlyClimate, type Observations } from './observations.ts';
import type { Place } from './places.ts';

const HOUR_MILLIS = 3_600_000;
const SEATTLE = { latitude: 47.45, longitude: -122.31, standardTimeHours: -8 };
const NEW_YORK_LATITUDE = 40.64;

/** K per degree of latitude, in midwinter and midsummer: the ocean evens out the west coast's winter. */
const WEST_GRADIENT = { winter: 0.6, summer: 0.4 };
const EAST_GRADIENT = { winter: 1.25, summer: 0.25 };
/** K per km. Less than the free air's 6.5, because high ground warms the air above it. */
const LAPSE_RATE = 4;
/** Share of the hours of a wet day in which it rains. */
const WET_HOURS_OF_WET_DAY = 0.22;

/** What is usual at one place at one instant. */
export interface ClimateSample {
  /** Mean of the day, °C. */
  readonly dayTemperature: number;
  /** Departure of a clear-to-cloudy average day's temperature at this hour from the day's mean, K. */
  readonly diurnalTemperature: number;
  /** Sea-level pressure, hPa. */
  readonly pressure: number;
  /** m/s. */
  readonly wind: number;
  /** 1 in midwinter, 0 in midsummer. */
  readonly winter: number;
  /** The standard deviations that wetness must exceed for rain to fall. */
  readonly rainThreshold: number;
  /** Rain in mm/h per standard deviation above the threshold. */
  readonly rainPerDeviation: number;
}

/** How a place differs from the two observed cities: computed once. */
interface PlaceClimate {
  readonly place: Place;
  /** 0 = Seattle's side of the continent, 1 = New York's. */
  readonly eastness: number;
  readonly solarOffsetMillis: number;
}

export interface Climate {
  at(atMillis: number): ClimateSample;
}

/**
 * The climate of a place: Seattle's hourly normals shifted to the place's solar time, mixed by longitude with New York's daily
 * observations, and corrected for latitude, elevation and aridity.
 */
export function createClimate(place: Place, observations: Observations): Climate {
  const eastness = Math.min(1, Math.max(0, (place.longitude + 122) / 22));
  const solarHours = SEATTLE.standardTimeHours + (place.longitude - SEATTLE.longitude) / 15;
  const local = { place, eastness, solarOffsetMillis: solarHours * HOUR_MILLIS };
  return { at: (atMillis) => sampleClimate(local, observations, atMillis) };
}

function sampleClimate(local: PlaceClimate, observations: Observations, atMillis: number): ClimateSample {
  const hour = hourOfYear(atMillis + local.solarOffsetMillis);
  const { hourlyNormals, seattle, newYork } = observations;
  const { aridity } = local.place;
  const winter = 0.5 + 0.5 * Math.cos((2 * Math.PI * (hour / 24 - 15)) / 365);
  const mix = (west: number, east: number) => west + (east - west) * local.eastness;
  const eastToWest = (column: keyof MonthlyClimate) =>
    monthlyAt(newYork[column], hour) / monthlyAt(seattle[column], hour);
  return {
    dayTemperature: dayTemperature(local, observations, hour, winter),
    diurnalTemperature:
      hourlyAt(hourlyNormals.diurnalTemperature, hour) *
      (mix(1, eastToWest('dailyRange')) + 0.8 * aridity + 0.00015 * local.place.elevationMeters),
    pressure: hourlyAt(hourlyNormals.pressure, hour),
    wind: hourlyAt(hourlyNormals.wind, hour) * mix(1, eastToWest('wind')),
    winter,
    ...rain(
      mix(monthlyAt(seattle.wetDayShare, hour), monthlyAt(newYork.wetDayShare, hour)) * (1 - 0.85 * aridity),
      mix(monthlyAt(seattle.precipitation, hour), monthlyAt(newYork.precipitation, hour)) *
        (1 - 0.85 * aridity),
    ),
  };
}

function dayTemperature(
  local: PlaceClimate,
  observations: Observations,
  hour: number,
  winter: number,
): number {
  const { latitude, elevationMeters, aridity } = local.place;
  const gradient = (side: typeof WEST_GRADIENT) => side.summer + (side.winter - side.summer) * winter;
  const west =
    hourlyAt(observations.hourlyNormals.seasonalTemperature, hour) +
    (SEATTLE.latitude - latitude) * gradient(WEST_GRADIENT);
  const east =
    monthlyAt(observations.newYork.meanTemperature, hour) +
    (NEW_YORK_LATITUDE - latitude) * gradient(EAST_GRADIENT);
  const desertHeat = 8 * aridity * (1 - 0.6 * winter);
  return west + (east - west) * local.eastness + desertHeat - (LAPSE_RATE * elevationMeters) / 1000;
}

/**
 * Chooses the threshold so that a standard normal wetness exceeds it in the observed share of hours, and the slope so that the
 * long-term mean is the observed precipitation.
 */
function rain(wetDayShare: number, millimetersPerDay: number) {
  const wetShare = wetDayShare * WET_HOURS_OF_WET_DAY;
  const rainThreshold = exceededWithProbability(wetShare);
  const meanExcess = normalDensity(rainThreshold) / wetShare - rainThreshold;
  return { rainThreshold, rainPerDeviation: millimetersPerDay / (24 * wetShare) / meanExcess };
}

function hourOfYear(localMillis: number): number {
  const yearStart = Date.UTC(new Date(localMillis).getUTCFullYear(), 0, 1);
  return ((localMillis - yearStart) / HOUR_MILLIS) % HOURS_PER_YEAR;
}

/** Between two hours of a yearly table, linearly; the year's end joins its start. */
function hourlyAt(values: Float64Array, hour: number): number {
  const before = Math.floor(hour);
  const start = values[before % HOURS_PER_YEAR] ?? Number.NaN;
  const end = values[(before + 1) % HOURS_PER_YEAR] ?? Number.NaN;
  return start + (end - start) * (hour - before);
}

/** Between the middles of two months, linearly. */
function monthlyAt(values: readonly number[], hour: number): number {
  const position = (hour / HOURS_PER_YEAR) * 12 + 11.5;
  const before = Math.floor(position);
  const start = values[before % 12] ?? Number.NaN;
  const end = values[(before + 1) % 12] ?? Number.NaN;
  return start + (end - start) * (position - before);
}
