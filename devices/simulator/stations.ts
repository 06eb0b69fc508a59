import { type Climate, createClimate } from './climate.ts';
import type { Fault } from './faults.ts';
import type { Observations } from './observations.ts';
import { createPlaces, type Place } from './places.ts';
import { createRandom, drawIdentifier, hashNumbers, hashUnit, type Random } from './random.ts';
import { SENSOR_TYPES, type SensorType } from './sensor-types.ts';

export interface Sensor {
  readonly sensor_id: string;
  readonly type: SensorType;
  /** The seed of this sensor's noise, and of whatever else is its alone. */
  readonly stream: number;
}

export interface Station {
  readonly station_id: string;
  readonly place: Place;
  readonly climate: Climate;
  readonly sensors: readonly Sensor[];
  /** How far the station's clock is ahead of true time; 0 for a clock that is right. */
  readonly clockOffsetMillis: number;
}

/** Stations beyond the number of cities stand in the same cities, a few kilometres apart. */
const NEARBY_DEGREES = 0.15;
const NEARBY_METERS = 60;

/**
 * The stations of a seed: their ids, places and clocks are the same whenever the seed is, and the first n of a larger network are
 * the smaller network.
 * @param names the stations' ids, where they are not the seed's to choose
 */
export function createStations(
  count: number,
  seed: number,
  skew: Fault,
  observations: Observations,
  names?: readonly string[],
): Station[] {
  const cities = shuffle(createPlaces(observations), createRandom(hashNumbers(seed, 10)));
  const random = createRandom(hashNumbers(seed, 11));
  const identifier = drawDistinct(random);
  return Array.from({ length: count }, (_, index) => {
    const city = cities[index % cities.length] as Place;
    const place = index < cities.length ? city : nearby(city, createRandom(hashNumbers(seed, 12, index)));
    const drawn = identifier();
    return {
      station_id: names?.[index] ?? drawn,
      place,
      climate: createClimate(place, observations),
      sensors: SENSOR_TYPES.map((type, kind) => ({
        sensor_id: identifier(),
        type,
        stream: hashNumbers(seed, 13, index, kind),
      })),
      clockOffsetMillis: clockOffset(skew, seed, index),
    };
  });
}

/** The ids of the stations of a seed, as `createStations` gives them. */
export function stationIds(count: number, seed: number): string[] {
  const identifier = drawDistinct(createRandom(hashNumbers(seed, 11)));
  return Array.from({ length: count }, () => {
    const stationId = identifier();
    for (const _ of SENSOR_TYPES) identifier();
    return stationId;
  });
}

/** A clock is off by up to the maximum either way, and by at least a second. */
function clockOffset(skew: Fault, seed: number, index: number): number {
  if (hashUnit(seed, 14, index) >= skew.fraction) return 0;
  const magnitude = 1000 + Math.floor(hashUnit(seed, 15, index) * (skew.maxSeconds * 1000 - 1000));
  return hashUnit(seed, 16, index) < 0.5 ? -magnitude : magnitude;
}

function nearby(city: Place, random: Random): Place {
  const around = (spread: number) => (random() * 2 - 1) * spread;
  return {
    ...city,
    latitude: city.latitude + around(NEARBY_DEGREES),
    longitude: city.longitude + around(NEARBY_DEGREES),
    elevationMeters: Math.max(0, city.elevationMeters + around(NEARBY_METERS)),
  };
}

function drawDistinct(random: Random): () => string {
  const taken = new Set<string>();
  return () => {
    let identifier = drawIdentifier(random);
    while (taken.has(identifier)) identifier = drawIdentifier(random);
    taken.add(identifier);
    return identifier;
  };
}

function shuffle<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
