import { element, setText } from './dom.ts';
import type { View } from './view.ts';

const refreshMillis = 5_000;

/** Shown until the first sensor is known: how to publish one message. */
export function createEmptyState(
  address: () => { readonly host: string; readonly port: number } | undefined,
): View {
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

function publishCommand(
  address: { readonly host: string; readonly port: number } | undefined,
  nowMillis: number,
): string {
  const payload = JSON.stringify({
    sensor_timestamp: Math.floor(nowMillis),
    sensor_value: 21.4,
    sensor_value_smoothed: 21.4,
    direction: 0,
  });
  const { host, port } = address ?? { host: '127.0.0.1', port: 1883 };
  return `npx mqtt pub -h ${host} -p ${port} -q 1 -t weather/iowa/ames/AMW/temperature/AMW-T1 -m '${payload}'`;
}
