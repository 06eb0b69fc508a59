import type { Expression } from '../plan.ts';
import { isExactInteger, type SqlType } from '../sql-type.ts';
import { compileCast } from './cast.ts';
import { EvaluationError } from './engine-error.ts';
import { fitInterval, fitNumber, fitTime } from './numeric.ts';
import type { Row, Value } from './row.ts';
import { compileFunction } from './scalar-functions.ts';

/** A compiled expression. @throws EvaluationError for a value that cannot be computed */
export type Evaluate = (row: Row, rowtime: number) => Value;

/** What an expression may ask besides the row. */
export interface EvaluationContext {
  /** The moment CURRENT_TIMESTAMP is frozen at, milliseconds since the epoch. */
  readonly startMillis: number;
}

/** Compiles an expression to a closure; three-valued logic, NULL in gives NULL out but where SQL says otherwise. */
export function compileExpression(expression: Expression, context: EvaluationContext): Evaluate {
  switch (expression.kind) {
    case 'literal': {
      const { value } = expression;
      return () => value;
    }
    case 'column': {
      const { index } = expression;
      return (row) => row[index]!;
    }
    case 'rowtime':
      return (_row, rowtime) => rowtime;
    case 'startTime': {
      const convert = compileCast({ name: 'TIMESTAMP' }, expression.type);
      return (_row, rowtime) => convert(Number.isNaN(context.startMillis) ? rowtime : context.startMillis);
    }
    case 'cast': {
      const operand = compileExpression(expression.operand, context);
      const convert = compileCast(expression.operand.type, expression.type);
      return (row, rowtime) => convert(operand(row, rowtime));
    }
    case 'case':
      return compileCase(expression, context);
    case 'call':
      return compileCall(expression, context);
  }
}

function compileCase(expression: Expression & { kind: 'case' }, context: EvaluationContext): Evaluate {
  const branches = expression.branches.map(({ when, result }) => ({
    when: compileExpression(when, context),
    result: compileExpression(result, context),
  }));
  const otherwise = compileExpression(expression.otherwise, context);
  return (row, rowtime) => {
    for (const { when, result } of branches) if (when(row, rowtime) === true) return result(row, rowtime);
    return otherwise(row, rowtime);
  };
}

function compileCall(expression: Expression & { kind: 'call' }, context: EvaluationContext): Evaluate {
  const values = expression.arguments.map((argument) => compileExpression(argument, context));
  const special = Object.hasOwn(nullAware, expression.function) ? nullAware[expression.function] : undefined;
  if (special !== undefined) return special(values);
  const [left, right] = values;
  if (values.length === 2 && left !== undefined && right !== undefined) {
    const operate = compileBinary(expression);
    if (operate !== undefined) return binary(left, right, operate);
  }
  return strict(values, compileFunction(expression));
}

type BinaryOperation = (left: Value, right: Value) => Value;

function binary(left: Evaluate, right: Evaluate, operate: BinaryOperation): Evaluate {
  return (row, rowtime) => {
    const a = left(row, rowtime);
    const b = right(row, rowtime);
    return a === null || b === null ? null : operate(a, b);
  };
}

/** NULL in any argument gives NULL. */
function strict(
  values: readonly Evaluate[],
  apply: (values: readonly Value[], rowtime: number) => Value,
): Evaluate {
  return (row, rowtime) => {
    const given: Value[] = [];
    for (const value of values) {
      const result = value(row, rowtime);
      if (result === null) return null;
      given.push(result);
    }
    return apply(given, rowtime);
  };
}

const nullAware: Readonly<Record<string, (values: readonly Evaluate[]) => Evaluate>> = {
  AND:
    ([a, b]) =>
    (row, rowtime) => {
      const left = a!(row, rowtime);
      if (left === false) return false;
      const right = b!(row, rowtime);
      return right === false ? false : left === null || right === null ? null : true;
    },
  OR:
    ([a, b]) =>
    (row, rowtime) => {
      const left = a!(row, rowtime);
      if (left === true) return true;
      const right = b!(row, rowtime);
      return right === true ? true : left === null || right === null ? null : false;
    },
  IS_NULL:
    ([a]) =>
    (row, rowtime) =>
      a!(row, rowtime) === null,
  IS_UNKNOWN:
    ([a]) =>
    (row, rowtime) =>
      a!(row, rowtime) === null,
  IS_TRUE:
    ([a]) =>
    (row, rowtime) =>
      a!(row, rowtime) === true,
  IS_FALSE:
    ([a]) =>
    (row, rowtime) =>
      a!(row, rowtime) === false,
  IS_DISTINCT:
    ([a, b]) =>
    (row, rowtime) =>
      a!(row, rowtime) !== b!(row, rowtime),
  IN:
    ([operand, ...list]) =>
    (row, rowtime) => {
      const value = operand!(row, rowtime);
      if (value === null) return null;
      let unknown = false;
      for (const item of list) {
        const candidate = item(row, rowtime);
        if (candidate === value) return true;
        if (candidate === null) unknown = true;
      }
      return unknown ? null : false;
    },
  COALESCE: (values) => (row, rowtime) => {
    for (const value of values) {
      const result = value(row, rowtime);
      if (result !== null) return result;
    }
    return null;
  },
  NULLIF:
    ([a, b]) =>
    (row, rowtime) => {
      const value = a!(row, rowtime);
      return value === b!(row, rowtime) ? null : value;
    },
  CURRENT_ROW_TIMESTAMP: () => (_row, rowtime) => rowtime,
};

const comparisons: Readonly<Record<string, BinaryOperation>> = {
  '=': (a, b) => a === b,
  '<>': (a, b) => a !== b,
  '<': (a, b) => a! < b!,
  '<=': (a, b) => a! <= b!,
  '>': (a, b) => a! > b!,
  '>=': (a, b) => a! >= b!,
  '||': (a, b) => `${a}${b}`,
};

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': divide,
};

function compileBinary(expression: Expression & { kind: 'call' }): BinaryOperation | undefined {
  const { function: name, type } = expression;
  if (Object.hasOwn(comparisons, name)) return comparisons[name];
  if (!Object.hasOwn(arithmetic, name)) return undefined;
  const operate = arithmetic[name]!;
  const conform = compileConform(type);
  return (a, b) => conform(operate(a as number, b as number));
}

/** Integer division truncates; intervals and times are whole milliseconds. */
function compileConform(type: SqlType): (value: number) => number {
  if (type.name === 'DOUBLE') return (value) => (value - value === 0 ? value : fitNumber(value, type));
  if (isExactInteger(type) || type.name === 'DECIMAL' || type.name === 'REAL') {
    const wide: SqlType = type.name in { INTEGER: 1, SMALLINT: 1, TINYINT: 1 } ? { name: 'BIGINT' } : type;
    return (value) => fitNumber(value, wide);
  }
  if (type.name === 'TIMESTAMP' || type.name === 'DATE' || type.name === 'TIME')
    return (value) => fitTime(value, type);
  return (value) => fitInterval(value, type);
}

export function divide(a: number, b: number): number {
  if (b === 0) throw new EvaluationError('DIVISION_BY_ZERO', `Division of ${a} by zero`);
  return a / b;
}
