import type { AggregateCall } from '../plan.ts';
import { familyOf, isExactInteger } from '../sql-type.ts';
import { EvaluationError } from './engine-error.ts';
import { fitNumber } from './numeric.ts';
import { ObjectAccumulator } from './object-accumulator.ts';
import type { Row, Value } from './row.ts';

/** The running state of one or more aggregates over one argument; numbers live in the group's cells. */
export interface Accumulator {
  /** Doubles it needs per group. */
  readonly width: number;
  /** First cell of a group, for a group at `base`. */
  begin(cells: Float64Array, base: number, group: number): void;
  add(cells: Float64Array, base: number, group: number, row: Row, rowtime: number): void;
}

/** Reads an aggregate's result off the state. @throws EvaluationError when it fits no number of its type */
export type AggregateResult = (cells: Float64Array, base: number, group: number) => Value;

export interface AccumulatorLayout {
  readonly accumulators: readonly (Accumulator | ObjectAccumulator)[];
  readonly results: readonly AggregateResult[];
  /** Doubles per group. */
  readonly stride: number;
  readonly objects: readonly ObjectAccumulator[];
}

const numberAggregates: ReadonlySet<string> = new Set([
  'SUM',
  'AVG',
  'MIN',
  'MAX',
  'COUNT',
  'STDDEV_POP',
  'STDDEV_SAMP',
  'VAR_POP',
  'VAR_SAMP',
]);

/** Lays the aggregates out in cells: all aggregates of one argument share count and sum. Made anew for every table. */
export function layOut(calls: readonly AggregateCall[]): AccumulatorLayout {
  const accumulators: (Accumulator | ObjectAccumulator)[] = [];
  const objects: ObjectAccumulator[] = [];
  const numbers = new Map<number, NumberAccumulator>();
  const results: AggregateResult[] = [];
  let stride = 0;
  for (const [position, call] of calls.entries()) {
    const { column } = call;
    if (column === undefined) {
      const rows = new RowCount(stride);
      stride += rows.width;
      accumulators.push(rows);
      results.push(rows.result);
    } else if (isNumberCall(call)) {
      const needs = calls.filter((other) => other.column === column && isNumberCall(other));
      const known = numbers.get(column) ?? new NumberAccumulator(column, needs, stride);
      if (!numbers.has(column)) {
        numbers.set(column, known);
        accumulators.push(known);
        stride += known.width;
      }
      results.push(known.result(call));
    } else {
      const held = new ObjectAccumulator(call, stride, position);
      stride += held.width;
      accumulators.push(held);
      objects.push(held);
      results.push((_cells, _base, group) => held.result(group));
    }
  }
  return { accumulators, results, stride, objects };
}

function isNumberCall(call: AggregateCall): boolean {
  if (!numberAggregates.has(call.function)) return false;
  if (call.function === 'COUNT') return true;
  const family = familyOf(call.argumentType ?? { name: 'NULL' });
  return family === 'numeric' || family === 'datetime' || family === 'interval';
}

/** COUNT(*) */
class RowCount implements Accumulator {
  readonly width = 1;
  readonly #at: number;

  constructor(at: number) {
    this.#at = at;
  }

  begin(cells: Float64Array, base: number): void {
    cells[base + this.#at] = 0;
  }

  add(cells: Float64Array, base: number): void {
    cells[base + this.#at]!++;
  }

  readonly result: AggregateResult = (cells, base) => cells[base + this.#at]!;
}

/**
 * Count, compensated sum (Neumaier 1974), extremes and moments (Welford 1962) of one numeric argument, each only
 * where some aggregate needs it. NULL is ignored.
 */
class NumberAccumulator implements Accumulator {
  readonly width: number;
  readonly #column: number;
  readonly #count: number;
  readonly #sum: number;
  readonly #minimum: number;
  readonly #maximum: number;
  readonly #moments: number;

  constructor(column: number, calls: readonly AggregateCall[], start: number) {
    const uses = (...names: readonly string[]) => calls.some((call) => names.includes(call.function));
    let next = start;
    const reserve = (needed: boolean, width: number): number => {
      if (!needed) return -1;
      next += width;
      return next - width;
    };
    this.#column = column;
    this.#count = reserve(true, 1);
    this.#sum = reserve(uses('SUM', 'AVG'), 2);
    this.#minimum = reserve(uses('MIN'), 1);
    this.#maximum = reserve(uses('MAX'), 1);
    this.#moments = reserve(uses('STDDEV_POP', 'STDDEV_SAMP', 'VAR_POP', 'VAR_SAMP'), 2);
    this.width = next - start;
  }

  begin(cells: Float64Array, base: number): void {
    cells[base + this.#count] = 0;
    if (this.#minimum >= 0) cells[base + this.#minimum] = Number.POSITIVE_INFINITY;
    if (this.#maximum >= 0) cells[base + this.#maximum] = Number.NEGATIVE_INFINITY;
  }

  add(cells: Float64Array, base: number, _group: number, row: Row): void {
    const value = row[this.#column] as number | null;
    if (value === null) return;
    const count = ++cells[base + this.#count]!;
    if (this.#sum >= 0) addCompensated(cells, base + this.#sum, value);
    if (this.#minimum >= 0 && value < cells[base + this.#minimum]!) cells[base + this.#minimum] = value;
    if (this.#maximum >= 0 && value > cells[base + this.#maximum]!) cells[base + this.#maximum] = value;
    if (this.#moments >= 0) addMoment(cells, base + this.#moments, value, count);
  }

  result(call: AggregateCall): AggregateResult {
    const { type } = call;
    const count = this.#count;
    if (call.function === 'COUNT') return (cells, base) => cells[base + count]!;
    const read = this.#reader(call);
    if (familyOf(type) !== 'numeric')
      return (cells, base) => (cells[base + count] === 0 ? null : read(cells, base));
    return (cells, base) => {
      if (cells[base + count] === 0) return null;
      const value = read(cells, base);
      return value === null ? null : fitNumber(value, type);
    };
  }

  #reader(call: AggregateCall): (cells: Float64Array, base: number) => number | null {
    const [count, sum, moments] = [this.#count, this.#sum, this.#moments];
    switch (call.function) {
      case 'SUM':
        return (cells, base) => exactSum(cells[base + sum]! + cells[base + sum + 1]!, call);
      case 'AVG':
        return (cells, base) => (cells[base + sum]! + cells[base + sum + 1]!) / cells[base + count]!;
      case 'MIN':
        return (cells, base) => cells[base + this.#minimum]!;
      case 'MAX':
        return (cells, base) => cells[base + this.#maximum]!;
      default:
        return (cells, base) => spread(call.function, cells[base + moments + 1]!, cells[base + count]!);
    }
  }
}

/** Adds to a sum and its lost low-order part, kept in the next cell. */
export function addCompensated(cells: Float64Array, at: number, value: number): void {
  const sum = cells[at]!;
  const total = sum + value;
  cells[at + 1]! += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum;
  cells[at] = total;
}

function addMoment(cells: Float64Array, at: number, value: number, count: number): void {
  const delta = value - cells[at]!;
  cells[at]! += delta / count;
  cells[at + 1]! += delta * (value - cells[at]!);
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
