import { isFields, number, text } from './live-events.ts';

/** How a message fared at one place on its way. */
export type TraceState = 'passed' | 'stopped' | 'waiting' | 'skipped';

/** One place on the way of a message, with what lies behind it. */
export interface TraceStep {
  readonly state: TraceState;
  readonly text: string;
  /** Epoch milliseconds; NaN when the place has no time. */
  readonly atMillis: number;
  /** Identity of the reading that passed here; empty when there is none. */
  readonly eventId: string;
  readonly steps: readonly TraceStep[];
}

export interface MessageTrace {
  readonly topic: string;
  readonly receivedMillis: number;
  readonly payload: string;
  readonly payloadBytes: number;
  readonly state: TraceState;
  readonly summary: string;
  readonly steps: readonly TraceStep[];
}

/** The answer of `/v1/trace`. */
export interface TraceReport {
  readonly messages: readonly MessageTrace[];
  /** Why there is no message. */
  readonly message: string;
}

const states: readonly TraceState[] = ['passed', 'stopped', 'waiting', 'skipped'];
/** Deeper than any way through the pipeline. */
const deepest = 20;

/** Reads the answer; what is not as expected is left out. */
export function parseTraceReport(body: unknown): TraceReport {
  if (!isFields(body)) return { messages: [], message: '' };
  return { messages: listOf(body.messages, parseMessage), message: text(body.message) };
}

function parseMessage(body: unknown): MessageTrace | undefined {
  if (!isFields(body)) return undefined;
  return {
    topic: text(body.topic),
    receivedMillis: number(body.receivedMillis),
    payload: text(body.payload),
    payloadBytes: number(body.payloadBytes),
    state: stateOf(body.state),
    summary: text(body.summary),
    steps: listOf(body.steps, (step) => parseStep(step, deepest)),
  };
}

function parseStep(body: unknown, depth: number): TraceStep | undefined {
  if (!isFields(body) || depth === 0) return undefined;
  return {
    state: stateOf(body.state),
    text: text(body.text),
    atMillis: number(body.atMillis),
    eventId: isFields(body.data) ? text(body.data.eventId) : '',
    steps: listOf(body.steps, (step) => parseStep(step, depth - 1)),
  };
}

function stateOf(value: unknown): TraceState {
  return states.find((state) => state === value) ?? 'skipped';
}

function listOf<Item>(value: unknown, parse: (item: unknown) => Item | undefined): readonly Item[] {
  return Array.isArray(value) ? value.flatMap((item) => parse(item) ?? []) : [];
}
