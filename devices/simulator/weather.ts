import type { ClimateSample } from './climate.ts';
import type { Place } from './places.ts';
import { hashNumbers } from './random.ts';
import { createField, type Field, type FieldSample } from './travelling-waves.ts';

/** The state of the air at one place and instant, before any sensor's own noise. */
export interface Weather {
  /** °C */
  readonly temperature: number;
  /** Relative, % */
  readonly humidity: number;
  /** Reduced to sea level, hPa */
  readonly pressure: number;
  /** m/s */
  readonly windSpeed: number;
  /** mm/h */
  readonly rainfall: number;
}

/** Three independent fields over the map; every station of one seed lives under the same ones. */
export interface Sky {
  /** Highs and lows, 1,500 to 5,000 km across, passing within days. */
  readonly front: Field;
  /** Warm and cold air masses. */
  readonly airMass: Field;
  /** Bands of showers, 80 to 400 km across, passing within hours. */
  readonly moisture: Field;
}

const SYNOPTIC = {
  waves: 16,
  minWavelengthKm: 1500,
  maxWavelengthKm: 5000,
  minSpeedKmPerHour: 22,
  maxSpeedKmPerHour: 58,
};
const SHOWERS = {
  waves: 24,
  minWavelengthKm: 80,
  maxWavelengthKm: 400,
  minSpeedKmPerHour: 30,
  maxSpeedKmPerHour: 60,
};
/** The map's centre, and kilometres per degree there. */
const CENTRE = { latitude: 39, longitude: -98, eastKm: 86.5, northKm: 111.2 };
const HOUR_MILLIS = 3_600_000;

export function createSky(seed: number): Sky {
  return {
    front: createField(SYNOPTIC, hashNumbers(seed, 1)),
    airMass: createField(SYNOPTIC, hashNumbers(seed, 2)),
    moisture: createField(SHOWERS, hashNumbers(seed, 3)),
  };
}

/**
 * The weather at a place: its climate, and what passes over it. Low and falling pressure brings cloud, rain and wind; rising
 * pressure brings cold air; cloud flattens the day's temperature; humidity follows from temperature and dew point.
 */
export function weatherAt(place: Place, climate: ClimateSample, sky: Sky, atMillis: number): Weather {
  const east = (place.longitude - CENTRE.longitude) * CENTRE.eastKm;
  const north = (place.latitude - CENTRE.latitude) * CENTRE.northKm;
  const hours = atMillis / HOUR_MILLIS;
  const front = sky.front.at(east, north, hours);
  const airMass = sky.airMass.at(east, north, hours).value;
  // The weights' squares add up to 1 (front, tendency and moisture are independent), so wetness has variance 1 as climate.ts needs.
  const wetness =
    -0.6 * front.value - 0.5 * front.tendency + 0.6245 * sky.moisture.at(east, north, hours).value;
  const storminess = Math.min(1, Math.max(0.25, (Math.abs(place.latitude) - 15) / 25));
  const rainfall = Math.max(0, wetness - climate.rainThreshold) * climate.rainPerDeviation;
  return {
    rainfall,
    pressure: climate.pressure + (4 + 3.5 * climate.winter) * storminess * front.value,
    windSpeed: climate.wind * (0.6 + 0.35 * Math.abs(front.tendency) + 0.3 * Math.max(0, -front.value)),
    ...heatAndMoisture(place, climate, { front, airMass, wetness, rainfall, storminess }),
  };
}

interface Passing {
  readonly front: FieldSample;
  readonly airMass: number;
  readonly wetness: number;
  readonly rainfall: number;
  readonly storminess: number;
}

function heatAndMoisture(place: Place, climate: ClimateSample, passing: Passing) {
  const cloud = 1 / (1 + Math.exp(-1.5 * passing.wetness));
  const anomaly =
    (2 + 2 * climate.winter) * passing.storminess * passing.airMass -
    1.5 * passing.storminess * passing.front.tendency;
  const raining = Math.min(1, passing.rainfall);
  const temperature =
    climate.dayTemperature + anomaly + climate.diurnalTemperature * (1.3 - 0.6 * cloud) - 1.5 * raining;
  const dryDewPoint = climate.dayTemperature + anomaly - (2.5 + 13 * place.aridity + 2 * (1 - cloud));
  const dewPoint = dryDewPoint + (temperature - 0.3 - dryDewPoint) * raining;
  return { temperature, humidity: relativeHumidity(temperature, dewPoint) };
}

/** Per cent; a dew point above the temperature means fog, not more than 100. */
export function relativeHumidity(temperature: number, dewPoint: number): number {
  return Math.min(100, (100 * saturationPressure(dewPoint)) / saturationPressure(temperature));
}

/** Saturation vapour pressure over water, hPa: the Magnus formula with the WMO's coefficients. */
function saturationPressure(celsius: number): number {
  return 6.112 * Math.exp((17.62 * celsius) / (243.12 + celsius));
}
