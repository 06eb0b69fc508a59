import type { PageEvent } from '../model/apply-event.ts';
import type { SensorState, StationState } from '../model/page-state.ts';
import { fetchAlerts, fetchSamples, fetchSensors, fetchWindows } from './api.ts';

const windowHistoryMillis = 60 * 60_000;
const sampleHistoryMillis = 2 * 60_000;
const retryMillis = 2_000;
const parallelRequests = 4;
/** With more stations in view the page does not ask for the history of each: its charts then begin now. */
export const mostStationsWithHistory = 60;

/** Fills the page with what was before it was opened, and again after every reconnect. */
export interface History {
  /** Forgets what was loaded: the next calls load again. */
  reset(): void;
  loadCatalog(): Promise<void>;
  loadStations(stations: readonly StationState[], nowMillis: number): Promise<void>;
  loadSamples(sensors: Iterable<SensorState>, nowMillis: number): Promise<void>;
  pollSensors(place: { state?: string; station?: string }): Promise<void>;
}

export function createHistory(dispatch: (event: PageEvent) => void): History {
  let abort = new AbortController();
  const loaded = new Set<string>();

  const loadOnce = async (key: string, load: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    if (loaded.has(key)) return;
    loaded.add(key);
    const { signal } = abort;
    while (!signal.aborted) {
      try {
        return await load(signal);
      } catch {
        // The runtime may be starting or away: the stream's state tells the reader, and history is asked for again.
        await new Promise((resolve) => setTimeout(resolve, retryMillis));
      }
    }
  };

  return {
    reset: () => {
      abort.abort();
      abort = new AbortController();
      loaded.clear();
    },
    loadCatalog: async () => {
      await loadOnce('sensors', async (signal) => {
        dispatch({ kind: 'sensors', rows: await fetchSensors({}, signal), polled: false });
      });
      await loadOnce('alerts', async (signal) =>
        dispatch({ kind: 'alerts', rows: await fetchAlerts(signal) }),
      );
    },
    loadStations: (stations, nowMillis) =>
      inParallel(stations.slice(0, mostStationsWithHistory), (station) =>
        loadOnce(`windows ${station.id}`, async (signal) => {
          const rows = await fetchWindows(station.id, Math.floor(nowMillis - windowHistoryMillis), signal);
          dispatch({ kind: 'history', rows });
        }),
      ),
    loadSamples: (sensors, nowMillis) =>
      inParallel([...sensors], (sensor) =>
        loadOnce(`samples ${sensor.id}`, async (signal) => {
          const rows = await fetchSamples(sensor.id, nowMillis - sampleHistoryMillis, signal);
          dispatch({ kind: 'samples', sensorId: sensor.id, rows });
        }),
      ),
    pollSensors: async (place) => {
      const rows = await fetchSensors(place, abort.signal).catch(() => []);
      if (rows.length > 0) dispatch({ kind: 'sensors', rows, polled: true });
    },
  };
}

/** Runs `work` over all items, a few at a time. */
async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = [...items];
  const runners = Array.from({ length: parallelRequests }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  });
  await Promise.all(runners);
}
