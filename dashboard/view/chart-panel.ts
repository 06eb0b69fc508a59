import { mostStationsWithHistory } from '../live/history.ts';
import { timeRange } from '../model/chart-columns.ts';
import { formatClock, formatCount, formatValue } from '../model/format.ts';
import { sensorTypeOf } from '../model/sensor-types.ts';
import type { WindowGroup, WindowPoint } from '../model/window-groups.ts';
import { createList, element, type Row, section, setAttribute, setText, svg } from './dom.ts';
import type { View, ViewContext } from './view.ts';
import { createWindowChart, type WindowChart } from './window-chart.ts';

/** At most two chart updates a second, however fast events come. */
const chartMillis = 500;

interface ChartItem {
  readonly group: WindowGroup;
  readonly points: readonly WindowPoint[];
  readonly open: WindowPoint | undefined;
  readonly timeRange: readonly [number, number];
}

/** One chart per sensor of a chosen station, else per sensor type over all sensors in view. */
export function createChartPanel(): View & { redraw(): void } {
  const charts = new Set<WindowChart>();
  const grid = element('div', { class: 'charts' });
  const note = element('p', { class: 'note' });
  const panel = section('windows', '60-second windows', createLegend(), note, grid);
  const showItems = createList<ChartItem>(
    grid,
    (item) => item.group.key,
    () => createChartRow(charts),
  );
  let drawnMillis = 0;
  let drawnFilter = '';
  return {
    element: panel,
    redraw: () => {
      for (const chart of charts) chart.redraw();
    },
    update: (context) => {
      const filter = JSON.stringify(context.filter);
      if (filter === drawnFilter && context.clientMillis - drawnMillis < chartMillis) return;
      drawnMillis = context.clientMillis;
      drawnFilter = filter;
      showItems(chartItems(context));
      setText(note, noteText(context));
      note.hidden = note.textContent === '';
    },
  };
}

/** The charts show the last half hour; the same array as long as no window closes. */
const chartWindows = 30;
const shownPoints = new WeakMap<readonly WindowPoint[], readonly WindowPoint[]>();

function lastOf(context: ViewContext, group: WindowGroup): readonly WindowPoint[] {
  const all = context.closedPoints(group);
  const shown = shownPoints.get(all) ?? all.slice(-chartWindows);
  shownPoints.set(all, shown);
  return shown;
}

function createLegend(): HTMLElement {
  const line = svg('path', { class: 'legend-line', d: 'M1 8H23' });
  const band = svg('rect', { class: 'legend-band', x: '1', y: '2', width: '22', height: '12' });
  const open = svg('rect', { class: 'legend-open', x: '7', y: '2', width: '10', height: '12' });
  const key = (shape: SVGElement, text: string): HTMLElement =>
    element('span', {}, svg('svg', { viewBox: '0 0 24 16', 'aria-hidden': 'true' }, shape), text);
  return element(
    'p',
    { class: 'legend note' },
    key(line, 'average'),
    key(band, 'minimum to maximum'),
    key(open, 'open window: still filling, not final'),
  );
}

function chartItems(context: ViewContext): ChartItem[] {
  const drawn = context.groups.map((group) => ({
    group,
    points: lastOf(context, group),
    open: context.openPoint(group),
  }));
  const range = timeRange(
    drawn.flatMap(({ points, open }) => [points[0], points.at(-1), open]),
    context.nowMillis,
  );
  return drawn.map((item) => ({ ...item, timeRange: range }));
}

function noteText({ filter, stations, hiddenGroups }: ViewContext): string {
  const parts: string[] = [];
  if (!filter.station && stations.length > mostStationsWithHistory) {
    parts.push(
      `Over more than ${mostStationsWithHistory} stations the charts begin when the page was opened; choose a station for its history.`,
    );
  }
  if (hiddenGroups > 0) parts.push(`${hiddenGroups} more not drawn: choose a sensor type.`);
  return parts.join(' ');
}

function createChartRow(charts: Set<WindowChart>): Row<ChartItem> {
  const title = element('h3', {});
  const readout = element('p', { class: 'readout' });
  const canvas = element('div', { class: 'chart', role: 'img' });
  const figure = element('article', { class: 'chart-card' }, title, readout, canvas);
  let hovered: WindowPoint | undefined;
  let shown: ChartItem | undefined;
  let chart: WindowChart | undefined;
  const showReadout = (): void => {
    const point = hovered ?? shown?.points.at(-1);
    setText(readout, shown ? readoutText(point, shown) : '');
  };
  return {
    element: figure,
    update: (item) => {
      const type = sensorTypeOf(item.group.type);
      setText(title, type.unit ? `${type.label}, ${type.unit}` : type.label);
      setAttribute(figure, 'data-colour', String(type.colour));
      setAttribute(figure, 'data-open', item.open ? String(item.open.time) : undefined);
      setAttribute(figure, 'data-closed', String(item.points.length));
      setAttribute(canvas, 'aria-label', `${type.label}: ${ariaText(item)}`);
      chart ??= createChart();
      if (!isSameDrawing(shown, item)) chart.show({ ...item, colour: type.colour });
      shown = item;
      showReadout();
    },
    remove: () => {
      if (!chart) return;
      charts.delete(chart);
      chart.destroy();
    },
  };

  function createChart(): WindowChart {
    const created = createWindowChart(canvas, (point) => {
      hovered = point;
      showReadout();
    });
    charts.add(created);
    return created;
  }
}

function isSameDrawing(before: ChartItem | undefined, item: ChartItem): boolean {
  return (
    before !== undefined &&
    before.points === item.points &&
    before.timeRange[0] === item.timeRange[0] &&
    before.timeRange[1] === item.timeRange[1] &&
    before.open?.time === item.open?.time &&
    before.open?.count === item.open?.count
  );
}

function readoutText(point: WindowPoint | undefined, item: ChartItem): string {
  if (!point) return item.open ? 'no closed window yet' : 'no window yet';
  const { length } = item.group.sensors;
  const partial = point.sensors < length ? `, ${point.sensors} of ${length} sensors` : '';
  const open = point.open ? 'open, ' : '';
  const span = `${formatClock(point.time)}–${formatClock(point.end)}`;
  const range = `${formatValue(point.min)} to ${formatValue(point.max)}`;
  return `${span}  avg ${formatValue(point.avg)} (${range}) ${open}n ${formatCount(point.count)}${partial}`;
}

function ariaText({ points, open }: ChartItem): string {
  const last = points.at(-1);
  const closed = last
    ? `${points.length} closed windows, the last from ${formatClock(last.time)}: average ${formatValue(last.avg)}, minimum ${formatValue(last.min)}, maximum ${formatValue(last.max)}`
    : 'no closed window';
  return open ? `${closed}; open window so far: average ${formatValue(open.avg)}` : closed;
}
