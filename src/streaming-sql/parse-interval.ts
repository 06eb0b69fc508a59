import type { TokenStream } from '../sql/index.ts';
import { type IntervalField, intervalFields, intervalType, type SqlType } from './sql-type.ts';
import type { SyntaxExpression, TimeUnit } from './syntax.ts';

const unitMillis: Readonly<Partial<Record<TimeUnit, number>>> = {
  SECOND: 1000,
  MINUTE: 60_000,
  HOUR: 3_600_000,
  DAY: 86_400_000,
  WEEK: 604_800_000,
};

const units: readonly TimeUnit[] = ['SECOND', 'MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR'];

/** Milliseconds of one unit; undefined for MONTH, QUARTER and YEAR, whose length varies. */
export function millisOf(unit: TimeUnit): number | undefined {
  return unitMillis[unit];
}

export function isTimeUnit(keyword: string): keyword is TimeUnit {
  return (units as readonly string[]).includes(keyword);
}

/** TimeUnit : SECOND | MINUTE | HOUR | DAY | WEEK | MONTH | QUARTER | YEAR */
export function parseTimeUnit(tokens: TokenStream): TimeUnit {
  const { keyword } = tokens.peek();
  if (!isTimeUnit(keyword)) return tokens.failExpected('a time unit such as SECOND or MINUTE');
  tokens.next();
  return keyword;
}

/**
 * Interval : INTERVAL [ '+' | '-' ] 'text' unit [ ( precision [, fraction] ) ] [ TO unit [ ( fraction ) ] ]
 * TO only belongs to the interval when its text has several fields: FLOOR(t + INTERVAL '10' SECOND TO MINUTE) rounds.
 * The leading field holds two digits unless a precision says more (SQL reference, "Interval Literals").
 */
export function parseInterval(tokens: TokenStream): SyntaxExpression {
  const { start } = tokens.expectKeyword('INTERVAL');
  const outerSign = tokens.acceptOperator('-') ? -1 : 1;
  const token = tokens.expect('string', "a quoted number, as in INTERVAL '1' MINUTE");
  const unit = parseTimeUnit(tokens);
  const precision = parsePrecision(tokens);
  const sign = token.value.trim().startsWith('-') ? -outerSign : outerSign;
  const text = token.value.trim().replace(/^[+-]/, '');
  const to = /[ :-]/.test(text) && tokens.acceptKeyword('TO') ? parseTimeUnit(tokens) : null;
  if (to !== null) parsePrecision(tokens);
  const fields = readFields(text, unit, to);
  if (fields === null)
    return tokens.fail(
      token.start,
      `Interval ${token.text} does not fit ${unit}${to === null ? '' : ` TO ${to}`}`,
    );
  const digits = String(Math.trunc(fields[0] ?? 0)).length;
  if (digits > precision) {
    tokens.fail(
      token.start,
      `Interval ${token.text} has ${digits} digits but ${unit} holds ${precision}, write ${unit}(${digits})`,
    );
  }
  const millis = toMillis(fields, unit, sign);
  return { kind: 'interval', start, unit: to ?? unit, millis, type: typeOf(unit, to ?? unit) };
}

/**
 * Qualifier : unit [ ( precision [, fraction] ) ] [ TO unit [ ( fraction ) ] ]
 * What follows a difference of times, and INTERVAL in a CAST. Only days to seconds: the service has no year-month
 * intervals (SQL reference, "Data Types").
 */
export function parseIntervalQualifier(tokens: TokenStream): { unit: TimeUnit; type: SqlType } {
  const { start } = tokens.peek();
  const unit = parseTimeUnit(tokens);
  parsePrecision(tokens);
  const to = tokens.acceptKeyword('TO') ? parseTimeUnit(tokens) : unit;
  if (to !== unit) parsePrecision(tokens);
  const [from, until] = [unit, to].map((name) => intervalFields.indexOf(name as IntervalField));
  if (from! < 0 || until! < from!) {
    tokens.fail(start, 'An interval runs from DAY, HOUR, MINUTE or SECOND to itself or a shorter unit');
  }
  return { unit: to, type: typeOf(unit, to) };
}

/** Weeks read as days. */
function typeOf(from: TimeUnit, to: TimeUnit): SqlType {
  const field = (unit: TimeUnit): IntervalField =>
    intervalFields.find((candidate) => candidate === unit) ?? 'DAY';
  return intervalType(field(from), field(to));
}

function parsePrecision(tokens: TokenStream): number {
  if (!tokens.acceptOperator('(')) return 2;
  const [digits] = tokens.delimited(',', () => Number(tokens.expect('number').value));
  tokens.expectOperator(')');
  return digits ?? 2;
}

const fieldUnits: readonly TimeUnit[] = intervalFields;

/** The numbers of the fields from `unit` to `to`, leading first; null when the text has another shape. */
function readFields(text: string, unit: TimeUnit, to: TimeUnit | null): number[] | null {
  if (to === null)
    return /^\d+(\.\d+)?$/.test(text) && (unit === 'SECOND' || /^\d+$/.test(text)) ? [Number(text)] : null;
  if (unit === 'YEAR' && to === 'MONTH') return /^\d+-\d+$/.test(text) ? text.split('-').map(Number) : null;
  const count = fieldUnits.indexOf(to) - fieldUnits.indexOf(unit) + 1;
  if (!fieldUnits.includes(unit) || !fieldUnits.includes(to) || count < 2) return null;
  const parts = text.split(/[ :]/);
  return parts.length === count && parts.every((part) => /^\d+(\.\d+)?$/.test(part))
    ? parts.map(Number)
    : null;
}

function toMillis(fields: readonly number[], unit: TimeUnit, sign: number): number | null {
  const [leading = 0] = fields;
  if (unit === 'YEAR' || unit === 'QUARTER' || unit === 'MONTH') return null;
  if (unit === 'WEEK') return sign * leading * 604_800_000;
  const first = fieldUnits.indexOf(unit);
  const millis = fields.reduce(
    (sum, field, i) => sum + field * (millisOf(fieldUnits[first + i] ?? 'SECOND') ?? 0),
    0,
  );
  return sign * Math.round(millis);
}
