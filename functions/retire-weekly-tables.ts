import { existingWeeks } from '../src/stores/weekly-tables.ts';
import { requiredCount, requiredVariable } from './environment.ts';
import { createLogger } from './observability/logger.ts';
import { printRetirementMetrics } from './observability/retirement-metrics.ts';
import { eventTimeMillis } from './schedule/event-time.ts';
import { type RetireStep, retireWeek } from './weekly-tables/retire-week.ts';

const logger = createLogger('retire-weekly-tables');

/** What a run did, by week. */
export interface RetirementReport {
  readonly weeks: Readonly<Record<string, RetireStep>>;
}

/**
 * Schedule → weekly tables that are over: cooled, exported to the archive bucket when they are old enough, dropped when
 * the export is verified. One step for each week and run; any event, at any time, twice too.
 * @throws Error at the end when some week failed: Lambda runs it again, and the others are done already
 */
export async function handler(event?: unknown): Promise<RetirementReport> {
  const options = {
    prefix: requiredVariable('READINGS_TABLE_PREFIX'),
    bucketName: requiredVariable('ARCHIVE_BUCKET'),
    exportAfterWeeks: requiredCount('EXPORT_AFTER_WEEKS'),
    nowMillis: eventTimeMillis(event),
    logger,
  };
  const weeks: Record<string, RetireStep> = {};
  const failed: string[] = [];
  for (const week of await existingWeeks(options.prefix)) {
    try {
      weeks[week] = await retireWeek(week, options);
    } catch (error) {
      logger.error('Cannot retire a weekly table, the next run goes on', { error: error as Error, week });
      failed.push(week);
    }
  }
  printRetirementMetrics(Object.values(weeks), failed.length);
  logger.info('Weekly tables are looked after', { weeks, failed });
  if (failed.length > 0)
    throw new Error(`Cannot retire the tables of weeks ${failed.join(', ')}: see the log`);
  return { weeks };
}
