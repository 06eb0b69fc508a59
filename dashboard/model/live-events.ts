import { type Ledger, parseLedger } from './ledger.ts';

/** The newest reading of one sensor since the event before. `time` is the device's own, in epoch milliseconds. */
export interface ReadingRow {
  readonly sensorId: string;
  readonly sensor: string;
  readonly stationId: string;
  readonly state: string;
  readonly city: string;
  readonly time: number;
  readonly value: number;
}

/** One 60-second window of one sensor, closed (`final`) or still open. A missing number is NaN. */
export interface WindowRow {
  readonly sensorId: string;
  readonly sensor: string;
  readonly stationId: string;
  /** Start of the window, epoch milliseconds. */
  readonly time: number;
  readonly end: number;
  readonly avg: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly count: number;
  readonly revision: number;
}

/** A sensor crossed a threshold (`above`, `below`) or came back (`normal`). */
export interface AlertRow {
  readonly time: number;
  readonly sensorId: string;
  readonly sensor: string;
  readonly stationId: string;
  readonly kind: string;
  readonly value: number;
  readonly threshold: number;
  readonly message: string;
}

/** How far one stage is behind. */
export interface StageLag {
  readonly stage: string;
  readonly lagMillis: number;
  readonly backlog: number;
}

/** Everything `/v1/live` sends, as data. */
export type LiveEvent =
  | {
      readonly kind: 'hello';
      readonly version: string;
      readonly startedMillis: number;
      readonly nowMillis: number;
    }
  | {
      readonly kind: 'readings';
      readonly nowMillis: number;
      readonly rows: readonly ReadingRow[];
      readonly omitted: number;
    }
  | { readonly kind: 'open'; readonly nowMillis: number; readonly rows: readonly WindowRow[] }
  | { readonly kind: 'windows'; readonly rows: readonly WindowRow[] }
  | {
      readonly kind: 'stats';
      readonly nowMillis: number;
      readonly uptimeSeconds: number;
      readonly messagesPerSecond: number;
      readonly connections: number;
      readonly rssBytes: number;
      readonly lag: readonly StageLag[];
      readonly ledger: Ledger;
    }
  | { readonly kind: 'alert'; readonly row: AlertRow };

export const liveEventNames = ['hello', 'readings', 'open', 'windows', 'stats', 'alert'] as const;
export type LiveEventName = (typeof liveEventNames)[number];

type Fields = Readonly<Record<string, unknown>>;

const parsers: Readonly<Record<LiveEventName, (fields: Fields) => LiveEvent>> = {
  hello: (fields) => ({
    kind: 'hello',
    version: text(fields.version),
    startedMillis: number(fields.startedMillis),
    nowMillis: number(fields.nowMillis),
  }),
  readings: (fields) => ({
    kind: 'readings',
    nowMillis: number(fields.nowMillis),
    rows: rowsOf(fields.rows, parseReadingRow),
    omitted: number(fields.omitted) || 0,
  }),
  open: (fields) => ({
    kind: 'open',
    nowMillis: number(fields.nowMillis),
    rows: rowsOf(fields.rows, parseWindowRow),
  }),
  windows: (fields) => ({ kind: 'windows', rows: rowsOf(fields.rows, parseWindowRow) }),
  stats: (fields) => ({
    kind: 'stats',
    nowMillis: number(fields.nowMillis),
    uptimeSeconds: number(fields.uptimeSeconds),
    messagesPerSecond: number(fields.messagesPerSecond),
    connections: number(fields.connections),
    rssBytes: number(fields.rssBytes),
    lag: rowsOf(fields.lag, parseLag),
    ledger: parseLedger(fields.ledger),
  }),
  alert: (fields) => {
    const row = parseAlertRow(fields);
    if (!row) throw new TypeError('Cannot read alert event: it names no sensor');
    return { kind: 'alert', row };
  },
};

/** Reads one server-sent event; undefined when its data is not what the contract says. */
export function parseLiveEvent(name: LiveEventName, data: string): LiveEvent | undefined {
  try {
    const fields: unknown = JSON.parse(data);
    return isFields(fields) ? parsers[name](fields) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads one row of a window, live or from `/v1/windows`. */
export function parseWindowRow(value: unknown): WindowRow | undefined {
  if (!isFields(value) || typeof value.sensor_id !== 'string') return undefined;
  const time = number(value.time);
  if (Number.isNaN(time)) return undefined;
  return {
    sensorId: value.sensor_id,
    sensor: text(value.sensor),
    stationId: text(value.station_id),
    time,
    end: number(value.window_end),
    avg: number(value.avg),
    min: number(value.min),
    max: number(value.max),
    sum: number(value.sum),
    count: number(value.count),
    revision: number(value.revision) || 0,
  };
}

/** Reads one alert, live or from `/v1/alerts`. */
export function parseAlertRow(value: unknown): AlertRow | undefined {
  if (!isFields(value) || typeof value.sensor_id !== 'string') return undefined;
  return {
    time: number(value.time),
    sensorId: value.sensor_id,
    sensor: text(value.sensor),
    stationId: text(value.station_id),
    kind: text(value.kind),
    value: number(value.value),
    threshold: number(value.threshold),
    message: text(value.message),
  };
}

/** Keeps the rows that `parse` understands. */
export function rowsOf<Row>(value: unknown, parse: (row: unknown) => Row | undefined): Row[] {
  if (!Array.isArray(value)) return [];
  return value.map(parse).filter((row) => row !== undefined);
}

/** A finite number, or NaN. */
export function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : Number.NaN;
}

/** A string, or the empty one. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseReadingRow(row: unknown): ReadingRow | undefined {
  if (!Array.isArray(row) || typeof row[0] !== 'string') return undefined;
  return {
    sensorId: row[0],
    sensor: text(row[1]),
    stationId: text(row[2]),
    state: text(row[3]),
    city: text(row[4]),
    time: number(row[5]),
    value: number(row[6]),
  };
}

function parseLag(row: unknown): StageLag | undefined {
  if (!isFields(row)) return undefined;
  return { stage: text(row.stage), lagMillis: number(row.lagMillis), backlog: number(row.backlog) };
}
