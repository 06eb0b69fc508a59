import { formatClock, formatValue } from '../model/format.ts';
import { sensorTypeOf } from '../model/sensor-types.ts';
import { type SummaryBy, type SummaryRow, summarise } from '../model/summaries.ts';
import { compareText } from '../model/view-filter.ts';
import { lastClosedTime } from '../model/window-groups.ts';
import { createList, element, type Row, scrollBox, section, setAttribute, setText } from './dom.ts';
import { createPager } from './pager.ts';
import type { View, ViewContext } from './view.ts';

const pageSize = 50;
const mostTypes = 8;

/** Minimum, average and maximum of the last closed window, by state or by station. */
export function createSummaryTable(): View {
  let by: SummaryBy = 'state';
  let shown: ViewContext | undefined;
  const redraw = (): void => {
    stamp = '';
    if (shown) update(shown);
  };
  const head = element('thead', {});
  const body = element('tbody', { id: 'summary-rows' });
  const note = element('p', { class: 'note', id: 'summary-note' });
  const pager = createPager(pageSize, 'rows', redraw);
  const toggle = createToggle((chosen) => {
    by = chosen;
    redraw();
  });
  const caption = element('caption', { class: 'hidden' }, 'Last closed window by place');
  const table = element('table', { class: 'numbers' }, caption, head, body);
  const panel = section(
    'summary',
    'Last closed window by place',
    toggle,
    note,
    pager.element,
    scrollBox('Last closed window by place', table),
  );
  let stamp = '';
  let rows: readonly SummaryRow[] = [];
  const update = (context: ViewContext): void => {
    shown = context;
    const { state, filter } = context;
    const next = JSON.stringify([state.windowsVersion, state.catalogVersion, filter, by]);
    if (next === stamp) return;
    stamp = next;
    const time = lastClosedTime(context.areaSensors);
    rows = summarise(context.areaSensors, by, time);
    const types = typesOf(rows);
    showHead(head, types, by);
    body.replaceChildren();
    createList<SummaryRow>(
      body,
      (row) => row.key,
      () => createRow(types),
    )(pager.pageOf(rows));
    setText(
      note,
      Number.isNaN(time)
        ? 'No window has closed yet.'
        : `Window ${formatClock(time)}–${formatClock(time + 60_000)}.`,
    );
  };
  return { element: panel, update };
}

function createToggle(onChoose: (by: SummaryBy) => void): HTMLElement {
  const choices = (['state', 'station'] as const).map((by) => {
    const button = element(
      'button',
      { type: 'button', 'aria-pressed': String(by === 'state'), id: `summary-by-${by}` },
      `By ${by}`,
    );
    button.addEventListener('click', () => {
      for (const other of choices) setAttribute(other, 'aria-pressed', String(other === button));
      onChoose(by);
    });
    return button;
  });
  return element('div', { class: 'segments', role: 'group', 'aria-label': 'Group by' }, ...choices);
}

function typesOf(rows: readonly SummaryRow[]): string[] {
  return [...new Set(rows.flatMap((row) => [...row.byType.keys()]))].sort(compareText).slice(0, mostTypes);
}

function showHead(head: HTMLElement, types: readonly string[], by: SummaryBy): void {
  const titles = types.map((type) => {
    const { label, unit } = sensorTypeOf(type);
    return element(
      'th',
      { colspan: '3', scope: 'colgroup', class: 'group' },
      unit ? `${label}, ${unit}` : label,
    );
  });
  const parts = types.flatMap(() =>
    ['min', 'avg', 'max'].map((name, index) =>
      element('th', { scope: 'col', ...(index === 0 && { class: 'group' }) }, name),
    ),
  );
  head.replaceChildren(
    element(
      'tr',
      {},
      element('th', { rowspan: '2', scope: 'col', class: 'sticky' }, by),
      element('th', { rowspan: '2', scope: 'col' }, 'sensors'),
      ...titles,
    ),
    element('tr', {}, ...parts),
  );
}

function createRow(types: readonly string[]): Row<SummaryRow> {
  const line = element('tr', {});
  return {
    element: line,
    update: (row) => {
      const cells = types.flatMap((type) => {
        const point = row.byType.get(type);
        const texts = point ? [point.min, point.avg, point.max].map(formatValue) : ['', '', ''];
        return texts.map((text, index) => element('td', index === 0 ? { class: 'group' } : {}, text));
      });
      const reporting = element(
        'td',
        row.reporting < row.sensors ? { 'data-tone': 'warn' } : {},
        `${row.reporting} of ${row.sensors}`,
      );
      line.replaceChildren(
        element('th', { scope: 'row', class: 'sticky' }, row.label || '(no name)'),
        reporting,
        ...cells,
      );
    },
  };
}
