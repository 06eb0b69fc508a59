import type { AggregateCall, StaggerAggregatePlan } from '../plan.ts';
import type { FunctionName } from './flink-functions.ts';
import { aggregateName, groupWindow, instant, timeColumn } from './group-window.ts';
import { printName } from './print-literal.ts';
import type { Printed } from './printed.ts';
import type { PumpPrinter } from './pump-printer.ts';
import { type Rows, uniqueNames } from './rows.ts';

/** A window whose rows a process table function holds until it closes. */
export interface HeldWindow {
  readonly name: Extract<FunctionName, 'MESONET_STAGGER' | 'MESONET_TUMBLE'>;
  /** Named arguments that say when a window opens and closes. */
  readonly settings: readonly string[];
  readonly keys: readonly number[];
  readonly aggregates: readonly AggregateCall[];
}

/** WINDOWED BY STAGGER: each key's first row opens a window. */
export function printStagger(plan: StaggerAggregatePlan, input: Rows, printer: PumpPrinter): Rows {
  const { rangeMillis, keys, aggregates } = plan;
  printer.differ('closing');
  const settings = [`range_millis => CAST(${rangeMillis} AS BIGINT)`];
  return printHeldWindow(
    { name: 'MESONET_STAGGER', settings, keys, aggregates },
    printer.table(input),
    printer,
  );
}

/**
 * The function gives the rows of a window when it closes, with the time of the closing: the rows of one key, one opening and
 * one such time are then a group.
 */
export function printHeldWindow(window: HeldWindow, rows: Rows, printer: PumpPrinter): Rows {
  const { name, settings, aggregates } = window;
  const attribute = printer.attribute(rows, 'a window');
  printer.use(name);
  const { table, partition } = partitioned(rows, window.keys, printer);
  const given = [`input => TABLE ${table}${partition}`, ...settings, `on_time => DESCRIPTOR(${attribute})`];
  const open: Printed = timeColumn(printName('WINDOW_OPEN'), { ...rows.time, shiftMillis: 0 });
  const closed = printer.store({
    ...rows,
    from: `${name}(${[...given, `uid => ${processId(printer)}`].join(', ')})`,
    isTable: false,
    isPlain: true,
    columns: [...rows.columns, open],
    names: uniqueNames([...rows.names, 'open']),
    time: { ...rows.time, attribute: printName('rowtime') },
  });
  const keys = window.keys.map((key) => closed.columns[key]!);
  const opened = closed.columns.at(-1)!;
  const grouped = groupWindow(closed, instant, [...keys, opened], aggregates, printer);
  return {
    ...grouped,
    names: uniqueNames([
      ...window.keys.map((key) => rows.names[key]!),
      'open',
      ...aggregates.map(aggregateName),
    ]),
    columns: [...keys, timeColumn(opened.sql, rows.time), ...grouped.columns],
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
  const keyed = printer.store(rows, [`ROW(${names.join(', ')}) AS ${printName('KEYS')}`]);
  return { table: keyed.from, partition: ` PARTITION BY ${printName('KEYS')}` };
}

/** Each call of a process table function in a job has a name of its own. */
export function processId({ pump, job, views }: PumpPrinter): string {
  const number = job.plan.pumps.findIndex(({ name }) => name === pump);
  return `'process_${number + 1}_${views.length + 1}'`;
}
