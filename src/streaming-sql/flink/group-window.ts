import type { AggregateCall, TumblingWindow } from '../plan.ts';
import { printAggregate } from './print-aggregate.ts';
import { printInterval, printName } from './print-literal.ts';
import type { Printed } from './printed.ts';
import type { PumpPrinter } from './pump-printer.ts';
import { type Rows, type RowTime, shifted } from './rows.ts';

export type FixedWindow = TumblingWindow & { readonly kind: 'fixed' };

/** The window a millisecond long that rows of one ROWTIME share. */
export const instant: FixedWindow = { kind: 'fixed', widthMillis: 1, originMillis: 0, instant: true };

/** The rows of a table by the windows of TUMBLE and by keys; its columns are the aggregates alone. */
export function groupWindow(
  rows: Rows,
  window: FixedWindow,
  keys: readonly Printed[],
  aggregates: readonly AggregateCall[],
  printer: PumpPrinter,
): Rows {
  const attribute = printer.attribute(rows, 'a window');
  const context = printer.over(rows);
  return {
    from: `TABLE(TUMBLE(TABLE ${rows.from}, DESCRIPTOR(${attribute}), ${printInterval(window.widthMillis)}))`,
    isTable: false,
    isPlain: false,
    names: [],
    columns: aggregates.map((call) => printAggregate(call, context)),
    where: [],
    groupBy: [...new Set(keys.map(({ sql }) => sql)), '`window_start`', '`window_end`', '`window_time`'],
    time: windowTime(rows.time, window),
  };
}

/** ROWTIME of a window is its end, a millisecond behind `window_time`; that of one instant is the instant. */
function windowTime({ shiftMillis }: RowTime, { instant: isInstant }: FixedWindow): RowTime {
  const bound = printName(isInstant ? 'window_start' : 'window_end');
  return {
    attribute: printName('window_time'),
    shiftMillis: isInstant ? shiftMillis : shiftMillis + 1,
    value: shiftMillis === 0 ? bound : shifted(bound, shiftMillis),
  };
}

/** A time of Flink's as a column: ROWTIME may lie behind the time attribute. */
export function timeColumn(sql: string, { shiftMillis }: RowTime): Printed {
  return {
    sql: shiftMillis === 0 ? sql : shifted(sql, shiftMillis),
    type: { name: 'TIMESTAMP' },
    flink: 'TIMESTAMP(3)',
    atom: true,
  };
}

/** A name for an aggregate's column. */
export function aggregateName(call: AggregateCall, index: number): string {
  return `${call.function.toLowerCase()}_${index + 1}`;
}
