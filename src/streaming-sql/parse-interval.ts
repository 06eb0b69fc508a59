import type { TokenStream } from '../sql/index.ts';
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
 * The leading field holds two digits unless a precision says more (SQL reference, "Interval Literals").
 */
export function parseInterval(tokens: TokenStream): SyntaxExpression {
  const { start } = tokens.expectKeyword('INTERVAL');
  const outerSign = tokens.acceptOperator('-') ? -1 : 1;
  const token = tokens.expect('string', "a quoted number, as in INTERVAL '1' MINUTE");
  const unit = parseTimeUnit(tokens);
  const precision = parsePrecision(tokens);
  const to = tokens.acceptKeyword('TO') ? parseTimeUnit(tokens) : null;
  if (to !== null) parsePrecision(tokens);
  const sign = token.value.trim().startsWith('-') ? -outerSign : outerSign;
  const text = token.value.trim().replace(/^[+-]/, '');
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
  return { kind: 'interval', start, unit: to ?? unit, ...toLength(fields, unit, sign) };
}

function parsePrecision(tokens: TokenStream): number {
  if (!tokens.acceptOperator('(')) return 2;
  const [digits] = tokens.delimited(',', () => Number(tokens.expect('number').value));
  tokens.expectOperator(')');
  return digits ?? 2;
}

const fieldUnits: readonly TimeUnit[] = ['DAY', 'HOUR', 'MINUTE', 'SECOND'];

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

function toLength(
  fields: readonly number[],
  unit: TimeUnit,
  sign: number,
): { millis: number | null; months: number } {
  const [leading = 0] = fields;
  if (unit === 'YEAR') return { millis: null, months: sign * (leading * 12 + (fields[1] ?? 0)) };
  if (unit === 'QUARTER') return { millis: null, months: sign * leading * 3 };
  if (unit === 'MONTH') return { millis: null, months: sign * leading };
  if (unit === 'WEEK') return { millis: sign * leading * 604_800_000, months: 0 };
  const first = fieldUnits.indexOf(unit);
  const millis = fields.reduce(
    (sum, field, i) => sum + field * (millisOf(fieldUnits[first + i] ?? 'SECOND') ?? 0),
    0,
  );
  return { millis: sign * Math.round(millis), months: 0 };
}
