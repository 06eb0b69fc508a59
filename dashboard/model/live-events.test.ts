import { describe, expect, it } from 'vitest';
import { imbalanceOf, parseLedger, totalOf } from './ledger.ts';
import { parseLiveEvent } from './live-events.ts';

describe('reading live events', () => {
  it('turns rows of readings into fields and counts what was left out', () => {
    const data =
      '{"nowMillis":5,"rows":[["s1","temperature","A1","iowa","ames",4,21.5],"no row"],"omitted":7}';
    expect(parseLiveEvent('readings', data)).toEqual({
      kind: 'readings',
      nowMillis: 5,
      rows: [
        {
          sensorId: 's1',
          sensor: 'temperature',
          stationId: 'A1',
          state: 'iowa',
          city: 'ames',
          time: 4,
          value: 21.5,
        },
      ],
      omitted: 7,
    });
  });

  it('reads null and missing numbers of a window as not a number', () => {
    const event = parseLiveEvent(
      'windows',
      '{"rows":[{"sensor_id":"s1","time":0,"window_end":60000,"avg":null,"count":3}]}',
    );
    expect(event).toMatchObject({ rows: [{ avg: Number.NaN, min: Number.NaN, count: 3, revision: 0 }] });
  });

  it.each([['not json'], ['null'], ['[]'], ['7']])('calls %s unreadable', (data) => {
    expect(parseLiveEvent('stats', data)).toBeUndefined();
  });

  it('calls an alert without a sensor unreadable', () => {
    expect(parseLiveEvent('alert', '{"time":1}')).toBeUndefined();
  });
});

describe('the ledger', () => {
  it('tells of a stage whether it adds up', () => {
    const ledger = parseLedger({
      accepted: 10,
      stages: [
        { stage: 'mqtt', in: 12, out: 10, dropped: { 'too-large': 2 }, inFlight: 0 },
        { stage: 'rule', in: 10, out: 6, dropped: { 'not-json': 1 }, inFlight: 1 },
      ],
      late: 3,
      rejected: { 'not-json': 1, 'bad-utf8': 0 },
    });
    expect(ledger.stages.map(imbalanceOf)).toEqual([0, 2]);
    expect([totalOf(ledger.late), totalOf(ledger.rejected), totalOf(ledger.refused)]).toEqual([3, 1, 0]);
    expect([...ledger.rejected.keys()]).toEqual(['not-json']);
  });
});
