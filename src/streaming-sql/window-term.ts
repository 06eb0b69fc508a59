import { millisOf } from './parse-interval.ts';
import type { Expression, TumblingWindow } from './plan.ts';
import { timestamp } from './sql-type.ts';
import type { TimeUnit } from './syntax.ts';

/** 1970-01-04, the first Sunday: FLOOR(… TO WEEK) starts weeks on Sunday. */
const FIRST_SUNDAY_MILLIS = 259_200_000;

/** One window per ROWTIME. */
export const instantWindow: TumblingWindow = {
  kind: 'fixed',
  widthMillis: 1,
  originMillis: 0,
  instant: true,
};

interface LinearTime {
  /** The constant subtracted from ROWTIME. */
  readonly originMillis: number;
  readonly divisor: number;
}

/**
 * A window's term for all its rows alike: its value at the window's start, which stands in the column `index`. STEP and
 * FLOOR of ROWTIME itself are that start.
 */
export function termAtStart(term: Expression, index: number): Expression {
  const start: Expression = { kind: 'column', index, type: timestamp };
  if (term.kind === 'call' && term.arguments[0]?.kind === 'rowtime') return { ...start, type: term.type };
  return atStart(term, start);
}

function atStart(term: Expression, start: Expression): Expression {
  if (term.kind === 'rowtime') return start;
  if (term.kind !== 'call') return term;
  return { ...term, arguments: term.arguments.map((argument) => atStart(argument, start)) };
}

/**
 * Recognises the monotonic ROWTIME terms that make a tumbling window (developer guide, "Tumbling Windows"):
 * STEP(ROWTIME BY interval), FLOOR(ROWTIME TO unit), the same of ROWTIME moved by a constant, and the epoch idiom
 * FLOOR((ROWTIME - TIMESTAMP '…') SECOND / n TO SECOND). Any other expression answers undefined.
 */
export function readWindowTerm(term: Expression): TumblingWindow | undefined {
  if (term.kind === 'rowtime') return instantWindow;
  if (term.kind !== 'call') return undefined;
  const [operand, by] = term.arguments;
  if (operand === undefined) return undefined;
  const linear = readLinear(operand);
  if (linear === undefined) return undefined;
  if (term.function === 'STEP') return stepWindow(linear, by);
  if (term.function !== 'FLOOR_TO' || by?.kind !== 'literal') return undefined;
  return floorWindow(linear, by.value as TimeUnit, operand.type.name === 'TIMESTAMP');
}

function stepWindow(linear: LinearTime, by: Expression | undefined): TumblingWindow | undefined {
  if (by?.kind !== 'literal' || typeof by.value !== 'number' || by.value <= 0) return undefined;
  return fixed(by.value * linear.divisor, linear.originMillis);
}

function floorWindow(linear: LinearTime, unit: TimeUnit, isTime: boolean): TumblingWindow | undefined {
  if (unit === 'MONTH' || unit === 'YEAR')
    return isTime && linear.originMillis === 0 ? { kind: 'calendar', unit } : undefined;
  const unitMillis = millisOf(unit);
  if (unitMillis === undefined) return undefined;
  const weekStart = isTime && unit === 'WEEK' ? FIRST_SUNDAY_MILLIS : 0;
  return fixed(unitMillis * linear.divisor, linear.originMillis + weekStart);
}

function fixed(widthMillis: number, origin: number): TumblingWindow {
  return { kind: 'fixed', widthMillis, originMillis: ((origin % widthMillis) + widthMillis) % widthMillis };
}

/** Linear : ROWTIME | ROWTIME - constant | ROWTIME + constant | Linear / whole number */
function readLinear(expression: Expression): LinearTime | undefined {
  if (expression.kind === 'rowtime') return { originMillis: 0, divisor: 1 };
  if (expression.kind !== 'call') return undefined;
  const [left, right] = expression.arguments;
  if (left === undefined || right?.kind !== 'literal' || typeof right.value !== 'number') return undefined;
  if (expression.function === '-' && left.kind === 'rowtime')
    return { originMillis: right.value, divisor: 1 };
  if (expression.function === '+' && left.kind === 'rowtime')
    return { originMillis: -right.value, divisor: 1 };
  if (expression.function !== '/' || !Number.isInteger(right.value) || right.value <= 0) return undefined;
  const inner = readLinear(left);
  return inner === undefined ? undefined : { ...inner, divisor: inner.divisor * right.value };
}

/** Width for comparing two windows of one GROUP BY; a month counts as its shortest. */
export function approximateWidth(window: TumblingWindow): number {
  if (window.kind === 'fixed') return window.widthMillis;
  return window.unit === 'MONTH' ? 28 * 86_400_000 : 365 * 86_400_000;
}
