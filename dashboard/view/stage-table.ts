import { formatCompact, formatLag } from '../model/format.ts';
import { imbalanceOf, type LedgerStage, totalOf } from '../model/ledger.ts';
import type { StageLag } from '../model/live-events.ts';
import { createList, element, type Row, scrollBox, setAttribute, setText } from './dom.ts';
import type { View } from './view.ts';

const titles = ['stage', 'in', 'out', 'dropped', 'in flight', 'check', 'lag', 'backlog'] as const;

interface Line {
  readonly name: string;
  readonly ledger: LedgerStage | undefined;
  readonly lag: StageLag | undefined;
}

/** Each stage of the way with its counters, whether they add up, and how far it is behind. */
export function createStageTable(): View {
  const body = element('tbody', { id: 'stage-rows' });
  const head = element(
    'tr',
    {},
    ...titles.map((title, index) =>
      element('th', { scope: 'col', ...(index === 0 && { class: 'sticky' }) }, title),
    ),
  );
  const caption = element('caption', { class: 'hidden' }, 'Ledger and lag by stage');
  const table = element('table', { class: 'numbers stages' }, caption, element('thead', {}, head), body);
  const showLines = createList<Line>(body, (line) => line.name, createLine);
  return {
    element: scrollBox('Ledger and lag by stage', table),
    update: ({ state }) => showLines(linesOf(state.stats?.ledger.stages ?? [], state.stats?.lag ?? [])),
  };
}

function linesOf(stages: readonly LedgerStage[], lags: readonly StageLag[]): Line[] {
  const lagOf = new Map(lags.map((lag) => [lag.stage, lag]));
  const counted = new Set(stages.map((stage) => stage.stage));
  return [
    ...stages.map((stage) => ({ name: stage.stage, ledger: stage, lag: lagOf.get(stage.stage) })),
    ...lags
      .filter((lag) => !counted.has(lag.stage))
      .map((lag) => ({ name: lag.stage, ledger: undefined, lag })),
  ];
}

function createLine(): Row<Line> {
  const cells = titles.slice(1).map(() => element('td', {}));
  const name = element('th', { scope: 'row', class: 'sticky' });
  return {
    element: element('tr', {}, name, ...cells),
    update: (line) => {
      setText(name, line.name);
      cellTexts(line).forEach((text, index) => {
        const cell = cells[index];
        if (cell) setText(cell, text);
      });
      const sum = cells[4];
      const isOff = line.ledger !== undefined && sumText(line.ledger) !== ADDS_UP;
      if (sum) setAttribute(sum, 'data-tone', isOff ? 'bad' : undefined);
    },
  };
}

function cellTexts({ ledger, lag }: Line): string[] {
  const counters = ledger
    ? [
        formatCompact(ledger.in),
        formatCompact(ledger.out),
        droppedText(ledger),
        formatCompact(ledger.inFlight),
        sumText(ledger),
      ]
    : ['', '', '', '', ''];
  return [...counters, lag ? formatLag(lag.lagMillis) : '', lag ? formatCompact(lag.backlog) : ''];
}

function droppedText({ dropped }: LedgerStage): string {
  if (totalOf(dropped) === 0) return '0';
  return [...dropped].map(([reason, count]) => `${formatCompact(count)} ${reason}`.trim()).join(', ');
}

const ADDS_UP = 'adds up';

function sumText(stage: LedgerStage): string {
  const missing = imbalanceOf(stage);
  if (missing === 0) return stage.balanced === false ? 'differs from the log' : ADDS_UP;
  return missing > 0 ? `${formatCompact(missing)} missing` : `${formatCompact(-missing)} too many`;
}
