import { formatClock } from '../model/format.ts';
import type { MessageTrace, TraceReport, TraceState, TraceStep } from '../model/trace.ts';
import { element, setText } from './dom.ts';

/** Where to ask; rejects when the runtime does not answer. */
export type AskTrace = (sensorId: string, signal: AbortSignal) => Promise<TraceReport>;

const marks: Readonly<Record<TraceState, string>> = { passed: '✓', stopped: '✗', waiting: '…', skipped: '–' };
const names: Readonly<Record<TraceState, string>> = {
  passed: 'arrived',
  stopped: 'stopped',
  waiting: 'on its way',
  skipped: 'not followed',
};

/** A dialog with the last messages of a sensor and the way of each. The page behind it goes on. */
export function createTraceDialog(ask: AskTrace) {
  const title = element('h2', { id: 'trace-title' });
  const status = element('p', { class: 'note', id: 'trace-status', role: 'status' });
  const list = element('div', { id: 'trace-messages' });
  const again = element('button', { type: 'button', id: 'trace-again' }, 'Ask again');
  const close = element('button', { type: 'button', id: 'trace-close' }, 'Close');
  const dialog = element(
    'dialog',
    { id: 'trace', 'aria-labelledby': 'trace-title' },
    element('div', { class: 'trace-head' }, title, again, close),
    status,
    list,
  );
  let sensorId = '';
  let asked = new AbortController();

  const load = async (): Promise<void> => {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    setText(status, 'Asking the runtime …');
    again.disabled = true;
    try {
      const report = await ask(sensorId, signal);
      if (signal.aborted) return;
      list.replaceChildren(...report.messages.map((message, index) => createMessage(message, index === 0)));
      setText(status, statusOf(report));
    } catch (error) {
      if (!signal.aborted) setText(status, error instanceof Error ? error.message : String(error));
    } finally {
      if (!signal.aborted) again.disabled = false;
    }
  };
  again.addEventListener('click', () => void load());
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => asked.abort());
  // The dialog itself is what lies outside of its content: its backdrop.
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  return {
    element: dialog,
    open: (id: string): void => {
      sensorId = id;
      setText(title, `Where did the messages of ${id} go?`);
      list.replaceChildren();
      dialog.showModal();
      void load();
    },
  };
}

function statusOf({ messages, message }: TraceReport): string {
  if (messages.length === 0) return message || 'The runtime keeps no message of this sensor';
  return messages.length === 1 ? 'The last message' : `The last ${messages.length} messages, newest first`;
}

function createMessage(message: MessageTrace, isOpen: boolean): HTMLElement {
  const { topic, receivedMillis, payload, payloadBytes, state, summary, steps } = message;
  const details = element(
    'details',
    { class: 'trace-message', 'data-state': state },
    element(
      'summary',
      {},
      element('time', {}, formatClock(receivedMillis, true)),
      ' ',
      element('strong', { class: 'trace-state' }, `${marks[state]} ${names[state]}`),
      ' ',
      element('span', { class: 'trace-summary' }, summary),
    ),
    element('p', { class: 'trace-topic' }, topic),
    element('p', { class: 'trace-payload' }, payload || `${payloadBytes} bytes`),
    createSteps(steps),
  );
  details.open = isOpen;
  return details;
}

function createSteps(steps: readonly TraceStep[]): HTMLElement {
  return element('ul', { class: 'trace-steps' }, ...steps.map(createStep));
}

function createStep({ state, text, atMillis, eventId, steps }: TraceStep): HTMLElement {
  const item = element(
    'li',
    { 'data-state': state },
    element('span', { class: 'trace-mark', role: 'img', 'aria-label': stepNames[state] }, marks[state]),
    ' ',
    text,
  );
  if (Number.isFinite(atMillis)) item.append(' ', element('time', {}, formatClock(atMillis, true)));
  if (eventId) item.append(element('p', { class: 'trace-event' }, `event ${eventId}`));
  if (steps.length > 0) item.append(createSteps(steps));
  return item;
}

const stepNames: Readonly<Record<TraceState, string>> = {
  passed: 'passed',
  stopped: 'stopped here',
  waiting: 'waiting',
  skipped: 'not followed',
};
