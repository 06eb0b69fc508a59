import type { AggregateCall } from '../plan.ts';
import { familyOf, isExactInteger } from '../sql-type.ts';
import type { AggregateCells } from './aggregate-cells.ts';
import { type AggregateLayout, type ArgumentCells, isNumberCall, layOut } from './aggregate-layout.ts';
import { EvaluationError } from './engine-error.ts';
import { fitNumber } from './numeric.ts';
import type { Value } from './row.ts';

/** Reads an aggregate's result off a group. @throws EvaluationError when it fits no number of its type */
export type AggregateResult = (
  state: AggregateCells,
  cells: Float64Array,
  base: number,
  group: number,
) => Value;

type ReadNumber = (cells: Float64Array, base: number, count: number) => number | null;

/** The aggregates of a query: how they are kept, and how the result of each call is read. */
export interface Aggregates extends AggregateLayout {
  readonly results: readonly AggregateResult[];
}

/** Compiles the aggregates of a query, once for each operator. */
export function compileAggregates(calls: readonly AggregateCall[]): Aggregates {
  const layout = layOut(calls);
  return { ...layout, results: calls.map((call) => compileResult(call, layout)) };
}

function compileResult(call: AggregateCall, layout: AggregateLayout): AggregateResult {
  if (!isNumberCall(call)) {
    const at = layout.held.findIndex((held) => held.call === call);
    return (state, _cells, _base, group) => state.held[at]!.result(group);
  }
  if (call.column === undefined) return (_state, cells, base) => cells[base]!;
  const argument = layout.columns.indexOf(call.column);
  if (call.function === 'COUNT')
    return (state, cells, base, group) => cells[base]! - state.nulls(argument, group);
  return numberResult(call, argument, readerOf(call, layout.arguments.get(call.column)!));
}

function numberResult(call: AggregateCall, argument: number, read: ReadNumber): AggregateResult {
  const { type } = call;
  const isNumeric = familyOf(type) === 'numeric';
  return (state, cells, base, group) => {
    const count = cells[base]! - state.nulls(argument, group);
    if (count === 0) return null;
    const value = read(cells, base, count);
    return value === null || !isNumeric ? value : fitNumber(value, type);
  };
}

function readerOf(call: AggregateCall, { sum, minimum, maximum, moments }: ArgumentCells): ReadNumber {
  switch (call.function) {
    case 'SUM':
      return (cells, base) => exactSum(cells[base + sum]! + cells[base + sum + 1]!, call);
    case 'AVG':
      return (cells, base, count) => (cells[base + sum]! + cells[base + sum + 1]!) / count;
    case 'MIN':
      return (cells, base) => cells[base + minimum]!;
    case 'MAX':
      return (cells, base) => cells[base + maximum]!;
    default:
      return (cells, base, count) => spread(call.function, cells[base + moments + 2]!, count);
  }
}

function exactSum(sum: number, call: AggregateCall): number {
  if (isExactInteger(call.argumentType ?? call.type) && !Number.isSafeInteger(sum)) {
    throw new EvaluationError(
      'NUMERIC_OVERFLOW',
      `Sum ${sum} is beyond the whole numbers a record can carry exactly`,
    );
  }
  return sum;
}

/** Variance or standard deviation from the sum of squared deviations; the sample forms are NULL for one value. */
export function spread(name: string, squares: number, count: number): number | null {
  const sample = name.endsWith('_SAMP');
  if (sample && count < 2) return null;
  const variance = squares / (sample ? count - 1 : count);
  return name.startsWith('STDDEV') ? Math.sqrt(variance) : variance;
}
