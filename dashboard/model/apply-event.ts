import type { AlertRow, LiveEvent, ReadingRow, WindowRow } from './live-events.ts';
import { keep, type PageState, type SensorState, sensorOf, windowColumn } from './page-state.ts';

/** A row of `GET /v1/sensors`. */
export interface SensorRow {
  readonly sensorId: string;
  readonly sensor: string;
  readonly stationId: string;
  readonly state: string;
  readonly city: string;
  readonly latestTime: number;
  readonly latestValue: number;
}

/** What can happen to the page: a live event, the stream coming and going, or an answer of the HTTP API. */
export type PageEvent =
  | LiveEvent
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'sensors'; readonly rows: readonly SensorRow[]; readonly polled: boolean }
  | { readonly kind: 'history'; readonly rows: readonly WindowRow[] }
  | {
      readonly kind: 'samples';
      readonly sensorId: string;
      readonly rows: readonly (readonly [number, number])[];
    }
  | { readonly kind: 'alerts'; readonly rows: readonly AlertRow[] };

type Appliers = {
  readonly [Kind in PageEvent['kind']]: (
    state: PageState,
    event: Extract<PageEvent, { kind: Kind }>,
    clientMillis: number,
  ) => void;
};

const appliers: Appliers = {
  connected: (state, _event, clientMillis) => {
    state.connected = true;
    state.lastEventClientMillis = clientMillis;
    state.observedSinceMillis = clientMillis + state.clockOffsetMillis;
  },
  disconnected: (state) => {
    state.connected = false;
  },
  unreadable: (state) => {
    state.unreadableEvents += 1;
  },
  hello: (state, event, clientMillis) => {
    if (!Number.isNaN(state.startedMillis) && event.startedMillis !== state.startedMillis)
      state.restarts += 1;
    state.version = event.version;
    state.startedMillis = event.startedMillis;
    syncClock(state, event.nowMillis, clientMillis);
    state.observedSinceMillis = event.nowMillis;
  },
  readings: (state, event, clientMillis) => {
    syncClock(state, event.nowMillis, clientMillis);
    if (event.omitted > 0) state.omittedMillis = event.nowMillis;
    for (const row of event.rows) applyReading(state, row, event.nowMillis);
  },
  open: (state, event, clientMillis) => {
    syncClock(state, event.nowMillis, clientMillis);
    for (const row of event.rows) applyOpen(state, row, event.nowMillis);
  },
  windows: (state, event) => applyWindows(state, event.rows),
  history: (state, event) => applyWindows(state, event.rows),
  stats: (state, event, clientMillis) => {
    syncClock(state, event.nowMillis, clientMillis);
    state.stats = event;
    state.rates.upsert([event.nowMillis, event.messagesPerSecond, event.rssBytes]);
  },
  alert: (state, event) => mergeAlerts(state, [event.row]),
  alerts: (state, event) => mergeAlerts(state, event.rows),
  sensors: (state, event, clientMillis) => {
    const nowMillis = clientMillis + state.clockOffsetMillis;
    for (const row of event.rows) applySensorRow(state, row, nowMillis, event.polled);
    state.loaded = true;
  },
  samples: (state, event) => {
    const sensor = state.sensors.get(event.sensorId);
    if (!sensor) return;
    for (const [time, value] of event.rows) {
      sensor.recent.upsert([time, value]);
      if (sensor.time >= time) continue;
      sensor.time = time;
      sensor.value = value;
    }
    learnIntervalFromRecent(sensor);
  },
};

const isStreamEvent: ReadonlySet<string> = new Set([
  'hello',
  'readings',
  'open',
  'windows',
  'stats',
  'alert',
]);

/** Applies one event in place. `clientMillis` is the browser's clock. */
export function applyEvent(state: PageState, event: PageEvent, clientMillis: number): void {
  const apply = appliers[event.kind] as (state: PageState, event: PageEvent, clientMillis: number) => void;
  apply(state, event, clientMillis);
  if (!isStreamEvent.has(event.kind)) return;
  state.connected = true;
  state.lastEventClientMillis = clientMillis;
}

