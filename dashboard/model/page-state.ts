import { BoundedSeries } from './bounded-series.ts';
import type { Ledger } from './ledger.ts';
import type { AlertRow, StageLag, WindowRow } from './live-events.ts';

/** Columns of `SensorState.windows`. */
export const windowColumn = {
  time: 0,
  end: 1,
  avg: 2,
  min: 3,
  max: 4,
  sum: 5,
  count: 6,
  revision: 7,
} as const;

/** What the page keeps at most, so that a week of running costs no more than an hour. */
export const keep = { windows: 60, recent: 60, alerts: 200, rates: 120, sensors: 20_000 } as const;

/** One sensor: its newest value, what came shortly before, and its windows. */
export interface SensorState {
  readonly id: string;
  type: string;
  station: StationState;
  /** Device time of the newest reading, epoch milliseconds; NaN before the first. */
  time: number;
  value: number;
  /** When the runtime last heard this sensor, by the runtime's clock; NaN when never. */
  seenMillis: number;
  /** Usual time between two readings; NaN while unknown. */
  intervalMillis: number;
  /** Columns: time, value. */
  readonly recent: BoundedSeries;
  /** Columns: `windowColumn`. */
  readonly windows: BoundedSeries;
  open: WindowRow | undefined;
  /** When the open window was last reported, by the runtime's clock. */
  openSeenMillis: number;
}

/** One station and its sensors by sensor id. */
export interface StationState {
  readonly id: string;
  state: string;
  city: string;
  readonly sensors: Map<string, SensorState>;
}

/** The newest `stats` event. */
export interface ServiceStats {
  readonly uptimeSeconds: number;
  readonly messagesPerSecond: number;
  readonly connections: number;
  readonly rssBytes: number;
  readonly lag: readonly StageLag[];
  readonly ledger: Ledger;
}

/** Everything the page knows. It changes in place, only in `applyEvent`. */
export interface PageState {
  /** True between an opened stream and its loss. */
  connected: boolean;
  /** Client clock at the last event, or at the loss of the stream; NaN before any. */
  lastEventClientMillis: number;
  /** Runtime clock minus client clock. */
  clockOffsetMillis: number;
  /** Runtime clock when this connection began: silence cannot be judged from before it. */
  observedSinceMillis: number;
  version: string;
  startedMillis: number;
  restarts: number;
  /** Runtime clock when rows were last left out of a `readings` event; NaN when never. */
  omittedMillis: number;
  /** Sensors that came after `keep.sensors` were known. */
  untrackedSensors: number;
  unreadableEvents: number;
  /** True once the list of sensors was loaded, or a first reading came. */
  loaded: boolean;
  readonly sensors: Map<string, SensorState>;
  readonly stations: Map<string, StationState>;
  stats: ServiceStats | undefined;
  /** Columns: time, messages per second, resident bytes. */
  readonly rates: BoundedSeries;
  /** Newest last. */
  alerts: AlertRow[];
  /** Counts changes of the set of sensors, their places and types. */
  catalogVersion: number;
  /** Counts changes of closed windows. */
  windowsVersion: number;
  alertsVersion: number;
}

export function createPageState(): PageState {
  return {
    connected: false,
    lastEventClientMillis: Number.NaN,
    clockOffsetMillis: 0,
    observedSinceMillis: Number.NaN,
    version: '',
    startedMillis: Number.NaN,
    restarts: 0,
    omittedMillis: Number.NaN,
    untrackedSensors: 0,
    unreadableEvents: 0,
    loaded: false,
    sensors: new Map(),
    stations: new Map(),
    stats: undefined,
    rates: new BoundedSeries(3, keep.rates),
    alerts: [],
    catalogVersion: 0,
    windowsVersion: 0,
    alertsVersion: 0,
  };
}

/** Finds or creates a sensor; undefined when the page already keeps `keep.sensors`. Empty names never replace known ones. */
export function sensorOf(
  state: PageState,
  id: string,
  type: string,
  place: { readonly stationId: string; readonly state?: string; readonly city?: string },
): SensorState | undefined {
  const known = state.sensors.get(id);
  if (known && isSame(known, type, place)) return known;
  if (!known && state.sensors.size >= keep.sensors) {
    state.untrackedSensors += 1;
    return undefined;
  }
  state.catalogVersion += 1;
  const station = stationOf(state, place.stationId || (known?.station.id ?? ''));
  station.state = place.state || station.state;
  station.city = place.city || station.city;
  const sensor = known ?? createSensor(id, type, station);
  sensor.type = type || sensor.type;
  moveTo(state, sensor, station);
  state.sensors.set(id, sensor);
  return sensor;
}

function isSame(
  sensor: SensorState,
  type: string,
  place: { readonly stationId: string; readonly state?: string; readonly city?: string },
): boolean {
  const { station } = sensor;
  return (
    (!type || sensor.type === type) &&
    (!place.stationId || station.id === place.stationId) &&
    (!place.state || station.state === place.state) &&
    (!place.city || station.city === place.city)
  );
}

function moveTo(state: PageState, sensor: SensorState, station: StationState): void {
  if (sensor.station !== station) {
    sensor.station.sensors.delete(sensor.id);
    if (sensor.station.sensors.size === 0) state.stations.delete(sensor.station.id);
  }
  sensor.station = station;
  station.sensors.set(sensor.id, sensor);
}

function stationOf(state: PageState, id: string): StationState {
  let station = state.stations.get(id);
  if (!station) {
    station = { id, state: '', city: '', sensors: new Map() };
    state.stations.set(id, station);
  }
  return station;
}

function createSensor(id: string, type: string, station: StationState): SensorState {
  return {
    id,
    type,
    station,
    time: Number.NaN,
    value: Number.NaN,
    seenMillis: Number.NaN,
    intervalMillis: Number.NaN,
    recent: new BoundedSeries(2, keep.recent),
    windows: new BoundedSeries(8, keep.windows),
    open: undefined,
    openSeenMillis: Number.NaN,
  };
}
