import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPageState, sensorOf } from './page-state.ts';
import { choicesOf, noFilter, parseHash, printHash, sensorsOf, stationsOf } from './view-filter.ts';

const state = createPageState();
for (const [id, type, stationId, place, city] of [
  ['a1-t', 'temperature', 'A1', 'iowa', 'ames'],
  ['a1-h', 'humidity', 'A1', 'iowa', 'ames'],
  ['a10-t', 'temperature', 'A10', 'iowa', 'ames'],
  ['a2-t', 'temperature', 'A2', 'iowa', 'ames'],
  ['t1-t', 'temperature', 'T1', 'texas', 'lubbock'],
] as const) {
  sensorOf(state, id, type, { stationId, state: place, city });
}

describe('the filter', () => {
  it('survives the address bar whatever the names are', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(fc.record({ state: text, station: text, sensor: text, query: text }), (filter) => {
        expect(parseHash(printHash(filter))).toEqual(filter);
      }),
    );
  });

  it('orders stations by place, and numbers in names as numbers', () => {
    expect(stationsOf(state, noFilter).map((station) => station.id)).toEqual(['A1', 'A2', 'A10', 'T1']);
  });

  it('narrows stations by state and offers only those', () => {
    const filter = { ...noFilter, state: 'texas' };
    expect(stationsOf(state, filter).map((station) => station.id)).toEqual(['T1']);
    expect(choicesOf(state, filter)).toMatchObject({
      states: ['iowa', 'texas'],
      sensors: ['humidity', 'temperature'],
    });
    expect(choicesOf(state, filter).stations.map((station) => station.id)).toEqual(['T1']);
  });

  it('finds stations by city, and by the id of one of their sensors', () => {
    const idsOf = (query: string) => stationsOf(state, { ...noFilter, query }).map((station) => station.id);
    expect(idsOf('LUBB')).toEqual(['T1']);
    expect(idsOf('a1-h')).toEqual(['A1']);
  });

  it('selects the sensors of the chosen station and type', () => {
    const idsOf = (filter: Partial<typeof noFilter>) =>
      sensorsOf(state, { ...noFilter, ...filter }).map((sensor) => sensor.id);
    expect(idsOf({ station: 'A1' })).toEqual(['a1-t', 'a1-h']);
    expect(idsOf({ state: 'iowa', sensor: 'temperature' })).toEqual(['a1-t', 'a2-t', 'a10-t']);
    expect(idsOf({ station: 'nowhere' })).toEqual([]);
  });
});
