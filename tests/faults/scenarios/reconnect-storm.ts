import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { eventually, publish, RuntimeClient, readingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const AT_ONCE = 100;
/** Ten on a machine that does nothing else. */
const MAX_SECONDS = 30;

export const scenario: FaultScenario = {
  name: 'reconnect-storm',
  what: 'all devices come at once, all again with the same client ids while they are connected, and all after a kill',
  passMark:
    'all are back within 10 s (30 s on a loaded machine), the older connection of an id ends, all that is acknowledged is kept',
  async run({ folder, isLong }) {
    const devices = isLong ? 2000 : 200;
    const data = join(folder, 'data');
    const first = await RuntimeClient.start(data);
    const storms: number[] = [];
    try {
      const before = await storm(first, devices, storms);
      await storm(first, devices, storms);
      await eventually(
        'the older connections to end',
        () => before.filter(({ connected }) => connected).length,
        (open) => open === 0,
      );
    } finally {
      await first.kill();
    }
    const second = await RuntimeClient.start(data);
    try {
      await storm(second, devices, storms);
      const accepted = devices * 3;
      const onStream = await second.stream('readings');
      must(
        onStream.length >= accepted,
        `${onStream.length} of ${accepted} acknowledged readings are on the stream`,
      );
      const slowest = Math.max(...storms) / 1000;
      must(slowest < MAX_SECONDS, `A storm takes ${slowest.toFixed(1)} s`);
      return `3 storms of ${devices} devices, the slowest back after ${slowest.toFixed(1)} s, ${onStream.length} of ${accepted} readings kept`;
    } finally {
      await second.kill();
    }
  },
};

/** Every device connects and publishes; resolves when the last one has its acknowledgement. */
async function storm(client: RuntimeClient, devices: number, storms: number[]): Promise<MqttClient[]> {
  const start = performance.now();
  const clients: MqttClient[] = [];
  for (let from = 0; from < devices; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, devices - from) }, async (_, at) => {
      const mqtt = await client.connect({ clientId: `storm-${from + at}`, connectTimeout: 20_000 });
      await publish(mqtt, readingOf(from + at), `s${from + at}`);
      return mqtt;
    });
    clients.push(...(await Promise.all(some)));
  }
  storms.push(performance.now() - start);
  return clients;
}
