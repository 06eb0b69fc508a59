import { type Connection, connectionOf } from '../model/connection.ts';
import { formatClock, formatCount, formatSpan } from '../model/format.ts';
import { element, setAttribute, setText, svg } from './dom.ts';
import { createThemeButton } from './theme.ts';
import type { View, ViewContext } from './view.ts';

const statusTexts: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  stale: 'Stale',
  reconnecting: 'Reconnecting',
};

/** Name, what the page may claim about its numbers, the few numbers that tell whether all is well, the clock. */
export function createHeader(onThemeChange: () => void): View {
  const status = element('span', { class: 'status-text' });
  const statusAge = element('span', { class: 'status-age' });
  const pill = element(
    'div',
    { class: 'status', id: 'status' },
    element('span', { class: 'status-dot', 'aria-hidden': 'true' }),
    status,
    statusAge,
  );
  const facts = {
    rate: fact('messages/s', 'fact-rate'),
    devices: fact('connected', 'fact-devices'),
    sensors: fact('sensors', 'fact-sensors'),
    silent: fact('silent', 'fact-silent'),
    alerts: fact('alerts', 'fact-alerts'),
  };
  const clock = element('time', { class: 'clock', id: 'clock' });
  const list = element('dl', { class: 'facts' }, ...Object.values(facts).map((each) => each.element));
  const header = element(
    'header',
    { class: 'top' },
    element('div', { class: 'brand' }, glyph(), element('h1', {}, 'Mesonet')),
    pill,
    list,
    element('div', { class: 'top-end' }, clock, createThemeButton(onThemeChange)),
  );
  return {
    element: header,
    update: (context) => {
      const { state } = context;
      const connection = connectionOf(state, context.clientMillis);
      setAttribute(pill, 'data-connection', connection);
      setText(status, statusTexts[connection]);
      setText(statusAge, ageText(context));
      facts.rate.show(formatCount(state.stats?.messagesPerSecond ?? Number.NaN));
      facts.devices.show(formatCount(state.stats?.connections ?? Number.NaN));
      facts.sensors.show(formatCount(state.sensors.size));
      facts.silent.show(formatCount(context.silent), context.silent > 0 ? 'warn' : undefined);
      facts.alerts.show(formatCount(state.alerts.length));
      setText(clock, formatClock(context.nowMillis, true));
      setAttribute(clock, 'datetime', new Date(context.nowMillis).toISOString());
    },
  };
}

function ageText(context: ViewContext): string {
  const age = context.clientMillis - context.state.lastEventClientMillis;
  return Number.isNaN(age) ? '' : `last event ${formatSpan(age)} ago`;
}

function fact(label: string, id: string) {
  const value = element('dd', { id });
  const item = element('div', {}, element('dt', {}, label), value);
  return {
    element: item,
    show: (text: string, tone?: string) => {
      setText(value, text);
      setAttribute(item, 'data-tone', tone);
    },
  };
}

function glyph(): SVGElement {
  const arcs = ['M5 15a7 7 0 0 1 14 0', 'M8.5 15a3.5 3.5 0 0 1 7 0'].map((d) => svg('path', { d }));
  return svg(
    'svg',
    { class: 'glyph', viewBox: '0 0 24 24', 'aria-hidden': 'true' },
    ...arcs,
    svg('circle', { cx: '12', cy: '15', r: '1.4' }),
    svg('path', { d: 'M12 16.5V21M8.5 21h7' }),
  );
}
