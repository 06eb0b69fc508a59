import type { Logger } from '@aws-lambda-powertools/logger';
import { readingsExportPrefix, weeklyTableName } from '../../src/stores/keys.ts';
import { type ExportPlace, listTableExports, startTableExport } from '../../src/stores/table-exports.ts';
import { verifyExport } from '../../src/stores/verify-export.ts';
import { closesAtMillis, SETTLING_MILLIS, weekPhase } from '../../src/stores/week-phase.ts';
import {
  coolWeeklyTable,
  describeWeeklyTable,
  dropWeeklyTable,
  type WeeklyTable,
} from '../../src/stores/weekly-table-care.ts';
import { exportToken, planExport } from './plan-export.ts';

/** What one run did with a week, or why there was nothing to do. */
export type RetireStep =
  | 'open'
  | 'busy'
  | 'cooled'
  | 'cool'
  | 'closed'
  | 'export-started'
  | 'exporting'
  | 'export-failed'
  | 'export-differs'
  | 'dropped';

export interface RetireOptions {
  readonly prefix: string;
  readonly bucketName: string;
  readonly exportAfterWeeks: number;
  readonly nowMillis: number;
  readonly logger: Logger;
}

/**
 * Brings the table of one week one step further. It looks at what is there and never at what an earlier run did, so that
 * it may run twice, late, or after a run that ended in the middle.
 */
export async function retireWeek(week: string, options: RetireOptions): Promise<RetireStep> {
  const { prefix, exportAfterWeeks, nowMillis } = options;
  const phase = weekPhase(week, nowMillis, exportAfterWeeks);
  if (phase === 'open') return 'open';
  const table = await describeWeeklyTable(weeklyTableName(prefix, week));
  // Gone, or changing since another run began: the next run sees what became of it.
  if (!table?.isActive) return 'busy';
  if (await coolWeeklyTable(table)) return 'cooled';
  return phase === 'export' ? exportWeek(week, table, options) : phase;
}

async function exportWeek(week: string, table: WeeklyTable, options: RetireOptions): Promise<RetireStep> {
  const { bucketName, exportAfterWeeks, nowMillis, logger } = options;
  const place: ExportPlace = { bucketName, prefix: readingsExportPrefix(week) };
  const exports = await listTableExports(table, place);
  const start = async () => startTableExport(table.arn, place, exportToken(table.id, nowMillis, exports));
  const closedMillis = closesAtMillis(week, exportAfterWeeks) + SETTLING_MILLIS;
  const plan = planExport(exports, closedMillis, nowMillis);
  if (plan.kind === 'wait') return 'exporting';
  if (plan.kind === 'start') {
    if (plan.because === 'failed')
      logger.error('An export failed, it is started anew', { week, failure: plan.failure });
    await start();
    return plan.because === 'failed' ? 'export-failed' : 'export-started';
  }
  const difference = await verifyExport(table, plan.job, place);
  if (difference !== undefined) {
    const { mayRepeat } = plan;
    logger.error('An export is not what its table is', { week, export: plan.job.arn, difference, mayRepeat });
    if (mayRepeat) await start();
    return 'export-differs';
  }
  await dropWeeklyTable(table.name);
  logger.info('A weekly table is exported and dropped', { week, manifest: plan.job.manifestKey });
  return 'dropped';
}
