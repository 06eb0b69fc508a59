import type { PageState } from '../model/page-state.ts';
import type { MqttAddress } from '../model/publish-command.ts';
import type { Scope } from '../model/scope.ts';
import { countSilent, runtimeNow } from '../model/silence.ts';
import type { ViewFilter } from '../model/view-filter.ts';
import { createPointCache, openPoint } from '../model/window-groups.ts';
import { createAlerts } from './alerts.ts';
import { createChartPanel } from './chart-panel.ts';
import { element } from './dom.ts';
import { createEmptyState } from './empty-state.ts';
import { createFilterBar } from './filter-bar.ts';
import { createHeader } from './header.ts';
import { createNotices } from './notices.ts';
import { createReadings } from './readings.ts';
import { createService } from './service.ts';
import { createStationList } from './station-list.ts';
import { createSummaryTable } from './summary-table.ts';
import { type AskTrace, createTraceDialog } from './trace-dialog.ts';
import type { ViewContext } from './view.ts';
import { createWindowTable } from './window-table.ts';

/** What the page needs from outside. */
export interface PageWiring {
  onFilter(filter: ViewFilter): void;
  readonly askTrace: AskTrace;
  mqttAddress(): MqttAddress | undefined;
}

/** The whole page: header, filter, then what is now, what was, how the service does; stations and alerts at the side. */
export function createPage(wiring: PageWiring) {
  const charts = createChartPanel();
  const header = createHeader(() => charts.redraw());
  const filterBar = createFilterBar(wiring.onFilter);
  const notices = createNotices();
  const empty = createEmptyState(wiring.mqttAddress);
  const trace = createTraceDialog(wiring.askTrace);
  const data = [createReadings(trace.open), charts, createWindowTable(), createSummaryTable()];
  const service = createService();
  const side = [createStationList(), createAlerts()];
  const views = [header, filterBar, notices, empty, ...data, service, ...side];
  const dataBox = element('div', { class: 'stack' }, ...data.map((view) => view.element));
  const aside = element(
    'aside',
    { class: 'stack', 'aria-label': 'Stations and alerts' },
    ...side.map((view) => view.element),
  );
  const main = element('main', { class: 'stack' }, notices.element, empty.element, dataBox, service.element);
  const pointsOf = createPointCache();
  return {
    element: element(
      'div',
      { class: 'page' },
      header.element,
      filterBar.element,
      element('div', { class: 'columns' }, main, aside),
      trace.element,
    ),
    update: (state: PageState, filter: ViewFilter, scope: Scope, clientMillis: number): void => {
      const nowMillis = runtimeNow(state, clientMillis);
      const context: ViewContext = {
        state,
        filter,
        nowMillis,
        clientMillis,
        ...scope,
        silent: countSilent(state, nowMillis),
        closedPoints: (group) => pointsOf(state, group),
        openPoint: (group) => openPoint(group, nowMillis),
      };
      dataBox.hidden = state.sensors.size === 0;
      aside.hidden = state.sensors.size === 0;
      for (const view of views) view.update(context);
    },
  };
}
