import type { Expression } from '../plan.ts';
import { datetimeFunctions } from './datetime-functions.ts';
import { EvaluationError } from './engine-error.ts';
import { fitNumber } from './numeric.ts';
import type { Value } from './row.ts';
import { stringFunctions } from './string-functions.ts';

/** A function of values that are not NULL. */
export type ScalarFunction = (values: readonly Value[], rowtime: number) => Value;
type CallExpression = Expression & { kind: 'call' };

/** Makes a function for one call; what is the same for every row (patterns) is prepared here once. */
export type FunctionCompiler = (call: CallExpression) => ScalarFunction;

const real =
  (compute: (...numbers: number[]) => number): FunctionCompiler =>
  ({ function: name, type }) =>
  (values) => {
    const result = compute(...(values as readonly number[]));
    if (Number.isNaN(result))
      throw new EvaluationError('INVALID_ARGUMENT', `${name}(${values.join(', ')}) is not a number`);
    return fitNumber(result, type);
  };

const numericFunctions: Readonly<Record<string, FunctionCompiler>> = {
  NEGATE:
    () =>
    ([value]) =>
      -(value as number) || 0,
  NOT:
    () =>
    ([value]) =>
      value !== true,
  ABS: real(Math.abs),
  CEIL: real(Math.ceil),
  CEILING: real(Math.ceil),
  FLOOR: real(Math.floor),
  EXP: real(Math.exp),
  LN: real(Math.log),
  LOG10: real(Math.log10),
  SQRT: real(Math.sqrt),
  POWER: real((base, exponent) => base ** exponent),
  MOD: real((value, divisor) => {
    if (divisor === 0) throw new EvaluationError('DIVISION_BY_ZERO', `MOD of ${value} by zero`);
    return value! % divisor!;
  }),
  MONOTONIC:
    () =>
    ([value]) =>
      value!,
};

/** The function a call names. @throws Error when the plan names one that this engine does not have */
export function compileFunction(call: CallExpression): ScalarFunction {
  const name = call.function;
  for (const table of [numericFunctions, stringFunctions, datetimeFunctions]) {
    if (Object.hasOwn(table, name)) return table[name]!(call);
  }
  throw new EvaluationError('UNKNOWN_FUNCTION', `Plan calls "${name}", which this engine does not have`);
}
