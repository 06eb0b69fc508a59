import type { PageState, SensorState, StationState } from '../model/page-state.ts';
import type { ViewFilter } from '../model/view-filter.ts';
import type { WindowGroup, WindowPoint } from '../model/window-groups.ts';

/** What every part of the page is drawn from. */
export interface ViewContext {
  readonly state: PageState;
  readonly filter: ViewFilter;
  /** The runtime's clock. */
  readonly nowMillis: number;
  /** The browser's clock. */
  readonly clientMillis: number;
  /** Matching stations in order of place, whether or not one of them is chosen. */
  readonly stations: readonly StationState[];
  /** The sensors in view. */
  readonly sensors: readonly SensorState[];
  /** The sensors of all matching stations, whether or not one station is chosen. */
  readonly areaSensors: readonly SensorState[];
  readonly groups: readonly WindowGroup[];
  readonly hiddenGroups: number;
  readonly silent: number;
  closedPoints(group: WindowGroup): readonly WindowPoint[];
  openPoint(group: WindowGroup): WindowPoint | undefined;
}

/** A part of the page. */
export interface View {
  readonly element: HTMLElement;
  update(context: ViewContext): void;
}
