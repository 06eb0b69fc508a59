import type { Expression } from '../plan.ts';
import { nullType, type SqlType } from '../sql-type.ts';
import { flinkType } from './flink-type.ts';
import { printArithmetic } from './print-arithmetic.ts';
import { printCast } from './print-cast.ts';
import type { ExpressionContext } from './print-context.ts';
import { datetimeFunctions } from './print-datetime.ts';
import { printDouble, printText, printTimestampLiteral } from './print-literal.ts';
import { logicFunctions } from './print-logic.ts';
import { printNull } from './print-null.ts';
import { numericFunctions } from './print-numeric.ts';
import { stringFunctions } from './print-string.ts';
import { firstFailure, magnitudeOf, type Printed, withFailure } from './printed.ts';

export type CallExpression = Expression & { readonly kind: 'call' };

/** Prints one function of the dialect from its printed arguments. */
export type PrintFunction = (
  values: readonly Printed[],
  call: CallExpression,
  context: ExpressionContext,
) => Printed;

/** An expression of the plan as Flink SQL that never stops the job; where it would fail, `failure` says so. */
export function printExpression(expression: Expression, context: ExpressionContext): Printed {
  switch (expression.kind) {
    case 'literal':
      return printLiteral(expression.value, expression.type);
    case 'column':
      return printColumn(expression.index, expression.type, context);
    case 'rowtime':
      return { sql: context.rowtime, type: expression.type, flink: 'TIMESTAMP(3)', atom: true };
    case 'startTime': {
      const sql = context.call('MESONET_START_TIME', []);
      const now: Printed = { sql, type: { name: 'TIMESTAMP' }, flink: 'TIMESTAMP(3)', atom: true };
      return expression.type.name === 'TIMESTAMP' ? now : printCast(now, expression.type, context);
    }
    case 'cast':
      return printCast(printExpression(expression.operand, context), expression.type, context);
    case 'case':
      return printCase(expression, context);
    case 'call':
      return printCall(expression, context);
  }
}

/** The plan leaves the type of a column out where a row is only passed on: the row knows it. */
function printColumn(index: number, type: SqlType, { columns, refuse }: ExpressionContext): Printed {
  const column = columns[index] ?? refuse(`column ${index + 1} is not in the row`);
  return type.name === 'NULL' || type.name === column.type.name ? column : { ...column, type };
}

/** A constant; without a value of any type where it is NULL of no type. */
export function printLiteral(value: string | number | boolean | null, type: SqlType): Printed {
  if (value === null) return { ...printNull(type), ...(type.name === 'NULL' && { type: nullType }) };
  return { type, atom: true, ...literalOf(value, type) };
}

function literalOf(
  value: string | number | boolean,
  type: SqlType,
): Pick<Printed, 'sql' | 'flink' | 'magnitude'> {
  if (typeof value === 'boolean') return { sql: value ? 'TRUE' : 'FALSE', flink: 'BOOLEAN' };
  if (typeof value === 'string') {
    return type.name === 'BINARY' || type.name === 'VARBINARY'
      ? { sql: `x'${hexOf(value)}'`, flink: `VARBINARY(${Math.max(1, value.length)})` }
      : { sql: printText(value), flink: 'STRING' };
  }
  if (type.name === 'TIMESTAMP') return { sql: printTimestampLiteral(value), flink: 'TIMESTAMP(3)' };
  if (type.name === 'DATE')
    return { sql: `DATE '${new Date(value).toISOString().slice(0, 10)}'`, flink: 'DATE' };
  if (type.name === 'DOUBLE' || type.name === 'REAL') return { sql: printDouble(value), flink: 'DOUBLE' };
  if (Number.isSafeInteger(value) && type.name !== 'DECIMAL') {
    const flink = Math.abs(value) <= 2_147_483_647 ? 'INT' : 'BIGINT';
    return { sql: String(value), flink, magnitude: Math.abs(value) };
  }
  return decimalLiteral(value, type);
}

/** A literal with a fraction is exact in Flink; what JavaScript writes with an exponent is a DOUBLE there too. */
function decimalLiteral(value: number, type: SqlType): Pick<Printed, 'sql' | 'flink'> {
  const text = String(value);
  return text.includes('e')
    ? { sql: printDouble(value), flink: 'DOUBLE' }
    : { sql: text, flink: flinkType(type) };
}

