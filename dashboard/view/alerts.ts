import { formatClock, formatShortSpan } from '../model/format.ts';
import type { AlertRow } from '../model/live-events.ts';
import { sensorTypeOf } from '../model/sensor-types.ts';
import { noFilter, printHash } from '../model/view-filter.ts';
import { createList, element, type Row, section, setAttribute, setText } from './dom.ts';
import type { View } from './view.ts';

const shownAlerts = 50;
const kinds: Readonly<Record<string, string>> = { above: '▲ above', below: '▼ below', normal: '● normal' };

interface Line {
  readonly alert: AlertRow;
  readonly nowMillis: number;
}

/** The newest alerts first. Each tells who, what and when, and leads to its station. */
export function createAlerts(): View {
  const list = element('ol', { class: 'alerts', id: 'alert-rows' });
  const note = element('p', { class: 'note' });
  const panel = section('alerts', 'Alerts', note, list);
  const showLines = createList<Line>(
    list,
    ({ alert }) => `${alert.time} ${alert.sensorId} ${alert.kind}`,
    createLine,
  );
  return {
    element: panel,
    update: ({ state, nowMillis }) => {
      showLines(
        state.alerts
          .slice(-shownAlerts)
          .reverse()
          .map((alert) => ({ alert, nowMillis })),
      );
      const hidden = state.alerts.length - shownAlerts;
      setText(
        note,
        state.alerts.length === 0
          ? 'No threshold was crossed.'
          : hidden > 0
            ? `The newest ${shownAlerts} of ${state.alerts.length}.`
            : '',
      );
      note.hidden = note.textContent === '';
    },
  };
}

function createLine({ alert }: Line): Row<Line> {
  const kind = element('span', { class: 'kind' }, kinds[alert.kind] ?? alert.kind);
  const link = element(
    'a',
    { href: printHash({ ...noFilter, station: alert.stationId }) },
    alert.stationId || alert.sensorId,
  );
  const time = element('time', { datetime: isoTime(alert.time) });
  const what = element('span', { class: 'what' }, sensorTypeOf(alert.sensor).label);
  const item = element(
    'li',
    {},
    element('div', {}, kind, ' ', link, ' ', what, ' ', time),
    element('p', {}, alert.message),
  );
  setAttribute(item, 'data-kind', alert.kind);
  return {
    element: item,
    update: (line) =>
      setText(
        time,
        `${formatClock(line.alert.time)}, ${formatShortSpan(line.nowMillis - line.alert.time)} ago`,
      ),
  };
}

function isoTime(millis: number): string {
  return Number.isFinite(millis) && Math.abs(millis) < 8.64e15 ? new Date(millis).toISOString() : '';
}
