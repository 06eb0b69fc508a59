import type { SensorState } from './page-state.ts';
import { compareText, stationLabel } from './view-filter.ts';
import { pointAt, type WindowPoint } from './window-groups.ts';

/** One row of the summary: a state or a station, and its last closed window per sensor type. */
export interface SummaryRow {
  readonly key: string;
  readonly label: string;
  readonly sensors: number;
  /** How many of them have the window. */
  readonly reporting: number;
  readonly byType: ReadonlyMap<string, WindowPoint>;
}

export type SummaryBy = 'state' | 'station';

/** Minimum, average and maximum of the window that starts at `time`, over the sensors of each state or station. */
export function summarise(sensors: readonly SensorState[], by: SummaryBy, time: number): SummaryRow[] {
  const places = new Map<string, { label: string; sensors: SensorState[] }>();
  for (const sensor of sensors) {
    const { station } = sensor;
    const key = by === 'state' ? station.state : station.id;
    const label = by === 'state' ? station.state : stationLabel(station);
    const place = places.get(key) ?? { label, sensors: [] };
    place.sensors.push(sensor);
    places.set(key, place);
  }
  return [...places]
    .map(([key, place]) => summaryRow(key, place.label, place.sensors, time))
    .sort((a, b) => compareText(a.label, b.label));
}

function summaryRow(key: string, label: string, sensors: readonly SensorState[], time: number): SummaryRow {
  const byType = new Map<string, WindowPoint>();
  let reporting = 0;
  for (const [type, members] of Map.groupBy(sensors, (sensor) => sensor.type)) {
    const point = pointAt(members, time);
    if (!point) continue;
    byType.set(type, point);
    reporting += point.sensors;
  }
  return { key, label, sensors: sensors.length, reporting, byType };
}
