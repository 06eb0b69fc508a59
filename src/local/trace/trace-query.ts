import { LocalError } from '../local-error.ts';

/** What a trace is asked for. */
export interface TraceQuery {
  readonly by: 'sensor' | 'topic' | 'event';
  readonly value: string;
  /** At most so many messages, the newest. */
  readonly limit: number;
}

/** The question cannot be read. */
export class TraceQueryError extends LocalError {
  override name = 'TraceQueryError';
}

const SUBJECTS = ['sensor', 'topic', 'event'] as const;
const DEFAULT_LIMIT = 5;
const MAX_LIMIT = 50;
const MAX_VALUE_CHARACTERS = 1000;

/** Reads `sensor=…`, `topic=…` or `event=…`, and `limit=…`. @throws TraceQueryError that says what is wrong */
export function parseTraceQuery(parameters: URLSearchParams): TraceQuery {
  const names = [...parameters.keys()];
  const unknown = names.find((name) => name !== 'limit' && !SUBJECTS.some((subject) => subject === name));
  if (unknown !== undefined)
    throw new TraceQueryError(`Cannot trace by '${unknown}': give sensor, topic or event, and limit`);
  const given = SUBJECTS.filter((subject) => parameters.has(subject));
  const [by] = given;
  if (by === undefined || given.length > 1 || new Set(names).size < names.length)
    throw new TraceQueryError('Cannot trace: give exactly one of sensor, topic and event');
  const value = parameters.get(by)!;
  if (value === '' || value.length > MAX_VALUE_CHARACTERS)
    throw new TraceQueryError(
      `Cannot trace: ${by} has ${value.length} characters, expected 1 to ${MAX_VALUE_CHARACTERS}`,
    );
  return { by, value, limit: parseLimit(parameters.get('limit')) };
}

function parseLimit(text: string | null): number {
  if (text === null) return DEFAULT_LIMIT;
  const limit = Number(text);
  if (!/^\d{1,9}$/.test(text) || limit < 1 || limit > MAX_LIMIT)
    throw new TraceQueryError(`Cannot trace with limit '${text}': expected 1 to ${MAX_LIMIT}`);
  return limit;
}