function syncClock(state: PageState, nowMillis: number, clientMillis: number): void {
  if (!Number.isNaN(nowMillis)) state.clockOffsetMillis = nowMillis - clientMillis;
}

function applyReading(state: PageState, row: ReadingRow, nowMillis: number): void {
  const sensor = sensorOf(state, row.sensorId, row.sensor, row);
  if (!sensor) return;
  state.loaded = true;
  sensor.seenMillis = nowMillis;
  if (row.time < sensor.time) return;
  learnInterval(sensor, row.time - sensor.time);
  sensor.time = row.time;
  sensor.value = row.value;
  sensor.recent.upsert([row.time, row.value]);
}

function applySensorRow(state: PageState, row: SensorRow, nowMillis: number, polled: boolean): void {
  const sensor = sensorOf(state, row.sensorId, row.sensor, row);
  if (!sensor || Number.isNaN(row.latestTime)) return;
  const isNewer = Number.isNaN(sensor.time) || row.latestTime > sensor.time;
  if (!isNewer) return;
  // A poll that finds a newer reading proves that the sensor spoke since the poll before, whatever its own clock says.
  const spokeSince = polled && !Number.isNaN(sensor.time);
  sensor.seenMillis = spokeSince
    ? nowMillis
    : Math.max(sensor.seenMillis || 0, Math.min(row.latestTime, nowMillis));
  sensor.time = row.latestTime;
  sensor.value = row.latestValue;
  sensor.recent.upsert([row.latestTime, row.latestValue]);
}

function applyOpen(state: PageState, row: WindowRow, nowMillis: number): void {
  const sensor = sensorOf(state, row.sensorId, row.sensor, row);
  if (!sensor || sensor.windows.indexOf(row.time) >= 0) return;
  sensor.open = row;
  sensor.openSeenMillis = nowMillis;
}

function applyWindows(state: PageState, rows: readonly WindowRow[]): void {
  for (const row of rows) {
    const sensor = sensorOf(state, row.sensorId, row.sensor, row);
    if (!sensor) continue;
    const known = sensor.windows.indexOf(row.time);
    if (known >= 0 && sensor.windows.at(known, windowColumn.revision) > row.revision) continue;
    sensor.windows.upsert([row.time, row.end, row.avg, row.min, row.max, row.sum, row.count, row.revision]);
    if (sensor.open && sensor.open.time <= row.time) sensor.open = undefined;
    if (Number.isNaN(sensor.intervalMillis) && row.count > 1) {
      sensor.intervalMillis = (row.end - row.time) / row.count;
    }
  }
  if (rows.length > 0) state.windowsVersion += 1;
}

function mergeAlerts(state: PageState, rows: readonly AlertRow[]): void {
  const byKey = new Map(state.alerts.map((alert) => [alertKey(alert), alert]));
  for (const row of rows) byKey.set(alertKey(row), row);
  state.alerts = [...byKey.values()].sort((a, b) => a.time - b.time).slice(-keep.alerts);
  state.alertsVersion += 1;
}

function alertKey(alert: AlertRow): string {
  return JSON.stringify([alert.time, alert.sensorId, alert.kind]);
}

/**
 * The usual interval follows the gaps between readings slowly. One long gap is a silence, not a new habit: it counts as
 * three intervals at most, so that a device that really slowed down is believed after a few readings.
 */
function learnInterval(sensor: SensorState, gapMillis: number): void {
  if (!(gapMillis > 0)) return;
  const usual = sensor.intervalMillis;
  if (Number.isNaN(usual)) sensor.intervalMillis = gapMillis;
  else sensor.intervalMillis = usual * 0.8 + Math.min(gapMillis, usual * 3) * 0.2;
}

function learnIntervalFromRecent(sensor: SensorState): void {
  const gaps = sensor.recent.length - 1;
  if (gaps < 2) return;
  sensor.intervalMillis = (sensor.recent.at(-1, 0) - sensor.recent.at(0, 0)) / gaps;
}
