import type { PageState, SensorState, StationState } from './page-state.ts';
import { sensorsOf, stationsOf, type ViewFilter } from './view-filter.ts';
import { groupsOf, mostGroups, type WindowGroup } from './window-groups.ts';

/** What a filter selects. */
export interface Scope {
  readonly stations: readonly StationState[];
  readonly sensors: readonly SensorState[];
  /** The sensors of all matching stations, whether or not one station is chosen. */
  readonly areaSensors: readonly SensorState[];
  readonly groups: readonly WindowGroup[];
  /** Groups beyond `mostGroups`, which are not drawn. */
  readonly hiddenGroups: number;
}

/** Works out what a filter selects, and again only when the filter or the set of sensors changes. */
export function createScope(): (state: PageState, filter: ViewFilter) => Scope {
  let stamp = '';
  let scope: Scope = { stations: [], sensors: [], areaSensors: [], groups: [], hiddenGroups: 0 };
  return (state, filter) => {
    const next = JSON.stringify([state.catalogVersion, filter]);
    if (next === stamp) return scope;
    stamp = next;
    const sensors = sensorsOf(state, filter);
    const groups = groupsOf(sensors, filter.station !== '');
    scope = {
      stations: stationsOf(state, filter),
      sensors,
      areaSensors: filter.station ? sensorsOf(state, { ...filter, station: '' }) : sensors,
      groups: groups.slice(0, mostGroups),
      hiddenGroups: Math.max(0, groups.length - mostGroups),
    };
    return scope;
  };
}
