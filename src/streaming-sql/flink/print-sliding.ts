import type { AggregateCall, SlidingAggregatePlan, SlidingWindow, WindowFrame } from '../plan.ts';
import { printAggregate } from './print-aggregate.ts';
import { isNull, resultType, widen } from './print-expression.ts';
import { printInterval } from './print-literal.ts';
import type { Printed } from './printed.ts';
import type { PumpPrinter } from './pump-printer.ts';
import { type Rows, uniqueNames } from './rows.ts';

/**
 * `f(x) OVER window` (Flink documentation, "Over Aggregation"). All windows of a SELECT must be the same there, so every
 * window, and LAG, which has a window of its own, is a view over the one before.
 */
export function printSliding(plan: SlidingAggregatePlan, input: Rows, printer: PumpPrinter): Rows {
  printer.differ('delay');
  printer.differ('epoch');
  let rows = printer.table(input);
  const width = rows.columns.length;
  const places = new Map<AggregateCall, number>();
  for (const window of plan.windows)
    for (const calls of layersOf(window)) rows = addLayer(rows, window, calls, places, printer);
  const calls = plan.windows.flatMap((window) => window.calls);
  const order = [...Array(width).keys(), ...calls.map((call) => places.get(call) ?? 0)];
  return {
    ...rows,
    columns: order.map((index) => rows.columns[index]!),
    names: order.map((index) => rows.names[index]!),
  };
}

/** Calls of LAG by how far they look back, each a window of its own, and all others. */
function layersOf({ calls }: SlidingWindow): (readonly AggregateCall[])[] {
  const layers = Map.groupBy(calls, (call) => (call.function === 'LAG' ? (call.parameter ?? 1) : 'window'));
  return [...layers.values()];
}

function addLayer(
  input: Rows,
  window: SlidingWindow,
  calls: readonly AggregateCall[],
  places: Map<AggregateCall, number>,
  printer: PumpPrinter,
): Rows {
  const rows = printer.table(input);
  const attribute = printer.attribute(rows, 'a sliding window');
  const context = printer.over(rows);
  const partition = [...new Set(window.partition.map((column) => rows.columns[column]!.sql))];
  const by = `${partition.length === 0 ? '' : `PARTITION BY ${partition.join(', ')} `}ORDER BY ${attribute}`;
  const printed = calls.map((call) =>
    call.function === 'LAG'
      ? printLag(call, window.frame, rows, `${by}`, printer)
      : printAggregate(call, context, ` OVER (${by} ${printFrame(window.frame, printer)})`),
  );
  calls.forEach((call, index) => {
    places.set(call, rows.columns.length + index);
  });
  return printer.store({
    ...rows,
    columns: [...rows.columns, ...printed],
    names: uniqueNames([...rows.names, ...calls.map((call) => call.function.toLowerCase())]),
    isPlain: false,
  });
}

function printFrame(frame: WindowFrame, printer: PumpPrinter): string {
  if (frame.kind === 'unbounded') return 'ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW';
  if (frame.kind === 'rows') return `ROWS BETWEEN ${frame.precedingRows} PRECEDING AND CURRENT ROW`;
  printer.differ('peers');
  return `RANGE BETWEEN ${printInterval(frame.precedingMillis)} PRECEDING AND CURRENT ROW`;
}

/**
 * LAG looks no further back than its window; where there is no such row the default stands, also before a NULL. It is the
 * oldest row of so many: Flink's own LAG would take rows of one ROWTIME for one.
 */
function printLag(
  call: AggregateCall,
  frame: WindowFrame,
  rows: Rows,
  by: string,
  printer: PumpPrinter,
): Printed {
  const { parameter = 1, type } = call;
  const value = rows.columns[call.column ?? -1] ?? printer.refuse('LAG without an argument');
  const fallback = call.defaultColumn === undefined ? undefined : rows.columns[call.defaultColumn];
  const flink = resultType([value, ...(fallback === undefined ? [] : [fallback])], type);
  const none = fallback === undefined || isNull(fallback) ? `CAST(NULL AS ${flink})` : widen(fallback, flink);
  const common = {
    type,
    flink,
    atom: false,
    ...(value.magnitude !== undefined && { magnitude: Number.MAX_SAFE_INTEGER }),
  };
  if (frame.kind === 'rows' && parameter > frame.precedingRows) return { ...common, sql: none };
  const over = `OVER (${by} ROWS BETWEEN ${parameter} PRECEDING AND CURRENT ROW)`;
  const oldest = (what: string) =>
    `${printer.over(rows).call('MESONET_NTH_VALUE', [what, 'CAST(1 AS BIGINT)'])} ${over}`;
  const tooOld =
    frame.kind === 'range'
      ? ` OR ${oldest(rows.time.value)} < ${rows.time.value} - ${printInterval(frame.precedingMillis)}`
      : '';
  const missing = `COUNT(*) ${over} <= ${parameter}${tooOld}`;
  return { ...common, sql: `CASE WHEN ${missing} THEN ${none} ELSE ${oldest(widen(value, flink))} END` };
}
