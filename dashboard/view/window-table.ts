import { formatClock, formatCount, formatValue } from '../model/format.ts';
import { sensorTypeOf } from '../model/sensor-types.ts';
import type { WindowGroup, WindowPoint } from '../model/window-groups.ts';
import { createList, element, type Row, scrollBox, section, setAttribute, setText } from './dom.ts';
import type { View, ViewContext } from './view.ts';

const closedRows = 10;
const columns = ['min', 'avg', 'max', 'n'] as const;

interface TableRow {
  readonly time: number;
  readonly end: number;
  readonly open: boolean;
  /** In the order of the groups. */
  readonly points: readonly (WindowPoint | undefined)[];
}

/** The last windows as numbers, the open one first and named so. */
export function createWindowTable(): View {
  const head = element('thead', {});
  const body = element('tbody', { id: 'window-rows' });
  const table = element(
    'table',
    { class: 'numbers' },
    element('caption', { class: 'hidden' }, 'Last 60-second windows'),
    head,
    body,
  );
  const panel = section('last-windows', 'Last windows', scrollBox('Last windows', table));
  let headStamp = '';
  let showRows = createList<TableRow>(body, rowKey, () => createRow(0));
  return {
    element: panel,
    update: (context) => {
      const stamp = context.groups.map((group) => group.key).join('\n');
      if (stamp !== headStamp) {
        headStamp = stamp;
        showHead(head, context.groups);
        body.replaceChildren();
        showRows = createList<TableRow>(body, rowKey, () => createRow(context.groups.length));
      }
      showRows(tableRows(context));
    },
  };
}

function tableRows(context: ViewContext): TableRow[] {
  const closed = context.groups.map((group) => context.closedPoints(group).slice(-closedRows));
  const open = context.groups.map((group) => context.openPoint(group));
  const times = new Set(closed.flat().map((point) => point.time));
  const newest = [...times].sort((a, b) => b - a).slice(0, closedRows);
  const openTimes = new Set(open.flatMap((point) => (point ? [point.time] : [])));
  return [
    ...[...openTimes]
      .sort((a, b) => b - a)
      .map((time) =>
        tableRow(
          time,
          true,
          open.map((point) => (point?.time === time ? point : undefined)),
        ),
      ),
    ...newest.map((time) =>
      tableRow(
        time,
        false,
        closed.map((points) => points.find((point) => point.time === time)),
      ),
    ),
  ];
}

function tableRow(time: number, open: boolean, points: readonly (WindowPoint | undefined)[]): TableRow {
  return { time, end: points.find((point) => point)?.end ?? Number.NaN, open, points };
}

function rowKey(row: TableRow): string {
  return `${row.time} ${row.open}`;
}

function showHead(head: HTMLElement, groups: readonly WindowGroup[]): void {
  const isNamed = new Set(groups.map((group) => group.type)).size < groups.length;
  const titles = groups.map((group) => {
    const { unit } = sensorTypeOf(group.type);
    const name = isNamed ? `${group.label} ${group.key}` : group.label;
    return element(
      'th',
      { colspan: '4', scope: 'colgroup', class: 'group' },
      unit ? `${name}, ${unit}` : name,
    );
  });
  const parts = groups.flatMap(() =>
    columns.map((name, index) =>
      element('th', { scope: 'col', ...(index === 0 && { class: 'group' }) }, name),
    ),
  );
  head.replaceChildren(
    element('tr', {}, element('th', { rowspan: '2', scope: 'col', class: 'sticky' }, 'window'), ...titles),
    element('tr', {}, ...parts),
  );
}

function createRow(groups: number): Row<TableRow> {
  const label = element('span', {});
  const mark = element('span', { class: 'tag' }, 'open');
  const cells = Array.from({ length: groups * 4 }, (_, index) =>
    element('td', index % 4 === 0 ? { class: 'group' } : {}),
  );
  const line = element('tr', {}, element('th', { scope: 'row', class: 'sticky' }, label, mark), ...cells);
  return {
    element: line,
    update: (row) => {
      setText(label, `${formatClock(row.time)}–${formatClock(row.end)}`);
      setAttribute(line, 'data-open', row.open ? 'true' : undefined);
      mark.hidden = !row.open;
      row.points.forEach((point, index) => {
        const texts = point
          ? [formatValue(point.min), formatValue(point.avg), formatValue(point.max), formatCount(point.count)]
          : ['', '', '', ''];
        texts.forEach((text, offset) => {
          const cell = cells[index * 4 + offset];
          if (cell) setText(cell, text);
        });
      });
    },
  };
}
