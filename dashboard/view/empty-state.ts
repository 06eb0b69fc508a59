import { type MqttAddress, publishCommand } from '../model/publish-command.ts';
import { element, setText } from './dom.ts';
import type { View } from './view.ts';

const refreshMillis = 5_000;

/** Shown until the first sensor is known: how to publish one message. */
export function createEmptyState(address: () => MqttAddress | undefined): View {
  const command = element('code', { id: 'publish-command' });
  const copy = element('button', { type: 'button', class: 'quiet' }, 'Copy');
  copy.addEventListener('click', () => {
    void navigator.clipboard?.writeText(command.textContent ?? '').then(() => setText(copy, 'Copied'));
  });
  const steps = element(
    'section',
    { id: 'empty', class: 'panel empty', 'aria-labelledby': 'empty-title' },
    element('h2', { id: 'empty-title' }, 'No device has published yet'),
    element('p', {}, 'Publish one reading; it appears here within a second:'),
    element('pre', {}, command),
    copy,
    element(
      'p',
      { class: 'note' },
      'Topic: weather/<state>/<city>/<station>/<sensor type>/<sensor id>. The timestamp is in milliseconds since 1970. Or let fifty simulated stations speak: npx mesonet simulate',
    ),
  );
  let writtenMillis = 0;
  return {
    element: steps,
    update: ({ state, clientMillis, nowMillis }) => {
      steps.hidden = state.sensors.size > 0 || !state.loaded;
      if (steps.hidden || clientMillis - writtenMillis < refreshMillis) return;
      writtenMillis = clientMillis;
      setText(command, publishCommand(address(), nowMillis));
    },
  };
}
