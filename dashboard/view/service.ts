import { formatBytes, formatCompact, formatCount, formatSpan } from '../model/format.ts';
import { type Ledger, type ReasonCounts, totalOf } from '../model/ledger.ts';
import { explainReason } from '../model/reasons.ts';
import { createList, element, section, setAttribute, setText } from './dom.ts';
import { createSparkline } from './sparkline.ts';
import { createStageTable } from './stage-table.ts';
import type { View } from './view.ts';

const outcomes = [
  ['filtered', 'filtered', 'a rule did not select it'],
  ['late', 'late', 'its window was closed already'],
  ['rejected', 'rejected', 'kept with its bytes, and a reason'],
  ['refused', 'refused', 'never accepted, so never acknowledged'],
] as const satisfies readonly (readonly [keyof Ledger, string, string])[];

/** How the service does: rate, memory, what became of every message, and each stage with its lag. */
export function createService(): View {
  const rate = tile('Messages per second', 'rate');
  const memory = tile('Memory', 'memory');
  const accepted = tile('Accepted', 'accepted');
  const devices = tile('Connected devices', 'devices');
  const boxes = outcomes.map(([key, title, meaning]) => ({ key, ...outcomeBox(title, meaning) }));
  const stages = createStageTable();
  const panel = section(
    'service',
    'Service',
    element('div', { class: 'tiles' }, rate.element, memory.element, accepted.element, devices.element),
    element('div', { class: 'outcomes' }, ...boxes.map((box) => box.element)),
    stages.element,
  );
  return {
    element: panel,
    update: (context) => {
      const { stats, rates } = context.state;
      rate.show(formatCount(stats?.messagesPerSecond ?? Number.NaN), 'last two minutes', rates.column(1));
      memory.show(formatBytes(stats?.rssBytes ?? Number.NaN), 'resident', rates.column(2));
      accepted.show(formatCompact(stats?.ledger.accepted ?? Number.NaN), 'messages', []);
      devices.show(
        formatCount(stats?.connections ?? Number.NaN),
        stats ? `up ${formatSpan(stats.uptimeSeconds * 1000)}` : '',
        [],
      );
      for (const box of boxes) box.show(stats?.ledger[box.key] ?? new Map());
      stages.update(context);
    },
  };
}

function tile(title: string, name: string) {
  const value = element('p', { class: 'amount', id: `tile-${name}` });
  const note = element('p', { class: 'note' });
  const spark = createSparkline();
  return {
    element: element('article', { class: 'tile' }, element('h3', {}, title), value, note, spark.element),
    show: (text: string, detail: string, line: readonly number[]): void => {
      setText(value, text);
      setText(note, detail);
      spark.update(line, true);
    },
  };
}

function outcomeBox(title: string, meaning: string) {
  const total = element('span', { class: 'amount' });
  const list = element('ul', {});
  const box = element(
    'article',
    { class: 'outcome', id: `outcome-${title}` },
    element('h3', {}, title, ' ', total),
    element('p', { class: 'note' }, meaning),
    list,
  );
  const showReasons = createList<readonly [string, number]>(
    list,
    ([reason]) => reason,
    () => createReason(),
  );
  return {
    element: box,
    show: (counts: ReasonCounts): void => {
      const sum = totalOf(counts);
      setText(total, formatCompact(sum));
      setAttribute(box, 'data-any', sum > 0 ? 'true' : undefined);
      showReasons([...counts].filter(([reason]) => reason !== '').sort((a, b) => b[1] - a[1]));
    },
  };
}

function createReason() {
  const count = element('b', {});
  const name = element('span', { class: 'reason' });
  const meaning = element('span', { class: 'note' });
  return {
    element: element('li', {}, count, ' ', name, ' ', meaning),
    update: ([reason, amount]: readonly [string, number]): void => {
      setText(count, formatCompact(amount));
      setText(name, reason);
      setText(meaning, explainReason(reason));
    },
  };
}
