import type { AggregateCall } from '../plan.ts';
import { familyOf } from '../sql-type.ts';
import { flinkType } from './flink-type.ts';
import { asBigint, asDouble, fitFraction } from './print-arithmetic.ts';
import type { ExpressionContext } from './print-context.ts';
import { magnitudeOf, type Printed } from './printed.ts';

/** How an aggregate is printed: `over` is empty in a group, ` OVER (…)` in a window. */
type PrintAggregate = (
  call: AggregateCall,
  argument: Printed,
  context: ExpressionContext,
  over: string,
) => string;

const spread: PrintAggregate = ({ function: name }, argument, { differ }, over) => {
  differ('variance');
  return `${name}(${bare(asDouble(argument))})${over}`;
};

/**
 * One row has no sample deviation. Flink takes the result for NOT NULL where it knows that of the argument, a COUNT for
 * instance, and then gives -1: hence the CASE.
 */
const sampleSpread: PrintAggregate = (call, argument, context, over) => {
  const count = `COUNT(${bare(asDouble(argument))})${over}`;
  return `CASE WHEN ${count} > 1 THEN ${spread(call, argument, context, over)} END`;
};

const extreme: PrintAggregate = ({ function: name }, { sql }, _context, over) => `${name}(${sql})${over}`;

/** In a window the first value is that of its oldest row, the last that of the row itself; in a group they go by ROWTIME. */
const FIRST_VALUE: PrintAggregate = (_call, { sql }, { call, rowtime }, over) =>
  over === ''
    ? call('MESONET_FIRST_VALUE', [sql, rowtime])
    : `${call('MESONET_NTH_VALUE', [sql, 'CAST(1 AS BIGINT)'])}${over}`;

const LAST_VALUE: PrintAggregate = (_call, { sql }, { call, rowtime }, over) =>
  over === '' ? call('MESONET_LAST_VALUE', [sql, rowtime]) : sql;

/** TRUE counts 1, FALSE 0, NULL not at all. */
const decided =
  (name: 'MAX' | 'MIN'): PrintAggregate =>
  (_call, { sql }, _context, over) =>
    `${name}(CASE WHEN ${sql} THEN 1 WHEN NOT ${sql} THEN 0 END)${over} = 1`;

const aggregates: Readonly<Record<AggregateCall['function'], PrintAggregate>> = {
  COUNT: (call, { sql }, { differ }, over) => {
    differ('count');
    return `COUNT(${call.column === undefined ? '*' : sql})${over}`;
  },
  SUM: ({ type }, argument, { differ }, over) => {
    const whole = magnitudeOf(type) !== undefined && argument.flink !== 'DOUBLE';
    differ(whole ? 'wholeSum' : 'floating');
    return `SUM(${bare(whole ? asBigint(argument) : fraction(argument))})${over}`;
  },
  AVG: ({ type }, argument, { differ }, over) => {
    if (magnitudeOf(type) === undefined) differ('floating');
    return `AVG(${bare(magnitudeOf(type) === undefined ? fraction(argument) : argument.sql)})${over}`;
  },
  MIN: extreme,
  MAX: extreme,
  FIRST_VALUE,
  LAST_VALUE,
  STDDEV_POP: spread,
  STDDEV_SAMP: sampleSpread,
  VAR_POP: spread,
  VAR_SAMP: sampleSpread,
  ANY: decided('MAX'),
  EVERY: decided('MIN'),
  EXP_AVG: ({ parameter = 1 }, argument, { call, rowtime }, over) =>
    `${call('MESONET_EXP_AVG', [bare(asDouble(argument)), rowtime, `CAST(${Math.max(1, parameter)} AS BIGINT)`])}${over}`,
  NTH_VALUE: ({ parameter = 1 }, { sql }, { call }, over) =>
    `${call('MESONET_NTH_VALUE', [sql, `CAST(${parameter} AS BIGINT)`])}${over}`,
  LAG: ({ parameter = 1 }, { sql }, _context, over) => `LAG(${sql}, ${parameter})${over}`,
};

/** DECIMAL is exact in Flink and is summed as it is, REAL would be summed in 32 bits. */
function fraction(argument: Printed): string {
  return argument.flink.startsWith('DECIMAL') ? argument.sql : asDouble(argument);
}

function bare(text: string): string {
  return text.startsWith('(') && text.endsWith(')') && !text.slice(1, -1).includes(')')
    ? text.slice(1, -1)
    : text;
}

/** An aggregate over a column of the rows, of the type that the plan gives it. */
export function printAggregate(call: AggregateCall, context: ExpressionContext, over = ''): Printed {
  const argument = (call.column === undefined ? undefined : context.columns[call.column]) ?? nothing;
  const { type } = call;
  if (['MIN', 'MAX'].includes(call.function) && familyOf(argument.type) === 'binary')
    context.refuse(`${call.function} of bytes`);
  const sql = aggregates[call.function](call, argument, context, over);
  const flink = resultOf(call, argument);
  const printed: Printed = { sql, type, flink, atom: false };
  if (flink === 'BIGINT' && magnitudeOf(type) !== undefined)
    return { ...printed, magnitude: call.function === 'COUNT' ? 2_147_483_647 : Number.MAX_SAFE_INTEGER };
  if (flink !== flinkType(type) && (type.name === 'DECIMAL' || type.name === 'REAL')) {
    const { failure: _, ...fitted } = fitFraction(printed, type);
    return { ...fitted, atom: false };
  }
  const magnitude = magnitudeOf(type);
  return magnitude === undefined ? printed : { ...printed, magnitude };
}

const nothing: Printed = { sql: '*', type: { name: 'NULL' }, flink: 'STRING', atom: true };

function resultOf({ function: name, type }: AggregateCall, argument: Printed): string {
  if (name === 'COUNT') return 'BIGINT';
  if (name === 'SUM' && magnitudeOf(type) !== undefined) return 'BIGINT';
  if (name === 'ANY' || name === 'EVERY') return 'BOOLEAN';
  if (name === 'SUM' || name === 'AVG') {
    if (magnitudeOf(type) !== undefined) return argument.flink;
    return argument.flink.startsWith('DECIMAL') ? 'DECIMAL(38, 6)' : 'DOUBLE';
  }
  return name.startsWith('STDDEV') || name.startsWith('VAR') || name === 'EXP_AVG'
    ? 'DOUBLE'
    : argument.flink;
}
