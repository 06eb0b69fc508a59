import type { ReplayReport, SensorTally } from '../../replay/replay-tally.ts';
import { printTable } from '../print-table.ts';

const MAX_SENSORS = 20;

/** One line for while it runs. */
export function printReplayLine(report: ReplayReport, objects: { done: number; total: number }): string {
  return `${objects.done}/${objects.total} objects  ${count(report.messages)} messages  ${count(report.new)} new  ${count(report.sent)} sent`;
}

/** The diff between what was found and what is stored, and where to go on. */
export function printReplay(report: ReplayReport, { dryRun }: { dryRun: boolean }): string {
  const refused = Object.entries(report.refused);
  const rows = [
    [
      'objects',
      `${count(report.objects)} read, ${count(report.idleObjects)} without a message asked for, ${count(report.objectsLeft)} left`,
    ],
    ['messages', count(report.messages)],
    ['  already stored', count(report.stored)],
    ['  new', count(report.new)],
    ['  repeated', count(report.repeated)],
    ['  still refused', [count(total(refused)), ...reasons(refused)].join('  ')],
    ['sent', dryRun ? '0 (dry run)' : count(report.sent)],
    ...report.unreadable.map(({ key, problem }) => ['unreadable', `${key}: ${problem}`]),
    ...(report.lastKey === undefined ? [] : [['last object', report.lastKey]]),
  ];
  return [printTable(rows), ...sensorTable(report.sensors)].join('\n');
}

function sensorTable(sensors: ReplayReport['sensors']): string[] {
  const all = Object.entries(sensors).sort(([a, x], [b, y]) => y.new - x.new || (a < b ? -1 : 1));
  if (all.length === 0) return [];
  const shown = all.slice(0, MAX_SENSORS).map(sensorRow);
  const table = printTable(
    [['sensor', 'messages', 'stored', 'new', 'refused'], ...shown],
    new Set([1, 2, 3, 4]),
  );
  const rest = all.length - shown.length;
  return ['', table, ...(rest > 0 ? [`… and ${count(rest)} more sensors`] : [])];
}

function sensorRow([sensorId, tally]: [string, Readonly<SensorTally>]): string[] {
  return [sensorId, ...[tally.messages, tally.stored, tally.new, tally.refused].map(count)];
}

function reasons(refused: readonly [string, number][]): string[] {
  return refused.length === 0
    ? []
    : [`(${refused.map(([reason, n]) => `${reason} ${count(n)}`).join(', ')})`];
}

function total(refused: readonly [string, number][]): number {
  return refused.reduce((sum, [, n]) => sum + n, 0);
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}
