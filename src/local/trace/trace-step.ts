/** How a message fared at one place: it went on, it ended there, it is on its way, or the place was not for it. */
export type TraceState = 'passed' | 'stopped' | 'waiting' | 'skipped';

/** What a place is. */
export type TraceKind =
  | 'broker'
  | 'rule'
  | 'filter'
  | 'payload'
  | 'where'
  | 'action'
  | 'unpack'
  | 'reading'
  | 'record'
  | 'delivery'
  | 'function'
  | 'application'
  | 'window'
  | 'item'
  | 'object';

/** One place on the way of a message, with what lies behind it. */
export interface TraceStep {
  readonly kind: TraceKind;
  readonly state: TraceState;
  /** For people: one phrase. */
  readonly text: string;
  /** When it happened, milliseconds since the epoch. */
  readonly atMillis?: number;
  /** For programs: names, keys and numbers of the place. */
  readonly data?: Readonly<Record<string, string | number | boolean | null>>;
  readonly steps?: readonly TraceStep[];
}

/** One message and its way. */
export interface MessageTrace {
  readonly topic: string;
  readonly receivedMillis: number;
  readonly clientId: string | null;
  readonly payloadBytes: number;
  /** The beginning of the payload: as text, or in base64 when it is no text. */
  readonly payload: string;
  readonly payloadEncoding: 'text' | 'base64';
  readonly state: TraceState;
  /** Where it is, or why it stopped, in one phrase. */
  readonly summary: string;
  readonly steps: readonly TraceStep[];
}

/**
 * What became of a message on the whole. A rule that did not take it counts only when none did; after that, what stopped
 * comes before what was stored, and that before what is still on its way.
 */
export function summarise(steps: readonly TraceStep[]): { state: TraceState; summary: string } {
  const fired = steps.filter(({ kind, state }) => kind === 'rule' && state === 'passed');
  const ends = (fired.length > 0 ? fired : steps).flatMap(endsOf);
  const stopped = ends.filter(({ state }) => state === 'stopped');
  if (stopped.length > 0) return { state: 'stopped', summary: phrase(stopped) };
  const stored = ends.filter(({ kind, state }) => kind === 'item' && state === 'passed');
  if (stored.length > 0) return { state: 'passed', summary: `stored in ${phrase(stored)}` };
  const waiting = ends.filter(({ state }) => state === 'waiting');
  if (waiting.length > 0) return { state: 'waiting', summary: phrase(waiting) };
  const skipped = ends.filter(({ state }) => state === 'skipped');
  const isHandedOn = ends.some(({ kind, state }) => state === 'passed' && LEADS_ON.has(kind));
  return isHandedOn || skipped.length === 0
    ? { state: 'passed', summary: 'handed on' }
    : { state: 'skipped', summary: phrase(skipped) };
}

/** Places that a message has reached, other than what was found out about it on the way. */
const LEADS_ON: ReadonlySet<TraceKind> = new Set(['action', 'record', 'function', 'application', 'object']);

/** The places behind which it did not come. */
function endsOf(step: TraceStep): readonly TraceStep[] {
  const isEnd = step.state === 'stopped' || step.state === 'waiting' || !step.steps?.length;
  return isEnd ? [step] : step.steps!.flatMap(endsOf);
}

function phrase(ends: readonly TraceStep[]): string {
  return ends.length === 1 ? ends[0]!.text : `${ends[0]!.text} (and ${ends.length - 1} more)`;
}
