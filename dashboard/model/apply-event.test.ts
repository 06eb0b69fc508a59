import { describe, expect, it } from 'vitest';
import { applyEvent, type PageEvent } from './apply-event.ts';
import { connectionOf } from './connection.ts';
import type { WindowRow } from './live-events.ts';
import { createPageState, keep, type PageState, windowColumn } from './page-state.ts';
import { countSilent, isSilent } from './silence.ts';

const start = 1_795_226_400_000;

function play(events: readonly (readonly [number, PageEvent])[], state = createPageState()): PageState {
  for (const [millis, event] of events) applyEvent(state, event, start + millis);
  return state;
}

function hello(millis: number, startedMillis = start): PageEvent {
  return { kind: 'hello', version: '0.1.0', startedMillis, nowMillis: start + millis };
}

function reading(millis: number, value: number, sensorId = 's1', omitted = 0): PageEvent {
  const row = {
    sensorId,
    sensor: 'temperature',
    stationId: 'A1',
    state: 'iowa',
    city: 'ames',
    time: start + millis,
    value,
  };
  return { kind: 'readings', nowMillis: start + millis, rows: [row], omitted };
}

function windowRow(startMillis: number, avg: number, revision = 0): WindowRow {
  const time = start + startMillis;
  const numbers = { avg, min: avg - 1, max: avg + 1, sum: avg * 60, count: 60, revision };
  return { sensorId: 's1', sensor: 'temperature', stationId: 'A1', time, end: time + 60_000, ...numbers };
}

function everySecond(from: number, to: number, sensorId = 's1'): [number, PageEvent][] {
  const seconds = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return seconds.map((second) => [second * 1000, reading(second * 1000, 20 + second / 10, sensorId)]);
}

describe('live readings', () => {
  it('keep the newest value of a sensor and learn its usual interval', () => {
    const state = play(everySecond(0, 10));
    expect(state.sensors.get('s1')).toMatchObject({
      value: 21,
      time: start + 10_000,
      seenMillis: start + 10_000,
    });
    expect(state.sensors.get('s1')?.intervalMillis).toBeCloseTo(1000);
    expect(state.stations.get('A1')).toMatchObject({ state: 'iowa', city: 'ames' });
  });

  it('do not let an older reading replace a newer one, though the sensor was heard', () => {
    const late = { ...reading(2_000, -99), nowMillis: start + 11_000 } as PageEvent;
    const state = play([...everySecond(0, 10), [11_000, late]]);
    expect(state.sensors.get('s1')).toMatchObject({ value: 21, seenMillis: start + 11_000 });
  });

  it('stay bounded for a sensor that never stops and for sensors that never end', () => {
    const state = play(everySecond(0, 500));
    expect(state.sensors.get('s1')?.recent.length).toBe(keep.recent);
    for (let index = 0; index < keep.sensors + 5; index += 1) {
      applyEvent(state, reading(600_000, 1, `many-${index}`), start + 600_000);
    }
    expect(state.sensors.size).toBe(keep.sensors);
    expect(state.untrackedSensors).toBe(6);
  });

  it('keep names that are words of the language as names', () => {
    const state = play([
      [0, reading(0, 1, '__proto__')],
      [0, reading(0, 2, 'constructor')],
    ]);
    expect(state.sensors.get('__proto__')?.value).toBe(1);
    expect(state.sensors.get('constructor')?.value).toBe(2);
    expect(({} as Record<string, unknown>).value).toBeUndefined();
  });
});

describe('silence', () => {
  it('is called after three usual intervals, and ends with the next reading', () => {
    const state = play([[0, hello(0)], ...everySecond(0, 30), ...everySecond(0, 36, 's2')]);
    const silentAt = (second: number) => isSilent(state, state.sensors.get('s1')!, start + second * 1000);
    expect([silentAt(34), silentAt(36)]).toEqual([false, true]);
    expect(countSilent(state, start + 36_000)).toBe(1);
    applyEvent(state, reading(36_000, 20), start + 36_000);
    expect(silentAt(36)).toBe(false);
  });

  it('is not called for a slow sensor that keeps its own pace', () => {
    const slow = [0, 60, 120, 180].map((second): [number, PageEvent] => [
      second * 1000,
      reading(second * 1000, 5),
    ]);
    const state = play([[0, hello(0)], ...slow]);
    expect(isSilent(state, state.sensors.get('s1')!, start + 350_000)).toBe(false);
    expect(isSilent(state, state.sensors.get('s1')!, start + 361_000)).toBe(true);
  });

  it('is not judged while the runtime is away, nor right after it came back', () => {
    const state = play([[0, hello(0)], ...everySecond(0, 30), [31_000, { kind: 'disconnected' }]]);
    expect(countSilent(state, start + 90_000)).toBe(0);
    applyEvent(state, hello(90_000, start + 89_000), start + 90_000);
    expect(countSilent(state, start + 91_000)).toBe(0);
    expect(countSilent(state, start + 101_000)).toBe(1);
    expect(state.restarts).toBe(1);
  });

  it('waits for a poll while the runtime leaves readings out', () => {
    const state = play([[0, hello(0)], ...everySecond(0, 30), [40_000, reading(40_000, 1, 's2', 9_500)]]);
    expect(countSilent(state, start + 41_000)).toBe(0);
    const row = {
      sensorId: 's1',
      sensor: 'temperature',
      stationId: 'A1',
      state: '',
      city: '',
      latestTime: start + 40_900,
      latestValue: 9,
    };
    applyEvent(state, { kind: 'sensors', rows: [row], polled: true }, start + 41_000);
    expect(state.sensors.get('s1')).toMatchObject({ value: 9, seenMillis: start + 41_000 });
  });
});

