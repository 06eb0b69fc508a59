import type { StationState } from '../model/page-state.ts';
import { sensorTypeOf } from '../model/sensor-types.ts';
import { choicesOf, noFilter, stationLabel, type ViewFilter } from '../model/view-filter.ts';
import { element, setAttribute } from './dom.ts';
import type { View, ViewContext } from './view.ts';

const rebuildMillis = 1_000;
/** A native list of more stations than this is no help; the search box finds the rest. */
const mostOptions = 2_000;

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly group?: string;
}

/** State → city and station → sensor type, and a search; every change goes to `onChange`. */
export function createFilterBar(onChange: (filter: ViewFilter) => void): View {
  let filter: ViewFilter = noFilter;
  const change = (part: Partial<ViewFilter>): void => onChange({ ...filter, ...part });
  const states = select('State', 'filter-state', (state) => change({ state, station: '' }));
  const stations = select('Station', 'filter-station', (station) => change({ station }));
  const sensors = select('Sensor', 'filter-sensor', (sensor) => change({ sensor }));
  const search = element('input', {
    type: 'search',
    id: 'filter-query',
    placeholder: 'station, city or sensor id',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  search.addEventListener('input', () => change({ query: search.value, station: '' }));
  const clear = element('button', { type: 'button', class: 'quiet', id: 'filter-clear' }, 'Show all');
  clear.addEventListener('click', () => onChange(noFilter));
  const form = element(
    'form',
    { class: 'filter', role: 'search', 'aria-label': 'What to show' },
    states.element,
    stations.element,
    sensors.element,
    element('label', { class: 'field grow' }, element('span', {}, 'Find'), search),
    clear,
  );
  form.addEventListener('submit', (event) => event.preventDefault());

  let stamp = '';
  let builtMillis = 0;
  return {
    element: form,
    update: (context) => {
      const filterStamp = JSON.stringify(context.filter);
      const fullStamp = `${context.state.catalogVersion} ${filterStamp}`;
      const isNewFilter = JSON.stringify(filter) !== filterStamp;
      if (stamp === fullStamp || (!isNewFilter && context.clientMillis - builtMillis < rebuildMillis)) return;
      stamp = fullStamp;
      if (context.state.sensors.size > 0) builtMillis = context.clientMillis;
      filter = context.filter;
      showChoices(context, { states, stations, sensors });
      if (search.value !== filter.query && document.activeElement !== search) search.value = filter.query;
      setAttribute(clear, 'disabled', filterStamp === JSON.stringify(noFilter) ? '' : undefined);
    },
  };
}

type Selects = Readonly<Record<'states' | 'stations' | 'sensors', ReturnType<typeof select>>>;

function showChoices({ state, filter }: ViewContext, selects: Selects): void {
  const choices = choicesOf(state, filter);
  selects.states.show('All states', choices.states.map(named), filter.state);
  selects.stations.show(
    'All stations',
    choices.stations.slice(0, mostOptions).map(stationChoice),
    filter.station,
  );
  selects.sensors.show(
    'All types',
    choices.sensors.map((type) => ({ value: type, label: sensorTypeOf(type).label })),
    filter.sensor,
  );
}

function named(value: string): Choice {
  return { value, label: value || '(no name)' };
}

function stationChoice(station: StationState): Choice {
  return { value: station.id, label: stationLabel(station), group: station.state };
}

function select(label: string, id: string, onChoose: (value: string) => void) {
  const list = element('select', { id });
  list.addEventListener('change', () => onChoose(list.value));
  return {
    element: element('label', { class: 'field' }, element('span', {}, label), list),
    show: (all: string, choices: readonly Choice[], chosen: string): void => {
      const isKnown = !chosen || choices.some((choice) => choice.value === chosen);
      const known = choices.filter((choice) => choice.value !== '');
      const shown = isKnown ? known : [...known, { value: chosen, label: `${chosen} (not seen yet)` }];
      list.replaceChildren(option('', all), ...grouped(shown));
      list.value = chosen;
    },
  };
}

function grouped(choices: readonly Choice[]): Node[] {
  return [...Map.groupBy(choices, (choice) => choice.group ?? '')].flatMap(([group, members]) => {
    const options = members.map((choice) => option(choice.value, choice.label));
    return group ? [element('optgroup', { label: group }, ...options)] : options;
  });
}

function option(value: string, label: string): HTMLOptionElement {
  return element('option', { value }, label);
}
