import type { Expression } from '../plan.ts';
import { formatDate, parseDate } from './date-pattern.ts';
import { EvaluationError } from './engine-error.ts';
import { fitTime } from './numeric.ts';
import type { Value } from './row.ts';
import type { FunctionCompiler } from './scalar-functions.ts';
import { windowStart } from './tumbling-window.ts';

const unitMillis: Readonly<Record<string, number>> = {
  SECOND: 1000,
  MINUTE: 60_000,
  HOUR: 3_600_000,
  DAY: 86_400_000,
};
/** Weeks start on Sunday; 1970-01-04 was the first. */
const WEEK_MILLIS = 604_800_000;
const FIRST_SUNDAY_MILLIS = 259_200_000;

const toChar: FunctionCompiler = (call) => {
  const pattern = literal(call.arguments[0]);
  return ([, millis]) => formatDate(pattern, millis as number);
};

const fromChar: FunctionCompiler = (call) => {
  const pattern = literal(call.arguments[0]);
  return ([, text]) => {
    const millis = parseDate(pattern, String(text));
    if (Number.isNaN(millis))
      throw new EvaluationError('INVALID_CAST', `Text '${text}' does not fit the pattern '${pattern}'`);
    return fitTime(millis, call.type);
  };
};

/** SQL reference, "Date and Time Functions" and "Datetime Conversion Functions". */
export const datetimeFunctions: Readonly<Record<string, FunctionCompiler>> = {
  STEP: ({ type }) => {
    const whole = ['TIMESTAMP', 'DATE', 'TIME', 'INTERVAL'].includes(type.name);
    return ([value, step]) => {
      const steps = (value as number) / (step as number);
      return (whole ? Math.floor(steps) : Math.trunc(steps)) * (step as number);
    };
  },
  FLOOR_TO: (call) => {
    const unit = literal(call.arguments[1]);
    return ([value]) => floorTo(value as number, unit, call.type.name === 'INTERVAL');
  },
  CEIL_TO: (call) => {
    const unit = literal(call.arguments[1]);
    return ([value]) => ceilTo(value as number, unit, call.type.name === 'INTERVAL');
  },
  EXTRACT: (call) => {
    const unit = literal(call.arguments[0]);
    const spans = call.arguments[1]?.type.name === 'INTERVAL';
    return ([, value]) => (spans ? extractSpan(unit, value as number) : extract(unit, value as number));
  },
  UNIX_TIMESTAMP:
    () =>
    ([value]) =>
      value!,
  TO_TIMESTAMP:
    () =>
    ([value]) =>
      fitTime(value as number, { name: 'TIMESTAMP' }),
  TSDIFF:
    () =>
    ([start, end]) =>
      Math.abs((end as number) - (start as number)),
  TIMESTAMP_TO_CHAR: toChar,
  DATE_TO_CHAR: toChar,
  TIME_TO_CHAR: toChar,
  CHAR_TO_TIMESTAMP: fromChar,
  CHAR_TO_DATE: fromChar,
  CHAR_TO_TIME: fromChar,
};

function literal(argument: Expression | undefined): string {
  return argument?.kind === 'literal' ? String(argument.value) : '';
}

function floorTo(value: number, unit: string, span: boolean): number {
  if (unit === 'WEEK') {
    const origin = span ? 0 : FIRST_SUNDAY_MILLIS;
    return Math.floor((value - origin) / WEEK_MILLIS) * WEEK_MILLIS + origin;
  }
  if (unit === 'MONTH' || unit === 'YEAR') return windowStart({ kind: 'calendar', unit }, value);
  if (unit === 'QUARTER') {
    const date = new Date(value);
    return Date.UTC(date.getUTCFullYear(), Math.floor(date.getUTCMonth() / 3) * 3, 1);
  }
  const width = unitMillis[unit] ?? 1;
  return Math.floor(value / width) * width;
}

function ceilTo(value: number, unit: string, span: boolean): number {
  const floor = floorTo(value, unit, span);
  if (floor === value) return value;
  const width = unit === 'WEEK' ? WEEK_MILLIS : unitMillis[unit];
  if (width !== undefined) return floor + width;
  const date = new Date(floor);
  const months = { MONTH: 1, QUARTER: 3, YEAR: 12 }[unit] ?? 1;
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1);
}

const fields: Readonly<Record<string, (date: Date) => number>> = {
  YEAR: (date) => date.getUTCFullYear(),
  QUARTER: (date) => Math.floor(date.getUTCMonth() / 3) + 1,
  MONTH: (date) => date.getUTCMonth() + 1,
  WEEK: weekOfYear,
  DAY: (date) => date.getUTCDate(),
  HOUR: (date) => date.getUTCHours(),
  MINUTE: (date) => date.getUTCMinutes(),
  SECOND: (date) => date.getUTCSeconds(),
};

function extract(unit: string, millis: number): Value {
  return fields[unit]?.(new Date(millis)) ?? null;
}

function extractSpan(unit: string, millis: number): Value {
  const modulus: Readonly<Record<string, number>> = { HOUR: 24, MINUTE: 60, SECOND: 60 };
  const width = unitMillis[unit];
  if (width === undefined) return null;
  const count = Math.trunc(millis / width);
  return unit in modulus ? count % modulus[unit]! : count;
}

/** ISO 8601 week number. */
function weekOfYear(date: Date): number {
  const thursday = new Date(date.getTime() + (3 - ((date.getUTCDay() + 6) % 7)) * 86_400_000);
  return Math.floor((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / WEEK_MILLIS) + 1;
}
