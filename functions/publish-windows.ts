import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import { publishAlert } from '../src/stores/alert-topic.ts';
import { runBounded } from '../src/stores/run-bounded.ts';
import {
  clearPendingAlert,
  newestWindows,
  putWindow,
  type StoredWindow,
  type WindowRow,
  windowRow,
} from '../src/stores/windows-table.ts';
import { decodeWindow } from '../src/telemetry/decode-window.ts';
import { judgeWindow } from './alerts/judge-window.ts';
import { parseThresholds, type Thresholds } from './alerts/thresholds.ts';
import { requiredVariable } from './environment.ts';
import { settleBatch } from './kinesis/settle-batch.ts';
import { DUPLICATE, decodeRecords, FAILED, type Outcome, STORED } from './kinesis/stream-record.ts';
import { createLogger } from './observability/logger.ts';
import { printWindowMetrics } from './observability/record-metrics.ts';

const FUNCTION = 'publish-windows';
const PARALLEL_SENSORS = 16;
/** The window before, and this window's earlier revision. */
const JUDGED_WINDOWS = 2;
const logger = createLogger(FUNCTION);

interface Entry {
  readonly index: number;
  readonly row: WindowRow;
}

/**
 * Kinesis "windows" → windows table, metrics, alerts. The windows of one sensor are handled in their order; when one cannot
 * be stored now, the later ones of that sensor wait for the retry with it, other sensors go on.
 *
 * One alert per crossing, also under replay: the row is put with the alert that is due, then the alert is sent, then the
 * mark is removed. A replay finds the row and sends only what is still marked; a crash between sending and removing is
 * the only way to a second alert, and that one carries the same `alert_id`.
 */
export async function handler(event: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> {
  const thresholds = parseThresholds(process.env.ALERT_THRESHOLDS || '{}');
  const records = decodeRecords(event, decodeWindow);
  const outcomes: Outcome[] = [];
  const entries: Entry[] = [];
  records.forEach(({ decoded }, index) => {
    outcomes.push(decoded.ok ? FAILED : { kind: 'rejected', rejection: decoded.rejection });
    if (decoded.ok) entries.push({ index, row: windowRow(decoded.value) });
  });
  let alerts = 0;
  const sensors = [...Map.groupBy(entries, ({ row }) => row.sensor_id).values()];
  await runBounded(sensors, PARALLEL_SENSORS, async (group) => {
    try {
      for (const { index, row } of group) {
        const { outcome, alerted } = await publishWindow(row, thresholds);
        outcomes[index] = outcome;
        if (alerted) alerts++;
      }
    } catch (error) {
      logger.error('Cannot publish a window, it will be retried', {
        error: error as Error,
        sensor_id: group[0]?.row.sensor_id,
      });
    }
  });
  printStored(
    entries.filter(({ index }) => outcomes[index] === STORED),
    alerts,
  );
  return settleBatch(FUNCTION, records, outcomes, logger);
}

async function publishWindow(
  row: WindowRow,
  thresholds: Thresholds,
): Promise<{ outcome: Outcome; alerted: boolean }> {
  const tableName = requiredVariable('WINDOWS_TABLE');
  const newest = await newestWindows(tableName, row.sensor_id, JUDGED_WINDOWS);
  const window: StoredWindow = { row, alert: judgeWindow(row, newest, thresholds) };
  const stored = await putWindow(tableName, window);
  const due = stored ? window : newest.find((each) => isSame(each.row, row));
  const alerted = due?.alert.pending !== undefined;
  if (alerted) {
    await publishAlert(requiredVariable('ALERT_TOPIC_ARN'), due.alert.pending!);
    await clearPendingAlert(tableName, row);
  }
  return { outcome: stored ? STORED : DUPLICATE, alerted };
}

function isSame(a: WindowRow, b: WindowRow): boolean {
  return a.window_end === b.window_end && a.revision === b.revision;
}

function printStored(entries: readonly Entry[], alerts: number): void {
  if (entries.length === 0) return;
  const oldest = Math.min(...entries.map(({ row }) => row.window_end));
  printWindowMetrics(entries.length, Math.max(0, Date.now() - oldest), alerts);
}