function hexOf(bytes: string): string {
  return [...bytes].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

function printCase(expression: Expression & { kind: 'case' }, context: ExpressionContext): Printed {
  const branches = expression.branches.map(({ when, result }) => ({
    when: printExpression(when, context),
    result: printExpression(result, context),
  }));
  const otherwise = printExpression(expression.otherwise, context);
  const results = [...branches.map(({ result }) => result), otherwise];
  const flink = resultType(results, expression.type);
  const value = (printed: Printed): string => (isNull(printed) ? 'NULL' : widen(printed, flink));
  const text = branches.map(({ when, result }) => `WHEN ${when.sql} THEN ${value(result)}`).join(' ');
  const fails = [
    ...branches.flatMap(({ when, result }) => [when.failure, result.failure]),
    otherwise.failure,
  ];
  const magnitude = Math.max(...results.map((result) => result.magnitude ?? 0));
  return {
    sql: results.every(isNull) ? printNull(expression.type).sql : `CASE ${text} ELSE ${value(otherwise)} END`,
    type: expression.type,
    flink,
    atom: true,
    ...(magnitudeOf(expression.type) === undefined ? {} : { magnitude }),
    ...(results.some(({ unbounded }) => unbounded === true) && { unbounded: true }),
    ...(fails.some((failure) => failure !== undefined) && { failure: caseFailure(branches, otherwise) }),
  };
}

/** Conditions fail in their order, a result only where its branch is taken. */
function caseFailure(
  branches: readonly { readonly when: Printed; readonly result: Printed }[],
  otherwise: Printed,
): string {
  return branches.reduceRight((rest, { when, result }) => {
    const taken = `CASE WHEN ${when.sql} THEN ${result.failure ?? 'NULL'} ELSE ${rest} END`;
    return firstFailure([when.failure, taken]) ?? taken;
  }, otherwise.failure ?? 'CAST(NULL AS STRING)');
}

export function isNull({ type, sql }: Printed): boolean {
  return type.name === 'NULL' && sql.startsWith('CAST(NULL');
}

/** The Flink type of values that meet in CASE, COALESCE or UNION ALL. */
export function resultType(values: readonly Printed[], type: SqlType): string {
  const found = new Set(values.filter((value) => !isNull(value)).map(({ flink }) => flink));
  const [only] = found;
  if (found.size === 1 && only !== undefined) return only;
  if (found.size === 0) return flinkType(type);
  if (magnitudeOf(type) !== undefined) return 'BIGINT';
  return type.name === 'VARCHAR' || type.name === 'CHAR' ? 'STRING' : flinkType(type);
}

/** The value in another Flink type that holds it. */
export function widen(value: Printed, flink: string): string {
  return value.flink === flink ? value.sql : `CAST(${value.sql} AS ${flink})`;
}

const tables: readonly Readonly<Record<string, PrintFunction>>[] = [
  logicFunctions,
  numericFunctions,
  stringFunctions,
  datetimeFunctions,
];

/** Names of all functions that can be printed: what is not here, and no operator, is refused. */
export const printableFunctions: readonly string[] = tables.flatMap((table) => Object.keys(table));

/** Functions that know what to do with NULL; a NULL in any other is the result. */
const takesNull: ReadonlySet<string> = new Set(
  'AND OR IS_NULL IS_UNKNOWN IS_TRUE IS_FALSE IS_DISTINCT IN COALESCE NULLIF CURRENT_ROW_TIMESTAMP'.split(
    ' ',
  ),
);

function printCall(call: CallExpression, context: ExpressionContext): Printed {
  const values = call.arguments.map((argument) => printExpression(argument, context));
  if (values.some(isNull) && !takesNull.has(call.function)) return printNull(call.type);
  if ('+-*/'.includes(call.function)) return printArithmetic(values, call, context);
  const print = tables.find((table) => Object.hasOwn(table, call.function))?.[call.function];
  if (print === undefined) return context.refuse(`function ${call.function} is not known to the printer`);
  return print(values.map(settle), call, context);
}

/** A DOUBLE that may be infinite fails where something else than arithmetic takes it. */
export function settle(value: Printed): Printed {
  if (value.unbounded !== true) return value;
  const { unbounded: _, ...rest } = value;
  const infinite = `CASE WHEN NOT ABS(${value.sql}) <= 1.7976931348623157E308 THEN 'NUMERIC_OVERFLOW' END`;
  return { ...rest, ...withFailure(value.failure, infinite) };
}
