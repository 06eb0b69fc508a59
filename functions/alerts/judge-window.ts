import type { Alert } from '../../src/stores/alert-topic.ts';
import type { AlertState, StoredWindow, WindowAlert, WindowRow } from '../../src/stores/windows-table.ts';
import { classifyValue, type Threshold, type Thresholds } from './thresholds.ts';

/**
 * What a window means for alerts, judged against the newest stored windows of the same sensor (any order). An alert is due
 * when the state differs from the one last announced: that of this window's earlier revision, else of the window before.
 * The stored state is compared, not the stored value judged anew, so that changed limits take effect with the next window.
 * A window behind a newer one corrects history and announces nothing.
 */
export function judgeWindow(
  row: WindowRow,
  newest: readonly StoredWindow[],
  thresholds: Thresholds,
): WindowAlert {
  const earlierRevision = newest.find((stored) => stored.row.window_end === row.window_end);
  const previous = newest
    .filter((stored) => stored.row.window_end < row.window_end)
    .reduce<StoredWindow | undefined>(
      (a, b) => (a === undefined || b.row.window_end > a.row.window_end ? b : a),
      undefined,
    );
  const before = previous?.alert.state ?? 'normal';
  // An alert that was never sent announced nothing.
  const announced =
    earlierRevision?.alert.pending === undefined ? (earlierRevision?.alert.state ?? before) : before;
  if (row.avg === null) return { state: announced };
  const threshold = thresholds.get(row.sensor);
  const state = classifyValue(row.avg, threshold);
  const isNewest = newest.every((stored) => stored.row.window_end <= row.window_end);
  if (state === announced || !isNewest) return { state };
  return { state, pending: JSON.stringify(printAlert(row, row.avg, state, announced, threshold)) };
}

function printAlert(
  row: WindowRow,
  value: number,
  kind: AlertState,
  announced: AlertState,
  threshold: Threshold | undefined,
): Alert {
  const crossed = kind === 'normal' ? announced : kind;
  const limit = (crossed === 'below' ? threshold?.below : threshold?.above) ?? value;
  return {
    alert_id: `${row.sensor_id}/${row.window_end}/${row.revision}/${kind}`,
    time: row.window_end,
    sensor_id: row.sensor_id,
    sensor: row.sensor,
    station_id: row.station_id,
    kind,
    value,
    threshold: limit,
    message: sentence(row, value, kind, limit),
  };
}

function sentence(row: WindowRow, value: number, kind: AlertState, limit: number): string {
  const measured = Number(value.toPrecision(6));
  const what = `${row.sensor} at station ${row.station_id} (${row.sensor_id})`;
  return kind === 'normal'
    ? `${what} is back to normal: ${measured}, limit ${limit}`
    : `${what} is ${kind} ${limit}: ${measured}`;
}
