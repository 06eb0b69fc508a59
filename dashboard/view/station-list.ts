import { formatShortSpan, formatValue } from '../model/format.ts';
import type { SensorState, StationState } from '../model/page-state.ts';
import { sensorTypeOf } from '../model/sensor-types.ts';
import { isSilent } from '../model/silence.ts';
import { compareText, printHash } from '../model/view-filter.ts';
import { createList, element, type Row, scrollBox, section, setAttribute, setText } from './dom.ts';
import { createPager } from './pager.ts';
import type { View, ViewContext } from './view.ts';

const pageSize = 50;
const mostTypes = 6;

interface Line {
  readonly station: StationState;
  readonly types: readonly string[];
  readonly context: ViewContext;
}

/** Every station in view with the newest value of each sensor; silent ones marked. A click chooses the station. */
export function createStationList(): View {
  const head = element('thead', {});
  const body = element('tbody', { id: 'station-rows' });
  const table = element(
    'table',
    { class: 'stations' },
    element('caption', { class: 'hidden' }, 'Newest value of each sensor by station'),
    head,
    body,
  );
  let shown: ViewContext | undefined;
  const pager = createPager(pageSize, 'stations', () => shown && update(shown));
  let onlySilent = false;
  const silentButton = element('button', {
    type: 'button',
    class: 'quiet',
    id: 'only-silent',
    'aria-pressed': 'false',
  });
  silentButton.addEventListener('click', () => {
    onlySilent = !onlySilent;
    setAttribute(silentButton, 'aria-pressed', String(onlySilent));
    if (shown) update(shown);
  });
  const panel = section('stations', 'Stations', silentButton, pager.element, scrollBox('Stations', table));
  let headStamp = '';
  let showLines = createList<Line>(body, (line) => line.station.id, createLine);
  const update = (context: ViewContext): void => {
    shown = context;
    const silent = context.stations.filter((station) => hasSilent(station, context));
    setText(silentButton, `Only silent (${silent.length})`);
    const stations = pager.pageOf(onlySilent ? silent : context.stations);
    const types = typesOf(stations, context.filter.sensor);
    const stamp = types.join('\n');
    if (stamp !== headStamp) {
      headStamp = stamp;
      head.replaceChildren(headRow(types));
      body.replaceChildren();
      showLines = createList<Line>(body, (line) => line.station.id, createLine);
    }
    showLines(stations.map((station) => ({ station, types, context })));
  };
  return { element: panel, update };
}

function hasSilent(station: StationState, { state, nowMillis, filter }: ViewContext): boolean {
  for (const sensor of station.sensors.values()) {
    if ((!filter.sensor || sensor.type === filter.sensor) && isSilent(state, sensor, nowMillis)) return true;
  }
  return false;
}

function typesOf(stations: readonly StationState[], chosen: string): string[] {
  if (chosen) return [chosen];
  const types = new Set(
    stations.flatMap((station) => [...station.sensors.values()].map((sensor) => sensor.type)),
  );
  return [...types].sort(compareText).slice(0, mostTypes);
}

function headRow(types: readonly string[]): HTMLElement {
  const cells = types.map((type) => {
    const { label, short, unit } = sensorTypeOf(type);
    return element('th', { scope: 'col', title: label }, short, element('small', {}, unit));
  });
  return element('tr', {}, element('th', { scope: 'col', class: 'sticky' }, 'station'), ...cells);
}

function createLine(line: Line): Row<Line> {
  const link = element('a', { class: 'station-link' });
  const city = element('span', { class: 'city' });
  const id = element('span', { class: 'station-id' }, line.station.id);
  link.append(city, id);
  const cells = line.types.map(() => createCell());
  const row = element(
    'tr',
    { 'data-station': line.station.id },
    element('th', { scope: 'row', class: 'sticky' }, link),
    ...cells.map((cell) => cell.element),
  );
  return {
    element: row,
    update: ({ station, types, context }) => {
      const isChosen = station.id === context.filter.station;
      setText(city, station.city || station.state);
      setAttribute(link, 'href', printHash({ ...context.filter, station: isChosen ? '' : station.id }));
      setAttribute(link, 'aria-current', isChosen ? 'true' : undefined);
      setAttribute(row, 'data-chosen', isChosen ? 'true' : undefined);
      types.forEach((type, index) => {
        cells[index]?.update(newestOf(station, type), context);
      });
    },
  };
}

function newestOf(station: StationState, type: string): SensorState | undefined {
  let newest: SensorState | undefined;
  for (const sensor of station.sensors.values()) {
    if (sensor.type === type && !(newest && newest.time >= sensor.time)) newest = sensor;
  }
  return newest;
}

function createCell() {
  const value = element('span', {});
  const silence = element('span', { class: 'silence' });
  const cell = element('td', {}, value, silence);
  return {
    element: cell,
    update: (sensor: SensorState | undefined, { state, nowMillis }: ViewContext): void => {
      const silent = sensor !== undefined && isSilent(state, sensor, nowMillis);
      setText(value, sensor ? formatValue(sensor.value) : '');
      setText(
        silence,
        silent ? `silent ${formatShortSpan(nowMillis - sensor.seenMillis).replace(' ', '\u00a0')}` : '',
      );
      setAttribute(cell, 'data-silent', silent ? 'true' : undefined);
    },
  };
}
