import { currentWeeks, ensureWeeklyTable, weeklyTableName } from '../src/stores/weekly-tables.ts';
import { requiredVariable } from './environment.ts';
import { createLogger } from './observability/logger.ts';
import { eventTimeMillis } from './schedule/event-time.ts';

const logger = createLogger('create-weekly-tables');

/**
 * Makes sure that the readings tables of last, this and next ISO week exist, as seen from the time of the event. Any event;
 * may run at any time, twice too.
 */
export async function handler(event?: unknown): Promise<{ created: string[] }> {
  const prefix = requiredVariable('READINGS_TABLE_PREFIX');
  const created: string[] = [];
  for (const week of currentWeeks(eventTimeMillis(event))) {
    const tableName = weeklyTableName(prefix, week);
    if (await ensureWeeklyTable(tableName)) created.push(tableName);
  }
  logger.info('Weekly tables are ready', { created });
  return { created };
}
