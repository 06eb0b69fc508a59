import { type PageState, type SensorState, windowColumn } from './page-state.ts';
import { sensorTypeOf } from './sensor-types.ts';
import { compareText } from './view-filter.ts';

/** Sensors that share one chart and one table column: one sensor of a chosen station, or all of one type. */
export interface WindowGroup {
  readonly key: string;
  readonly label: string;
  readonly type: string;
  readonly sensors: readonly SensorState[];
}

/** One window over the sensors of a group. */
export interface WindowPoint {
  readonly time: number;
  readonly end: number;
  readonly avg: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
  /** How many sensors of the group have this window. */
  readonly sensors: number;
  readonly open: boolean;
}

/** More charts than this tell nobody anything; the page says how many it leaves out. */
export const mostGroups = 12;
const openValidMillis = 5_000;

/** Groups by sensor when one station is chosen, else by sensor type, in order of type. */
export function groupsOf(sensors: readonly SensorState[], isOneStation: boolean): WindowGroup[] {
  const groups = new Map<string, SensorState[]>();
  for (const sensor of sensors) {
    const key = isOneStation ? sensor.id : sensor.type;
    const members = groups.get(key);
    if (members) members.push(sensor);
    else groups.set(key, [sensor]);
  }
  return [...groups]
    .map(([key, members]) => createGroup(key, members))
    .sort((a, b) => compareText(a.type, b.type) || compareText(a.key, b.key));
}

/** The closed windows of a group, oldest first. */
export function closedPoints(group: WindowGroup): WindowPoint[] {
  const byTime = new Map<number, Sum>();
  for (const sensor of group.sensors) {
    for (let index = 0; index < sensor.windows.length; index += 1) {
      const time = sensor.windows.at(index, windowColumn.time);
      addTo(byTime, time, rowAt(sensor, index));
    }
  }
  return [...byTime]
    .sort(([a], [b]) => a - b)
    .slice(-60)
    .map(([time, sum]) => pointOf(time, sum, false));
}

/** The window that is still filling: the newest one that any sensor of the group has open. */
export function openPoint(group: WindowGroup, nowMillis: number): WindowPoint | undefined {
  const open = group.sensors.filter(
    (sensor) => sensor.open && nowMillis - sensor.openSeenMillis < openValidMillis,
  );
  const time = Math.max(...open.map((sensor) => sensor.open?.time ?? Number.NEGATIVE_INFINITY));
  if (!Number.isFinite(time)) return undefined;
  const byTime = new Map<number, Sum>();
  for (const { open: row } of open) if (row && row.time === time) addTo(byTime, time, row);
  const sum = byTime.get(time);
  return sum && pointOf(time, sum, true);
}

/** Start of the newest window that any of these sensors has closed, or NaN. */
export function lastClosedTime(sensors: readonly SensorState[]): number {
  let newest = Number.NaN;
  for (const sensor of sensors) {
    const time = sensor.windows.at(-1, windowColumn.time);
    if (Number.isNaN(newest) || time > newest) newest = time;
  }
  return newest;
}

/** One closed window over these sensors; undefined when none has it. */
export function pointAt(sensors: readonly SensorState[], time: number): WindowPoint | undefined {
  const byTime = new Map<number, Sum>();
  for (const sensor of sensors) {
    const index = sensor.windows.indexOf(time);
    if (index >= 0) addTo(byTime, time, rowAt(sensor, index));
  }
  const sum = byTime.get(time);
  return sum && pointOf(time, sum, false);
}

/** Remembers `closedPoints` until a window closes or the sensors of the group change. */
export function createPointCache(): (state: PageState, group: WindowGroup) => readonly WindowPoint[] {
  const cache = new Map<string, { readonly stamp: string; readonly points: readonly WindowPoint[] }>();
  return (state, group) => {
    const stamp = `${state.windowsVersion} ${group.sensors.length} ${group.sensors[0]?.id ?? ''}`;
    const known = cache.get(group.key);
    if (known?.stamp === stamp) return known.points;
    const points = closedPoints(group);
    if (cache.size > mostGroups * 4) cache.clear();
    cache.set(group.key, { stamp, points });
    return points;
  };
}

interface WindowNumbers {
  readonly end: number;
  readonly avg: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly count: number;
}

interface Sum {
  end: number;
  total: number;
  count: number;
  min: number;
  max: number;
  sensors: number;
}

function createGroup(key: string, sensors: readonly SensorState[]): WindowGroup {
  const type = sensors[0]?.type ?? '';
  return { key, label: sensorTypeOf(type).label, type, sensors };
}

function rowAt(sensor: SensorState, index: number): WindowNumbers {
  const { windows } = sensor;
  return {
    end: windows.at(index, windowColumn.end),
    avg: windows.at(index, windowColumn.avg),
    min: windows.at(index, windowColumn.min),
    max: windows.at(index, windowColumn.max),
    sum: windows.at(index, windowColumn.sum),
    count: windows.at(index, windowColumn.count),
  };
}

function addTo(byTime: Map<number, Sum>, time: number, row: WindowNumbers): void {
  let sum = byTime.get(time);
  if (!sum) {
    sum = { end: row.end, total: 0, count: 0, min: Number.NaN, max: Number.NaN, sensors: 0 };
    byTime.set(time, sum);
  }
  sum.total += Number.isNaN(row.sum) ? row.avg * row.count : row.sum;
  sum.count += row.count;
  sum.sensors += 1;
  if (!(sum.min <= row.min)) sum.min = Number.isNaN(row.min) ? sum.min : row.min;
  if (!(sum.max >= row.max)) sum.max = Number.isNaN(row.max) ? sum.max : row.max;
}

function pointOf(time: number, sum: Sum, open: boolean): WindowPoint {
  const { end, count, min, max, sensors } = sum;
  return { time, end, avg: count > 0 ? sum.total / count : Number.NaN, min, max, count, sensors, open };
}
