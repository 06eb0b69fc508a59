import type { AggregateCall, StaggerAggregatePlan, TumblingAggregatePlan, TumblingWindow } from '../plan.ts';
import { printAggregate } from './print-aggregate.ts';
import { printInterval, printName } from './print-literal.ts';
import type { Printed } from './printed.ts';
import type { PumpPrinter } from './pump-printer.ts';
import { type Rows, type RowTime, shifted, uniqueNames } from './rows.ts';

type FixedWindow = TumblingWindow & { readonly kind: 'fixed' };

/** GROUP BY of a TUMBLE window (Flink documentation, "Windowing table-valued functions"): keys, window start, aggregates. */
export function printTumbling(plan: TumblingAggregatePlan, input: Rows, printer: PumpPrinter): Rows {
  const { window } = plan;
  if (window.kind === 'calendar')
    return printer.refuse(`windows of a ${window.unit} have no fixed length, and TUMBLE knows no other`);
  const rows = printer.table(input);
  printer.differ('closing');
  printer.differ('order');
  const columns = plan.keys.map((key) => rows.columns[key]!);
  const grouped = groupWindow(rows, window, columns, plan.aggregates, printer);
  return {
    ...grouped,
    names: uniqueNames([
      ...plan.keys.map((key) => rows.names[key]!),
      'window',
      ...plan.aggregates.map(nameOf),
    ]),
    columns: [...columns, startOf(rows.time), ...grouped.columns],
  };
}

function nameOf(call: AggregateCall, index: number): string {
  return `${call.function.toLowerCase()}_${index + 1}`;
}

/** The window a millisecond long that rows of one ROWTIME share. */
const instant: FixedWindow = { kind: 'fixed', widthMillis: 1, originMillis: 0, instant: true };

/** The rows of a view by windows and keys; its columns are the aggregates alone. */
function groupWindow(
  rows: Rows,
  window: FixedWindow,
  keys: readonly Printed[],
  aggregates: readonly AggregateCall[],
  printer: PumpPrinter,
): Rows {
  const attribute = printer.attribute(rows, 'a window');
  const context = printer.over(rows);
  return {
    from: `TABLE(${tumble(rows, attribute, window)})`,
    isTable: false,
    isPlain: false,
    names: [],
    columns: aggregates.map((call) => printAggregate(call, context)),
    where: [],
    groupBy: [...[...new Set(keys.map(({ sql }) => sql))], '`window_start`', '`window_end`', '`window_time`'],
    time: windowTime(rows.time, window),
  };
}

function tumble(rows: Rows, attribute: string, window: FixedWindow): string {
  const { widthMillis, originMillis } = window;
  const offset = (((originMillis - rows.time.shiftMillis) % widthMillis) + widthMillis) % widthMillis;
  const sizes = [printInterval(widthMillis), ...(offset === 0 ? [] : [printInterval(offset)])];
  return `TUMBLE(TABLE ${rows.from}, DESCRIPTOR(${attribute}), ${sizes.join(', ')})`;
}

/** The window's start in ROWTIME, which may lie behind the time attribute. */
function startOf({ shiftMillis }: RowTime): Printed {
  const start = printName('window_start');
  return {
    sql: shiftMillis === 0 ? start : shifted(start, shiftMillis),
    type: { name: 'TIMESTAMP' },
    flink: 'TIMESTAMP(3)',
    atom: true,
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

/**
 * WINDOWED BY STAGGER: a process table function holds each key's rows until its window closes and gives them the time of
 * the closing; the rows of one key, one opening and one such time are then a group.
 */
export function printStagger(plan: StaggerAggregatePlan, input: Rows, printer: PumpPrinter): Rows {
  const rows = printer.table(input);
  printer.attribute(rows, 'a stagger window');
  printer.use('MESONET_STAGGER');
  printer.differ('closing');
  const { table, partition } = partitioned(rows, plan.keys, printer);
  const from = `MESONET_STAGGER(input => TABLE ${table}${partition}, range_millis => CAST(${plan.rangeMillis} AS BIGINT), on_time => DESCRIPTOR(${rows.time.attribute}), uid => ${processId(printer)})`;
  const open: Printed = {
    sql: '`WINDOW_OPEN`',
    type: { name: 'TIMESTAMP' },
    flink: 'TIMESTAMP(3)',
    atom: true,
  };
  const closed = printer.store({
    ...rows,
    from,
    isTable: false,
    columns: [...rows.columns, open],
    names: uniqueNames([...rows.names, 'open']),
    time: { ...rows.time, attribute: '`rowtime`' },
  });
  const opened = closed.columns.at(-1)!;
  const keys = plan.keys.map((key) => closed.columns[key]!);
  const grouped = groupWindow(closed, instant, [...keys, opened], plan.aggregates, printer);
  const start =
    rows.time.shiftMillis === 0 ? opened : { ...opened, sql: shifted(opened.sql, rows.time.shiftMillis) };
  return {
    ...grouped,
    names: uniqueNames([...plan.keys.map((key) => rows.names[key]!), 'open', ...plan.aggregates.map(nameOf)]),
    columns: [...keys, start, ...grouped.columns],
  };
}

/** Several keys are one row: a view forgets that the names behind PARTITION BY belong together. */
function partitioned(
  rows: Rows,
  keys: readonly number[],
  printer: PumpPrinter,
): { readonly table: string; readonly partition: string } {
  const names = [...new Set(keys.map((key) => rows.columns[key]!.sql))];
  if (names.length === 0) return { table: rows.from, partition: '' };
  if (names.length === 1) return { table: rows.from, partition: ` PARTITION BY ${names[0]}` };
  const keyed = printer.store(rows, [`ROW(${names.join(', ')}) AS \`KEYS\``]);
  return { table: keyed.from, partition: ' PARTITION BY `KEYS`' };
}

/** Each call of a process table function in a job has a name of its own. */
export function processId({ pump, job, views }: PumpPrinter): string {
  const number = [...job.plan.pumps].findIndex(({ name }) => name === pump);
  return `'process_${number + 1}_${views.length + 1}'`;
}
