import { HttpError } from './http-answer.ts';

export const DEFAULT_LIMIT = 1_000;
export const MAX_LIMIT = 10_000;
/** Range when `from` is not given. */
export const DEFAULT_RANGE_MILLIS = 3_600_000;
const MAX_MILLIS = Date.UTC(9999, 11, 31);
const ISO_8601 = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** `from` and `to`, half open, milliseconds since the epoch; `to` is now and `from` an hour before it when not given. */
export function parseRange(
  query: URLSearchParams,
  nowMillis: number,
): { fromMillis: number; toMillis: number } {
  const toMillis = parseInstant(query, 'to') ?? nowMillis;
  const fromMillis = parseInstant(query, 'from') ?? Math.max(0, toMillis - DEFAULT_RANGE_MILLIS);
  if (fromMillis > toMillis) throw new HttpError(400, '"from" must not be after "to"');
  return { fromMillis, toMillis };
}

/** `limit`, 1000 when not given. */
export function parseLimit(query: URLSearchParams): number {
  const text = query.get('limit');
  if (text === null) return DEFAULT_LIMIT;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new HttpError(400, `"limit" must be a whole number from 1 to ${MAX_LIMIT}, not ${quote(text)}`);
}

/** One of the given words, the first when absent. */
export function parseChoice<T extends string>(
  query: URLSearchParams,
  name: string,
  choices: readonly [T, ...T[]],
): T {
  const text = query.get(name);
  if (text === null) return choices[0];
  const choice = choices.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw new HttpError(400, `"${name}" must be ${choices.join(', ')}, not ${quote(text)}`);
}

function parseInstant(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const millis = /^\d{1,15}$/.test(text) ? Number(text) : ISO_8601.test(text) ? Date.parse(text) : Number.NaN;
  if (millis >= 0 && millis <= MAX_MILLIS) return millis;
  const example = '1795226400000 or 2026-11-21T02:00:00Z';
  throw new HttpError(
    400,
    `"${name}" must be milliseconds since 1970 or an ISO 8601 instant (${example}), not ${quote(text)}`,
  );
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
