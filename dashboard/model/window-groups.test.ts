import { describe, expect, it } from 'vitest';
import { applyEvent } from './apply-event.ts';
import { chartColumns, timeRange, valueRange } from './chart-columns.ts';
import type { WindowRow } from './live-events.ts';
import { createPageState } from './page-state.ts';
import { summarise } from './summaries.ts';
import { closedPoints, groupsOf, lastClosedTime, openPoint } from './window-groups.ts';

const minute = 60_000;

function row(sensorId: string, stationId: string, index: number, avg: number, count: number): WindowRow {
  const time = index * minute;
  return {
    sensorId,
    sensor: 'temperature',
    stationId,
    time,
    end: time + minute,
    avg,
    min: avg - 2,
    max: avg + 3,
    sum: avg * count,
    count,
    revision: 0,
  };
}

function stateWith(rows: readonly WindowRow[], open: readonly WindowRow[] = []) {
  const state = createPageState();
  applyEvent(state, { kind: 'windows', rows }, 0);
  applyEvent(state, { kind: 'open', nowMillis: 1000, rows: open }, 1000);
  return state;
}

describe('windows of many sensors', () => {
  const state = stateWith(
    [row('a', 'A', 0, 10, 60), row('b', 'B', 0, 20, 20), row('a', 'A', 1, 11, 60)],
    [row('a', 'A', 2, 12, 5)],
  );
  const sensors = [...state.sensors.values()];

  it('average over readings, not over sensors, and span the extremes', () => {
    const [group] = groupsOf(sensors, false);
    expect(closedPoints(group!)).toMatchObject([
      { time: 0, avg: 12.5, min: 8, max: 23, count: 80, sensors: 2, open: false },
      { time: minute, avg: 11, count: 60, sensors: 1 },
    ]);
  });

  it('show the open window apart, and forget it when it is no longer reported', () => {
    const [group] = groupsOf(sensors, false);
    expect(openPoint(group!, 2000)).toMatchObject({ time: 2 * minute, avg: 12, count: 5, open: true });
    expect(openPoint(group!, 7000)).toBeUndefined();
  });

  it('group by sensor within one station', () => {
    expect(groupsOf(sensors, true).map((group) => group.key)).toEqual(['a', 'b']);
  });

  it('summarise the last closed window by station and say who is missing', () => {
    expect(lastClosedTime(sensors)).toBe(minute);
    const rows = summarise(sensors, 'station', minute);
    expect(rows).toMatchObject([
      { key: 'A', sensors: 1, reporting: 1 },
      { key: 'B', sensors: 1, reporting: 0 },
    ]);
    expect(rows[0]?.byType.get('temperature')).toMatchObject({ min: 9, avg: 11, max: 14 });
  });
});

describe('chart columns', () => {
  const points = closedPoints(
    groupsOf(
      [
        ...stateWith([
          row('a', 'A', 0, 1, 1),
          row('a', 'A', 1, 2, 1),
          row('a', 'A', 4, 5, 1),
        ]).sensors.values(),
      ],
      true,
    )[0]!,
  );

  it('draw steps from start to end, and a hole where windows are missing', () => {
    expect(chartColumns(points)[0]).toEqual([0, minute, 2 * minute, 2 * minute + 1, 4 * minute, 5 * minute]);
    expect(chartColumns(points)[3]).toEqual([1, 2, 2, null, 5, 5]);
  });

  it('span ten minutes at least, and leave room above and below', () => {
    expect(timeRange(points, 0)).toEqual([-5 * minute, 5 * minute]);
    const [low, high] = valueRange(points);
    expect(low).toBeLessThan(-1);
    expect(high).toBeGreaterThan(8);
    expect(valueRange([])).toEqual([0, 1]);
  });
});
