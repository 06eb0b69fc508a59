import type { SensorRow } from '../model/apply-event.ts';
import {
  type AlertRow,
  isFields,
  number,
  parseAlertRow,
  parseWindowRow,
  rowsOf,
  text,
  type WindowRow,
} from '../model/live-events.ts';
import type { MqttAddress } from '../model/publish-command.ts';
import { parseTraceReport, type TraceReport } from '../model/trace.ts';

/** Pages followed at most for one list, so that a broken `link` header cannot loop. */
const mostPages = 20;

/** `GET /v1/sensors`, optionally of one state or station. */
export function fetchSensors(
  place: { state?: string; station?: string },
  signal: AbortSignal,
): Promise<SensorRow[]> {
  const query = new URLSearchParams();
  if (place.station) query.set('station_id', place.station);
  else if (place.state) query.set('state', place.state);
  return fetchRows(`/v1/sensors?${query}`, parseSensorRow, signal);
}

/** `GET /v1/windows` of one station from a time on, in epoch milliseconds. */
export function fetchWindows(
  stationId: string,
  fromMillis: number,
  signal: AbortSignal,
): Promise<WindowRow[]> {
  const query = new URLSearchParams({ station_id: stationId, from: String(fromMillis), limit: '10000' });
  return fetchRows(`/v1/windows?${query}`, parseWindowRow, signal);
}

/** `GET /v1/sensors/{sensor_id}/samples` from a time on, as pairs of time and value. */
export function fetchSamples(
  sensorId: string,
  fromMillis: number,
  signal: AbortSignal,
): Promise<[number, number][]> {
  const query = new URLSearchParams({ from: String(Math.floor(fromMillis)), limit: '1000' });
  return fetchRows(`/v1/sensors/${encodeURIComponent(sensorId)}/samples?${query}`, parseSample, signal);
}

/** `GET /v1/trace`: where the last messages of a sensor went. */
export async function fetchTrace(sensorId: string, signal: AbortSignal): Promise<TraceReport> {
  const query = new URLSearchParams({ sensor: sensorId, limit: '5' });
  const response = await fetch(`/v1/trace?${query}`, { signal });
  if (!response.ok)
    throw new Error(`Cannot trace ${JSON.stringify(sensorId)}: the runtime answered ${response.status}`);
  return parseTraceReport(await response.json());
}

/** `GET /v1/alerts`. */
export function fetchAlerts(signal: AbortSignal): Promise<AlertRow[]> {
  return fetchRows('/v1/alerts', parseAlertRow, signal);
}

/** The MQTT address of the runtime, as `/v1/health` tells it, without TLS where that is open; undefined when it does not. */
export async function fetchMqttAddress(signal: AbortSignal): Promise<MqttAddress | undefined> {
  const response = await fetch('/v1/health', { signal });
  const health: unknown = response.ok ? await response.json() : undefined;
  if (!isFields(health)) return undefined;
  return addressOf(health.mqtt, false) ?? addressOf(health.mqtts, true);
}

/** Port 0 stands for a listener that is closed. */
function addressOf(listener: unknown, needsCertificate: boolean): MqttAddress | undefined {
  if (!isFields(listener) || !(number(listener.port) > 0)) return undefined;
  return { host: text(listener.host) || '127.0.0.1', port: number(listener.port), needsCertificate };
}

async function fetchRows<Row>(
  path: string,
  parse: (row: unknown) => Row | undefined,
  signal: AbortSignal,
): Promise<Row[]> {
  const rows: Row[] = [];
  let next: string | undefined = path;
  for (let page = 0; next && page < mostPages; page += 1) {
    const response: Response = await fetch(next, { signal });
    if (!response.ok)
      throw new Error(`Cannot read ${JSON.stringify(next)}: the runtime answered ${response.status}`);
    rows.push(...rowsOf(await response.json(), parse));
    next = nextLink(response.headers.get('link'));
  }
  return rows;
}

/** The target of `<…>; rel="next"`, kept on this origin. */
function nextLink(header: string | null): string | undefined {
  const target = header?.match(/<([^>]*)>\s*;\s*rel="?next"?/)?.[1];
  if (!target) return undefined;
  const url = new URL(target, location.href);
  return `${url.pathname}${url.search}`;
}

function parseSensorRow(row: unknown): SensorRow | undefined {
  if (!isFields(row) || typeof row.sensor_id !== 'string') return undefined;
  return {
    sensorId: row.sensor_id,
    sensor: text(row.sensor),
    stationId: text(row.station_id),
    state: text(row.state),
    city: text(row.city),
    latestTime: number(row.latest_time),
    latestValue: number(row.latest_value),
  };
}

function parseSample(row: unknown): [number, number] | undefined {
  if (!isFields(row) || Number.isNaN(number(row.time))) return undefined;
  return [number(row.time), number(row.value)];
}
