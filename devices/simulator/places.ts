import type { Observations } from './observations.ts';

/** A real city with an airport, and what its climate needs beyond coordinates. */
export interface Place {
  readonly city: string;
  readonly state: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly elevationMeters: number;
  /** 0 = moist all year, 1 = desert. */
  readonly aridity: number;
}

/**
 * Airports by IATA code with field elevation in metres and an aridity from 0 (moist) to 1 (desert); city, state and coordinates
 * come from the airports data set.
 */
const PLACES: readonly (readonly [iata: string, elevationMeters: number, aridity: number])[] = [
  ['SEA', 132, 0],
  ['GEG', 727, 0.4],
  ['PDX', 9, 0],
  ['EUG', 114, 0],
  ['BOI', 874, 0.6],
  ['SFO', 4, 0.2],
  ['LAX', 38, 0.5],
  ['SAN', 5, 0.5],
  ['FAT', 102, 0.6],
  ['RNO', 1346, 0.8],
  ['LAS', 665, 1],
  ['PHX', 346, 1],
  ['TUS', 806, 0.9],
  ['FLG', 2137, 0.4],
  ['ABQ', 1633, 0.8],
  ['ELP', 1206, 0.9],
  ['DEN', 1655, 0.6],
  ['COS', 1887, 0.6],
  ['GJT', 1478, 0.8],
  ['SLC', 1288, 0.6],
  ['BIL', 1112, 0.5],
  ['GTF', 1121, 0.5],
  ['CPR', 1629, 0.6],
  ['BIS', 506, 0.4],
  ['FAR', 275, 0.2],
  ['FSD', 435, 0.2],
  ['RAP', 977, 0.5],
  ['OMA', 300, 0.1],
  ['ICT', 406, 0.2],
  ['MCI', 313, 0.1],
  ['OKC', 395, 0.2],
  ['DFW', 185, 0.2],
  ['SAT', 247, 0.3],
  ['IAH', 29, 0],
  ['AUS', 165, 0.2],
  ['LBB', 1000, 0.6],
  ['AMA', 1099, 0.6],
  ['MSY', 1, 0],
  ['SHV', 79, 0],
  ['JAN', 105, 0],
  ['MEM', 104, 0],
  ['LIT', 80, 0],
  ['STL', 188, 0],
  ['DSM', 292, 0.1],
  ['MSP', 256, 0.1],
  ['DLH', 435, 0.1],
  ['MSN', 270, 0],
  ['MKE', 220, 0],
  ['ORD', 204, 0],
  ['IND', 243, 0],
  ['DTW', 197, 0],
  ['GRR', 242, 0],
  ['CLE', 241, 0],
  ['CVG', 273, 0],
  ['SDF', 153, 0],
  ['BNA', 183, 0],
  ['TYS', 299, 0],
  ['ATL', 313, 0],
  ['BHM', 196, 0],
  ['MOB', 67, 0],
  ['MIA', 2, 0],
  ['TPA', 8, 0],
  ['JAX', 9, 0],
  ['CHS', 14, 0],
  ['CAE', 72, 0],
  ['CLT', 228, 0],
  ['RDU', 133, 0],
  ['ORF', 8, 0],
  ['RIC', 51, 0],
  ['CRW', 299, 0],
  ['BWI', 45, 0],
  ['PHL', 11, 0],
  ['EWR', 5, 0],
  ['JFK', 4, 0],
  ['ALB', 87, 0],
  ['BUF', 222, 0],
  ['SYR', 128, 0],
  ['PIT', 367, 0],
  ['BOS', 6, 0],
  ['PVD', 17, 0],
  ['BTV', 102, 0],
  ['PWM', 23, 0],
  ['MHT', 81, 0],
  ['BGR', 59, 0],
  ['TUL', 206, 0.1],
  ['ANC', 46, 0.3],
  ['JNU', 6, 0],
  ['HNL', 4, 0.3],
  ['LIH', 46, 0],
  ['ITO', 12, 0],
];

export function createPlaces({ airports }: Observations): Place[] {
  return PLACES.map(([iata, elevationMeters, aridity]) => {
    const airport = airports.get(iata);
    if (airport === undefined)
      throw new TypeError(`Cannot place the stations: the airports data set has no "${iata}"`);
    return { ...airport, city: topicLevel(airport.city), elevationMeters, aridity };
  });
}

/** `New York` → `New-York`: AWS IoT Core best practices advise topics without spaces. */
function topicLevel(city: string): string {
  return city.trim().replace(/[^A-Za-z0-9-]+/g, '-');
}
