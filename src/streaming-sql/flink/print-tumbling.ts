import type { TumblingAggregatePlan, TumblingWindow } from '../plan.ts';
import { aggregateName, type FixedWindow, groupWindow, timeColumn } from './group-window.ts';
import { printHeldWindow } from './print-held-window.ts';
import { printName } from './print-literal.ts';
import type { PumpPrinter } from './pump-printer.ts';
import { type Rows, uniqueNames } from './rows.ts';

/**
 * GROUP BY of a tumbling window: keys, window start, aggregates. Windows that start at the epoch are TUMBLE's (Flink
 * documentation, "Windowing table-valued functions"). With an offset TUMBLE of Flink 2.2 loses windows, and it has no months:
 * the rows of such a window are held until it closes.
 */
export function printTumbling(plan: TumblingAggregatePlan, input: Rows, printer: PumpPrinter): Rows {
  const { window, keys, aggregates } = plan;
  const rows = printer.table(input);
  printer.differ('closing');
  printer.differ('order');
  if (!isAligned(window, rows)) {
    const settings = settingsOf(window, rows, printer);
    return printHeldWindow({ name: 'MESONET_TUMBLE', settings, keys, aggregates }, rows, printer);
  }
  const columns = keys.map((key) => rows.columns[key]!);
  const grouped = groupWindow(rows, window, columns, aggregates, printer);
  return {
    ...grouped,
    names: uniqueNames([...keys.map((key) => rows.names[key]!), 'window', ...aggregates.map(aggregateName)]),
    columns: [...columns, timeColumn(printName('window_start'), rows.time), ...grouped.columns],
  };
}

/** Does the window start where TUMBLE would start it, in the time attribute? */
function isAligned(window: TumblingWindow, { time }: Rows): window is FixedWindow {
  return window.kind === 'fixed' && (window.originMillis - time.shiftMillis) % window.widthMillis === 0;
}

/** Width and origin in the time attribute, or the number of months. */
function settingsOf(window: TumblingWindow, { time }: Rows, printer: PumpPrinter): readonly string[] {
  if (window.kind === 'fixed') {
    const { widthMillis, originMillis } = window;
    const origin = (((originMillis - time.shiftMillis) % widthMillis) + widthMillis) % widthMillis;
    return [
      `width_millis => CAST(${widthMillis} AS BIGINT)`,
      `origin_millis => CAST(${origin} AS BIGINT)`,
      'months => 0',
    ];
  }
  if (time.shiftMillis > 0)
    printer.refuse(
      `windows of a ${window.unit} over other windows, whose time attribute lies before their ROWTIME`,
    );
  const months = window.unit === 'MONTH' ? 1 : 12;
  return ['width_millis => CAST(0 AS BIGINT)', 'origin_millis => CAST(0 AS BIGINT)', `months => ${months}`];
}
