import type { ValuesPlan } from '../plan.ts';
import { flinkType } from './flink-type.ts';
import { isNull, printExpression, resultType, settle, widen } from './print-expression.ts';
import { printName } from './print-literal.ts';
import { magnitudeOf, type Printed } from './printed.ts';
import { freeName, named, type PumpPrinter } from './pump-printer.ts';
import { attributeTime, printSelect, type Rows, type RowTime, TIME_COLUMN } from './rows.ts';

/** UNION ALL of queries, as a view. */
export function printUnion(inputs: readonly Rows[], printer: PumpPrinter): Rows {
  const [first] = inputs;
  if (first === undefined) return printer.refuse('UNION ALL of no queries');
  printer.differ('order');
  const columns = first.columns.map((column, index): Printed => {
    const all = inputs.map((input) => input.columns[index]!);
    const magnitude = Math.max(...all.map((each) => each.magnitude ?? 0));
    const common = { sql: '', type: column.type, flink: resultType(all, column.type), atom: true };
    return magnitudeOf(column.type) === undefined ? common : { ...common, magnitude };
  });
  const cast = inputs.map((input) => ({
    ...input,
    names: first.names,
    columns: input.columns.map((column, index) => ({ ...column, sql: widen(column, columns[index]!.flink) })),
  }));
  const name = freeName(printer.job.names, printer.pump);
  printer.createView(name, unionAll(cast));
  return {
    from: printName(name),
    isTable: true,
    isPlain: true,
    names: first.names,
    columns: columns.map((column, index) => named(column, first.names[index]!)),
    where: [],
    groupBy: [],
    time: sharedTime(inputs.map(({ time }) => time)),
  };
}

/** All of several rows; they keep a time attribute where all have one, and it is ROWTIME to the same millisecond. */
export function unionAll(all: readonly Rows[]): string {
  const { attribute } = sharedTime(all.map(({ time }) => time));
  return all
    .map((rows) => printSelect(rows, attribute === undefined ? 'value' : 'attribute'))
    .join('\nUNION ALL\n');
}

export function sharedTime(times: readonly RowTime[]): RowTime {
  const shifts = new Set(
    times.map(({ attribute, shiftMillis }) => (attribute === undefined ? -1 : shiftMillis)),
  );
  const [shift = -1] = shifts;
  return shifts.size === 1 && shift >= 0
    ? attributeTime(shift)
    : { shiftMillis: 0, value: printName(TIME_COLUMN) };
}

/** Rows that a pump inserts once: they have the time of the start, which is no time attribute. */
export function printValues(plan: ValuesPlan, printer: PumpPrinter): Rows {
  const none: Rows = {
    from: '',
    isTable: false,
    isPlain: true,
    columns: [],
    names: [],
    where: [],
    groupBy: [],
    time: { shiftMillis: 0, value: 'MESONET_START_TIME()' },
  };
  const context = printer.over(none);
  printer.use('MESONET_START_TIME');
  const rows = plan.rows.map((row) => row.map((item) => settle(printExpression(item, context))));
  if (rows.flat().some(({ failure }) => failure !== undefined)) printer.refuse('a value of VALUES may fail');
  const types = (plan.rows[0] ?? []).map(({ type }) => type);
  const names = types.map((_, index) => `c${index}`);
  const cast = (value: Printed, index: number) =>
    `CAST(${isNull(value) ? 'NULL' : value.sql} AS ${flinkType(types[index]!)})`;
  const lines = rows.map((row) => `(${row.map(cast).join(', ')})`);
  return {
    ...none,
    from: `(VALUES\n  ${lines.join(',\n  ')}) AS v(${names.map(printName).join(', ')})`,
    columns: types.map((type, index) => {
      const magnitude = magnitudeOf(type);
      return {
        sql: printName(names[index]!),
        type,
        flink: flinkType(type),
        atom: true,
        ...(magnitude !== undefined && { magnitude }),
      };
    }),
    names,
  };
}
