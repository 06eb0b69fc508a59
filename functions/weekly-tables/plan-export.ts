import { createHash } from 'node:crypto';
import type { TableExport } from '../../src/stores/table-exports.ts';

/** What is due for a table whose week is over for good. */
export type ExportPlan =
  | { readonly kind: 'start'; readonly because: 'none' | 'failed'; readonly failure?: string }
  | { readonly kind: 'wait' }
  | { readonly kind: 'verify'; readonly job: TableExport; readonly mayRepeat: boolean };

/** Exports that were made and differ from their table, after which a person must look: each one is paid by the gigabyte. */
const MAX_DIFFERING_EXPORTS = 3;
/** A difference within this time may be the table's item count, which is up to six hours old. */
const COUNT_SETTLES_MILLIS = 8 * 3_600_000;

/**
 * @param exports of this table, the newest first; those of a state before `closedMillis` count for nothing, as readings
 *   could still come then
 */
export function planExport(
  exports: readonly TableExport[],
  closedMillis: number,
  nowMillis: number,
): ExportPlan {
  const whole = exports.filter(({ exportMillis }) => exportMillis >= closedMillis);
  const newest = whole[0];
  if (newest === undefined) return { kind: 'start', because: 'none' };
  if (newest.status === 'IN_PROGRESS') return { kind: 'wait' };
  if (newest.status === 'FAILED')
    return { kind: 'start', because: 'failed', failure: newest.failure ?? 'no reason given' };
  const completed = whole.filter(({ status }) => status === 'COMPLETED').length;
  const isSettled = nowMillis - newest.startMillis >= COUNT_SETTLES_MILLIS;
  return { kind: 'verify', job: newest, mayRepeat: isSettled && completed < MAX_DIFFERING_EXPORTS };
}

/** Two runs of one day start one export; after one that ended, a new one may be started on the same day. */
export function exportToken(tableId: string, nowMillis: number, exports: readonly TableExport[]): string {
  const day = new Date(nowMillis).toISOString().slice(0, 10);
  return createHash('sha256').update(`${tableId} ${day} ${exports.length}`).digest('hex').slice(0, 32);
}
