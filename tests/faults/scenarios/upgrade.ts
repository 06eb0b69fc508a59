import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, RuntimeClient, readingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

/** A data folder of version 0.1.0 as its last commit before the ledger wrote it: 60 readings of three sensors, one minute. */
const FOLDER = fileURLToPath(new URL('../previous-release/data-0.1.0.tar.gz', import.meta.url));
const READINGS = 60;
const SENSORS = ['old-0', 'old-1', 'old-2'];

export const scenario: FaultScenario = {
  name: 'upgrade',
  what: 'the data folder that an earlier version wrote is opened by this one',
  passMark:
    'all readings on the stream that retention leaves, in the tables and in the windows; new ones are taken',
  async run({ folder }) {
    const data = join(folder, 'data');
    mkdirSync(data);
    execFileSync('tar', ['xzf', FOLDER, '-C', data]);
    const client = await RuntimeClient.start(data);
    try {
      const sensors = await client.get<{ sensor_id: string; latest_value: number }[]>('/v1/sensors');
      const latest = Object.fromEntries(sensors.map((each) => [each.sensor_id, each.latest_value]));
      must(
        JSON.stringify(latest) === JSON.stringify({ 'old-0': 1057, 'old-1': 1058, 'old-2': 1059 }),
        `The latest values are ${JSON.stringify(latest)}`,
      );
      const counts = await Promise.all(SENSORS.map((sensor) => windowCount(client, sensor)));
      const counted = counts.reduce((sum, count) => sum + count, 0);
      must(counted === READINGS, `The windows count ${counted} of ${READINGS} readings`);
      must(await client.tryPublish(readingOf(7)), 'A new reading is refused');
      await eventually(
        'the new reading',
        () => client.samples('s1'),
        (found) => found.includes(7),
      );
      const { stages } = await client.get<{ stages: { stage: string; balanced: boolean }[] }>('/v1/ledger');
      const unbalanced = stages
        .filter(({ stage, balanced }) => !balanced && !isDelivery(stage))
        .map(({ stage }) => stage);
      must(unbalanced.length === 0, `The ledger does not balance at ${unbalanced.join(', ')}`);
      await client.stop();
      return `${sensors.length} sensors, ${counted} of ${READINGS} readings in windows, ${stages.length} stages of the ledger`;
    } finally {
      await client.kill();
    }
  },
};

/** That version counted what a delivery stream takes when it came, this one when it is delivered: until then the two differ. */
function isDelivery(stage: string): boolean {
  return stage.startsWith('delivery ');
}

async function windowCount(client: RuntimeClient, sensor: string): Promise<number> {
  const path = `/v1/windows?sensor_id=${sensor}&from=0&to=${Date.UTC(2100, 0)}`;
  const rows = await client.get<{ count: number }[]>(path);
  return rows.reduce((sum, { count }) => sum + count, 0);
}
