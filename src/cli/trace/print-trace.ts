import type { MessageTrace, TraceState, TraceStep } from '../../local/trace/trace-step.ts';

/** How each place on the way is marked. */
const MARKS: Readonly<Record<TraceState, string>> = { passed: '✓', stopped: '✗', waiting: '…', skipped: '–' };

const MAX_PAYLOAD_CHARACTERS = 300;

/** Traces for people, oldest message first, so that the newest stands last. Times are UTC. */
export function printTrace(messages: readonly MessageTrace[]): string {
  return messages.toReversed().map(printMessage).join('\n\n');
}

function printMessage(message: MessageTrace): string {
  const { topic, receivedMillis, payloadBytes, state, summary, steps } = message;
  return [
    printable(topic),
    `  ${printDay(receivedMillis)} ${printClock(receivedMillis)} UTC, ${payloadBytes} bytes${printPayload(message)}`,
    ...steps.flatMap((step) => printStep(step, 1)),
    `  ${MARKS[state]} ${VERDICTS[state]}: ${printable(summary)}`,
  ].join('\n');
}

const VERDICTS: Readonly<Record<TraceState, string>> = {
  passed: 'ARRIVED',
  stopped: 'STOPPED',
  waiting: 'ON ITS WAY',
  skipped: 'NOT FOLLOWED',
};

function printStep({ state, text, atMillis, data, steps = [] }: TraceStep, depth: number): string[] {
  const indent = '  '.repeat(depth);
  const time = atMillis === undefined ? '' : `  ${printClock(atMillis)}`;
  const event = data?.eventId === undefined ? [] : [`${indent}  event ${printable(String(data.eventId))}`];
  return [
    `${indent}${MARKS[state]} ${printable(text)}${time}`,
    ...event,
    ...steps.flatMap((step) => printStep(step, depth + 1)),
  ];
}

function printPayload({ payload, payloadBytes, payloadEncoding }: MessageTrace): string {
  if (payload === '') return payloadBytes === 0 ? '' : ', not kept';
  const text = payloadEncoding === 'base64' ? `base64 ${payload}` : printable(payload);
  return `\n  ${text.length > MAX_PAYLOAD_CHARACTERS ? `${text.slice(0, MAX_PAYLOAD_CHARACTERS)}…` : text}`;
}

/** What devices sent must not command the terminal. */
function printable(text: string): string {
  return text
    .replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))
    .replace(/[\x7f-\x9f]/g, '�');
}

function printDay(millis: number): string {
  return new Date(millis).toISOString().slice(0, 10);
}

function printClock(millis: number): string {
  return new Date(millis).toISOString().slice(11, 23);
}
