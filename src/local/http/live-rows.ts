import { decodeWindow, parseRecordTimestamp } from '../../telemetry/decode-window.ts';
import type { RecordBlock } from '../log/record-block.ts';

/** A window as the HTTP API gives it: flat, times in milliseconds. */
export interface LiveWindow {
  readonly sensor_id: unknown;
  readonly sensor: unknown;
  readonly station_id: unknown;
  /** Start of the window. */
  readonly time: number;
  readonly window_end: number;
  readonly avg: unknown;
  readonly smooth_avg: unknown;
  readonly min: unknown;
  readonly max: unknown;
  readonly sum: unknown;
  readonly count: unknown;
  readonly final: boolean;
  readonly revision: number;
}

export const WINDOW_MILLIS = 60_000;

/** A row of the windows application, open or closed. */
export function liveWindow(row: Readonly<Record<string, unknown>>, final: boolean): LiveWindow {
  const end = parseRecordTimestamp(String(row.record_timestamp)) ?? 0;
  return {
    sensor_id: row.sensor_id,
    sensor: row.sensor,
    station_id: row.station_id,
    time: end - WINDOW_MILLIS,
    window_end: end,
    avg: row.sensor_avg_value ?? null,
    smooth_avg: row.sensor_smooth_avg_value ?? null,
    min: row.sensor_min_value ?? null,
    max: row.sensor_max_value ?? null,
    sum: row['60sec_sum_of_sensor_value'] ?? null,
    count: row['60sec_number_of_msg'] ?? 0,
    final,
    revision: Number(row.revision ?? 0),
  };
}

/** The closed windows of a block of the windows stream; what is no window is left out. */
export function closedWindows(block: RecordBlock, position: number): LiveWindow[] {
  const rows: LiveWindow[] = [];
  for (let at = position; at < block.count; at += 1) {
    const decoded = decodeWindow(block.data(at));
    if (decoded.ok) rows.push(liveWindow({ ...decoded.value }, true));
  }
  return rows;
}

/** sensor_id, sensor, station_id, state, city, time in milliseconds, value. */
export type LiveReading = readonly [string, string, string, string, string, number, number];

/** Adds the readings of a block to the newest one of each sensor. */
export function collectReadings(
  block: RecordBlock,
  position: number,
  latest: Map<string, LiveReading>,
): void {
  for (let at = position; at < block.count; at += 1) {
    const reading = parseReading(block.text(at));
    if (reading) latest.set(reading[0], reading);
  }
}

function parseReading(text: string): LiveReading | undefined {
  try {
    const row = JSON.parse(text) as Record<string, unknown>;
    const names = [row.sensor_id, row.sensor, row.station_id, row.state, row.city].map((name) =>
      String(name ?? ''),
    );
    const [sensorId = '', sensor = '', stationId = '', state = '', city = ''] = names;
    return [sensorId, sensor, stationId, state, city, Number(row.sensor_timestamp), Number(row.sensor_value)];
  } catch {
    return undefined;
  }
}
