import type { AggregateCall } from '../plan.ts';
import { spread } from './aggregate-result.ts';
import { fitNumber } from './numeric.ts';
import type { Value } from './row.ts';

/** A partial result over some consecutive rows: a tuple of values, so that a snapshot can hold it. */
export type Partial = readonly Value[];

/**
 * An aggregate as partial results that combine: nothing is ever subtracted, so sums keep their exactness however long
 * a window slides.
 */
export interface WindowFunction {
  lift(value: Value, rowtime: number): Partial;
  combine(earlier: Partial, later: Partial): Partial;
  result(partial: Partial): Value;
}

const none: Partial = [];

/** Partials of values where NULL is ignored: the empty tuple is the partial of no value. */
function ignoringNull(
  lift: (value: number) => Partial,
  merge: WindowFunction['combine'],
  result: WindowFunction['result'],
): WindowFunction {
  return {
    lift: (value) => (value === null ? none : lift(value as number)),
    combine: (a, b) => (a.length === 0 ? b : b.length === 0 ? a : merge(a, b)),
    result: (partial) => (partial.length === 0 ? null : result(partial)),
  };
}

/** [count, sum, lost low-order part] */
const sumOf = (result: WindowFunction['result']): WindowFunction =>
  ignoringNull(
    (value) => [1, value, 0],
    (a, b) => {
      const [left, right] = [a[1] as number, b[1] as number];
      const total = left + right;
      const lost = Math.abs(left) >= Math.abs(right) ? left - total + right : right - total + left;
      return [(a[0] as number) + (b[0] as number), total, (a[2] as number) + (b[2] as number) + lost];
    },
    result,
  );

const choose = (replaces: (held: Value, value: Value) => boolean): WindowFunction =>
  ignoringNull(
    (value) => [value],
    (a, b) => (replaces(a[0]!, b[0]!) ? b : a),
    (partial) => partial[0]!,
  );

/** [count, mean, sum of squared deviations], merged as Chan, Golub and LeVeque (1979) do. */
const momentsOf = (name: string): WindowFunction =>
  ignoringNull(
    (value) => [1, value, 0],
    (a, b) => {
      const [n, m] = [a[0] as number, b[0] as number];
      const delta = (b[1] as number) - (a[1] as number);
      const count = n + m;
      return [
        count,
        (a[1] as number) + (delta * m) / count,
        (a[2] as number) + (b[2] as number) + (delta * delta * n * m) / count,
      ];
    },
    (partial) => spread(name, partial[2] as number, partial[0] as number),
  );

/** [weighted sum, weights, newest time]: weights halve every `halfLife` milliseconds going back. */
function exponentialAverage(halfLife: number): WindowFunction {
  const base = ignoringNull(
    () => none,
    (a, b) => {
      const decay = 2 ** (((a[2] as number) - (b[2] as number)) / halfLife);
      return [
        (a[0] as number) * decay + (b[0] as number),
        (a[1] as number) * decay + (b[1] as number),
        b[2]!,
      ];
    },
    (partial) => (partial[0] as number) / (partial[1] as number),
  );
  return { ...base, lift: (value, rowtime) => (value === null ? none : [value, 1, rowtime]) };
}

/** The function of a call over a window. LAG and NTH_VALUE look rows up instead and have none. */
export function windowFunction(call: AggregateCall): WindowFunction {
  const { type } = call;
  switch (call.function) {
    case 'COUNT':
      return {
        lift: (value) => [call.column !== undefined && value === null ? 0 : 1],
        combine: (a, b) => [(a[0] as number) + (b[0] as number)],
        result: (partial) => partial[0]!,
      };
    case 'SUM':
      return sumOf(([, sum, lost]) => fitNumber((sum as number) + (lost as number), type));
    case 'AVG':
      return sumOf(([count, sum, lost]) =>
        fitNumber(((sum as number) + (lost as number)) / (count as number), type),
      );
    case 'MIN':
      return choose((held, value) => value! < held!);
    case 'MAX':
      return choose((held, value) => value! > held!);
    case 'ANY':
      return choose((held, value) => held === false && value === true);
    case 'EVERY':
      return choose((held, value) => held === true && value === false);
    case 'EXP_AVG':
      return exponentialAverage(Math.max(1, call.parameter ?? 1));
    case 'LAST_VALUE':
      return { lift: (value) => [value], combine: (_, b) => b, result: (partial) => partial[0]! };
    case 'FIRST_VALUE':
    case 'LAG':
    case 'NTH_VALUE':
      return { lift: (value) => [value], combine: (a) => a, result: (partial) => partial[0]! };
    default:
      return momentsOf(call.function);
  }
}