describe('the list of sensors', () => {
  it('gives a value to a sensor that was known by its windows only, without calling the sensor fresh', () => {
    const row = {
      sensorId: 's1',
      sensor: 'temperature',
      stationId: 'A1',
      state: 'iowa',
      city: 'ames',
      latestTime: start - 90_000,
      latestValue: 7,
    };
    const state = play([
      [0, hello(0)],
      [0, { kind: 'open', nowMillis: start, rows: [windowRow(0, 20)] }],
      [5_000, { kind: 'sensors', rows: [row], polled: true }],
    ]);
    expect(state.sensors.get('s1')).toMatchObject({ value: 7, seenMillis: start - 90_000 });
    expect(state.stations.get('A1')?.city).toBe('ames');
  });
});

describe('windows', () => {
  it('show the open window until it closes, and not again after', () => {
    const open: PageEvent = { kind: 'open', nowMillis: start + 30_000, rows: [windowRow(0, 20)] };
    const state = play([[30_000, open]]);
    expect(state.sensors.get('s1')?.open?.time).toBe(start);
    applyEvent(state, { kind: 'windows', rows: [windowRow(0, 21)] }, start + 61_000);
    expect(state.sensors.get('s1')?.open).toBeUndefined();
    applyEvent(state, open, start + 62_000);
    expect(state.sensors.get('s1')?.open).toBeUndefined();
    expect(state.sensors.get('s1')?.windows.at(-1, windowColumn.avg)).toBe(21);
  });

  it('take a correction and refuse an older revision', () => {
    const state = play([
      [0, { kind: 'windows', rows: [windowRow(0, 20, 1)] }],
      [1, { kind: 'history', rows: [windowRow(0, 10, 0)] }],
    ]);
    const series = state.sensors.get('s1')!.windows;
    expect(series.column(windowColumn.avg)).toEqual([20]);
    applyEvent(state, { kind: 'windows', rows: [windowRow(0, 22, 2)] }, start);
    expect(series.column(windowColumn.avg)).toEqual([22]);
  });

  it('merge history loaded after a reconnect without doubling what was known', () => {
    const rows = [0, 60_000, 120_000].map((millis) => windowRow(millis, 20));
    const state = play([
      [0, { kind: 'windows', rows: rows.slice(1) }],
      [1, { kind: 'history', rows }],
    ]);
    expect(state.sensors.get('s1')?.windows.column(windowColumn.time)).toEqual(rows.map((row) => row.time));
  });
});

describe('the connection', () => {
  it('goes from connecting to live, stale, live, reconnecting and live again', () => {
    const state = createPageState();
    const seen = [connectionOf(state, start)];
    const step = (millis: number, event: PageEvent | undefined): void => {
      if (event) applyEvent(state, event, start + millis);
      seen.push(connectionOf(state, start + millis));
    };
    step(0, hello(0));
    step(5_500, undefined);
    step(6_000, reading(6_000, 1));
    step(7_000, { kind: 'disconnected' });
    step(9_000, { kind: 'connected' });
    expect(seen).toEqual(['connecting', 'live', 'stale', 'live', 'reconnecting', 'live']);
  });

  it('judges ages by the clock of the runtime, not of the browser', () => {
    const state = createPageState();
    applyEvent(state, hello(0), start - 3_600_000);
    expect(state.clockOffsetMillis).toBe(3_600_000);
  });
});

describe('alerts', () => {
  it('come once though they come live and from the list, newest last, and stay bounded', () => {
    const alert = (index: number) => ({
      time: start + index,
      sensorId: 's1',
      sensor: 'temperature',
      stationId: 'A1',
      kind: 'above',
      value: 36,
      threshold: 35,
      message: '',
    });
    const rows = Array.from({ length: 250 }, (_, index) => alert(index));
    const state = play([
      [0, { kind: 'alert', row: alert(249) }],
      [1, { kind: 'alerts', rows }],
    ]);
    expect(state.alerts).toHaveLength(keep.alerts);
    expect(state.alerts.at(-1)?.time).toBe(start + 249);
  });
});
