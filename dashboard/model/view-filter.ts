import type { PageState, SensorState, StationState } from './page-state.ts';

/** What the reader wants to see; an empty string means all. */
export interface ViewFilter {
  readonly state: string;
  readonly station: string;
  readonly sensor: string;
  readonly query: string;
}

export const noFilter: ViewFilter = { state: '', station: '', sensor: '', query: '' };

const hashNames = { state: 'state', station: 'station', sensor: 'sensor', query: 'q' } as const;

/** Reads `#state=iowa&station=AMW&sensor=temperature&q=des`. */
export function parseHash(hash: string): ViewFilter {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  return {
    state: parameters.get(hashNames.state) ?? '',
    station: parameters.get(hashNames.station) ?? '',
    sensor: parameters.get(hashNames.sensor) ?? '',
    query: parameters.get(hashNames.query) ?? '',
  };
}

/** The hash of a filter, with its `#`; empty parts are left out. */
export function printHash(filter: ViewFilter): string {
  const parameters = new URLSearchParams();
  for (const part of ['state', 'station', 'sensor', 'query'] as const) {
    if (filter[part]) parameters.set(hashNames[part], filter[part]);
  }
  return `#${parameters.toString()}`;
}

/** What the three lists of the filter offer, given what is chosen already. */
export interface FilterChoices {
  readonly states: readonly string[];
  readonly stations: readonly StationState[];
  readonly sensors: readonly string[];
}

export function choicesOf(state: PageState, filter: ViewFilter): FilterChoices {
  const states = new Set<string>();
  const sensors = new Set<string>();
  const stations: StationState[] = [];
  for (const station of state.stations.values()) {
    states.add(station.state);
    if (filter.state && station.state !== filter.state) continue;
    stations.push(station);
  }
  for (const sensor of state.sensors.values()) sensors.add(sensor.type);
  return {
    states: [...states].sort(compareText),
    stations: stations.sort(byPlace),
    sensors: [...sensors].sort(compareText),
  };
}

/** The stations that match state and search text, in order of place; the chosen station does not narrow this list. */
export function stationsOf(state: PageState, filter: ViewFilter): StationState[] {
  const query = filter.query.trim().toLowerCase();
  const matches = [...state.stations.values()].filter(
    (station) =>
      (!filter.state || station.state === filter.state) && (!query || matchesQuery(station, query)),
  );
  return matches.sort(byPlace);
}

/** The sensors in view: those of the chosen station, else of all matching stations, of the chosen type. */
export function sensorsOf(state: PageState, filter: ViewFilter): SensorState[] {
  const chosen = state.stations.get(filter.station);
  const stations = filter.station ? (chosen ? [chosen] : []) : stationsOf(state, filter);
  return stations
    .flatMap((station) => [...station.sensors.values()])
    .filter((sensor) => !filter.sensor || sensor.type === filter.sensor);
}

/** `Ames AMW`: how a station is called on the page. */
export function stationLabel(station: StationState): string {
  return station.city ? `${station.city} · ${station.id}` : station.id;
}

const collator = new Intl.Collator('en', { numeric: true });

/** Order of names: `S2` before `S10`. */
export function compareText(a: string, b: string): number {
  return collator.compare(a, b);
}

function byPlace(a: StationState, b: StationState): number {
  return compareText(a.state, b.state) || compareText(a.city, b.city) || compareText(a.id, b.id);
}

function matchesQuery(station: StationState, query: string): boolean {
  const texts = [station.id, station.city, station.state, ...station.sensors.keys()];
  return texts.some((candidate) => candidate.toLowerCase().includes(query));
}
