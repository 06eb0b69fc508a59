import { PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { parseRecordTimestamp } from '../telemetry/decode-window.ts';
import { type PublishedWindow, WINDOW_MILLIS } from '../telemetry/window.ts';
import { dynamoDb } from './aws-clients.ts';
import { cutPage, type Page } from './page.ts';
import { runBounded } from './run-bounded.ts';
import { awsErrorName } from './store-error.ts';
import { decodeNumberAttribute, encodeNullable } from './stored-number.ts';

/*
 * One item per sensor and window: key `sensor_id` + `window_end_millis`. A row is put whole, and only over a lower revision:
 * a replay changes nothing, a correction replaces. Rows end by TTL (`expires_at`, seconds).
 *
 * Cost: one write unit per window. An index by station would take a second one for each, and the storage again, so the
 * windows of a station are asked for sensor by sensor.
 */

/** How long windows stay online; the archive keeps what they were made of. */
export const WINDOW_RETENTION_DAYS = 90;
/** Queries under way at once. */
const PARALLEL_QUERIES = 16;

export type AlertState = 'above' | 'below' | 'normal';

/** What a window means for alerts: the state after it, and the alert that is due until it has been sent. */
export interface WindowAlert {
  readonly state: AlertState;
  /** The message to send, JSON text; removed once it is sent. */
  readonly pending?: string;
}

/** A window as readers get it; times in milliseconds since the epoch, `time` is the start. */
export interface WindowRow {
  readonly time: number;
  readonly window_end: number;
  readonly sensor_id: string;
  readonly sensor: string;
  readonly station_id: string;
  readonly avg: number | null;
  readonly smooth_avg: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly sum: number | null;
  readonly count: number;
  readonly final: true;
  readonly revision: number;
}

/** A stored window with its alert state. */
export interface StoredWindow {
  readonly row: WindowRow;
  readonly alert: WindowAlert;
}

/** The stream's record in the readers' form. The record's timestamp must have passed `decodeWindow`. */
export function windowRow(window: PublishedWindow): WindowRow {
  const window_end = parseRecordTimestamp(window.record_timestamp) ?? Number.NaN;
  return {
    time: window_end - WINDOW_MILLIS,
    window_end,
    sensor_id: window.sensor_id,
    sensor: window.sensor,
    station_id: window.station_id,
    avg: window.sensor_avg_value,
    smooth_avg: window.sensor_smooth_avg_value,
    min: window.sensor_min_value,
    max: window.sensor_max_value,
    sum: window['60sec_sum_of_sensor_value'],
    count: window['60sec_number_of_msg'],
    final: true,
    revision: window.revision,
  };
}

/** Puts the row unless this revision or a higher one is there; returns whether it was put. */
export async function putWindow(tableName: string, { row, alert }: StoredWindow): Promise<boolean> {
  const Item = {
    sensor_id: row.sensor_id,
    window_end_millis: row.window_end,
    sensor: row.sensor,
    station_id: row.station_id,
    avg: encodeNullable(row.avg),
    smooth_avg: encodeNullable(row.smooth_avg),
    min: encodeNullable(row.min),
    max: encodeNullable(row.max),
    sum: encodeNullable(row.sum),
    count: row.count,
    revision: row.revision,
    alert_state: alert.state,
    pending_alert: alert.pending,
    expires_at: Math.floor(row.window_end / 1000) + WINDOW_RETENTION_DAYS * 86_400,
  };
  try {
    await dynamoDb().send(
      new PutCommand({
        TableName: tableName,
        Item,
        ConditionExpression: 'attribute_not_exists(sensor_id) OR revision < :revision',
        ExpressionAttributeValues: { ':revision': row.revision },
      }),
    );
    return true;
  } catch (error) {
    if (awsErrorName(error) === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}

/** Marks the row's alert as sent. */
export async function clearPendingAlert(tableName: string, row: WindowRow): Promise<void> {
  await dynamoDb().send(
    new UpdateCommand({
      TableName: tableName,
      Key: { sensor_id: row.sensor_id, window_end_millis: row.window_end },
      UpdateExpression: 'REMOVE pending_alert',
      ConditionExpression: 'attribute_exists(sensor_id)',
    }),
  );
}

/** The newest windows of a sensor, newest first, read consistently. */
export async function newestWindows(
  tableName: string,
  sensorId: string,
  limit: number,
): Promise<StoredWindow[]> {
  const { Items = [] } = await dynamoDb().send(
    new QueryCommand({
      TableName: tableName,
      KeyConditionExpression: 'sensor_id = :s',
      ExpressionAttributeValues: { ':s': sensorId },
      ScanIndexForward: false,
      ConsistentRead: true,
      Limit: limit,
    }),
  );
  return Items.map(decodeStored);
}

/** Which windows to read: those of these sensors that begin in [fromMillis, toMillis). */
export interface WindowQuery {
  readonly sensorIds: readonly string[];
  /** Only windows that were made while the sensor was at this station. */
  readonly stationId?: string;
  readonly fromMillis: number;
  readonly toMillis: number;
  readonly limit: number;
}

/** Windows ascending by time, those of one instant by sensor. */
export async function queryWindows(tableName: string, query: WindowQuery): Promise<Page<WindowRow>> {
  const rows: WindowRow[] = [];
  if (query.fromMillis >= query.toMillis) return { rows };
  const failures: unknown[] = [];
  await runBounded(query.sensorIds, PARALLEL_QUERIES, async (sensorId) => {
    try {
      rows.push(...(await firstWindowsOf(tableName, sensorId, query)));
    } catch (error) {
      failures.push(error);
    }
  });
  if (failures.length > 0) throw failures[0];
  rows.sort((a, b) => a.time - b.time || (a.sensor_id < b.sensor_id ? -1 : 1));
  return cutPage(rows, query.limit, timeOf);
}

/** Of each sensor one more than a page holds: so whatever the page ends before is there from every sensor. */
async function firstWindowsOf(
  tableName: string,
  sensorId: string,
  { stationId, fromMillis, toMillis, limit }: WindowQuery,
): Promise<WindowRow[]> {
  const rows: WindowRow[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const page = await dynamoDb().send(
      new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: 'sensor_id = :id AND window_end_millis BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':id': sensorId,
          ':from': fromMillis + WINDOW_MILLIS,
          ':to': toMillis + WINDOW_MILLIS - 1,
        },
        Limit: limit + 1,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
    );
    const found = (page.Items ?? []).map((item) => decodeStored(item).row);
    rows.push(...found.filter((row) => stationId === undefined || row.station_id === stationId));
    start = page.LastEvaluatedKey;
  } while (start !== undefined && rows.length <= limit);
  return rows;
}

function decodeStored(item: Record<string, unknown>): StoredWindow {
  const window_end = Number(item.window_end_millis);
  const row: WindowRow = {
    time: window_end - WINDOW_MILLIS,
    window_end,
    sensor_id: String(item.sensor_id),
    sensor: String(item.sensor),
    station_id: String(item.station_id),
    avg: decodeNumberAttribute(item.avg),
    smooth_avg: decodeNumberAttribute(item.smooth_avg),
    min: decodeNumberAttribute(item.min),
    max: decodeNumberAttribute(item.max),
    sum: decodeNumberAttribute(item.sum),
    count: Number(item.count),
    final: true,
    revision: Number(item.revision),
  };
  const state = (item.alert_state ?? 'normal') as AlertState;
  return {
    row,
    alert: item.pending_alert === undefined ? { state } : { state, pending: String(item.pending_alert) },
  };
}

function timeOf(row: WindowRow): number {
  return row.time;
}
