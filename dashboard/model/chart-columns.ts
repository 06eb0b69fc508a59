import type { WindowPoint } from './window-groups.ts';

/** Columns of a stepped chart: time in milliseconds, minimum, maximum, average; null where there is no window. */
export type ChartColumns = [number[], (number | null)[], (number | null)[], (number | null)[]];

/** A window that is missing between two others: half a second tells a gap from adjoining ends. */
const gapMillis = 500;

/**
 * Turns windows into steps: each window is level from its start to its end. Where the next window does not begin at the
 * end of this one, the end is drawn and then a null, so that a missing window is a hole and not a line.
 */
export function chartColumns(points: readonly WindowPoint[]): ChartColumns {
  const columns: ChartColumns = [[], [], [], []];
  points.forEach((point, index) => {
    const next = points[index + 1];
    push(columns, point.time, point);
    if (next && next.time - point.end < gapMillis) return;
    push(columns, point.end, point);
    if (next) push(columns, point.end + 1, undefined);
  });
  return columns;
}

/** The time axis that all charts of a view share: from the oldest window to the end of the newest, ten minutes at least. */
export function timeRange(points: readonly (WindowPoint | undefined)[], nowMillis: number): [number, number] {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    if (!point) continue;
    from = Math.min(from, point.time);
    to = Math.max(to, point.end);
  }
  if (!Number.isFinite(to)) to = nowMillis;
  return [Math.min(from, to - 10 * 60_000), to];
}

/**
 * The value axis: everything drawn, with room below and twice as much above (for the word `open`), never narrower than the numbers are precise, and not below 0
 * for what is never negative.
 */
export function valueRange(points: readonly WindowPoint[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    if (point.min < low) low = point.min;
    if (point.max > high) high = point.max;
  }
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const room = Math.max((high - low) * 0.1, Math.abs(high) * 0.001, 0.05);
  const bottom = low >= 0 ? Math.max(0, low - room) : low - room;
  return [bottom, high + room * 2];
}

function push(columns: ChartColumns, time: number, point: WindowPoint | undefined): void {
  columns[0].push(time);
  columns[1].push(numberOrNull(point?.min));
  columns[2].push(numberOrNull(point?.max));
  columns[3].push(numberOrNull(point?.avg));
}

function numberOrNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
