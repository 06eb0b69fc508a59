import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { identityOf } from '../../delivery/recompute-windows.ts';
import { eventually, type Reading, RuntimeClient, readingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const HEAP_MEGABYTES = 128;
/** Of one publish with one reading; the service takes 128 KiB. */
const PAYLOAD_BYTES = 100_000;
const IN_FLIGHT = 20;
const CLIENTS = 3;
/** Of a packed publish of readings. */
const PACKED_READINGS = 500;

export const scenario: FaultScenario = {
  name: 'memory-pressure',
  what: `the process has ${HEAP_MEGABYTES} MB for its objects; publishes are ${PAYLOAD_BYTES / 1000} KB, or ${PACKED_READINGS} readings packed, ${CLIENTS * IN_FLIGHT} at once`,
  passMark:
    'it serves, slows down or dies; when it dies, a restart serves; every acknowledged reading is on the stream',
  async run({ folder, isLong }) {
    const publishes = isLong ? 2040 : 180;
    const data = join(folder, 'data');
    const small = { environment: { NODE_OPTIONS: `--max-old-space-size=${HEAP_MEGABYTES}` } };
    let client = await RuntimeClient.start(data, small);
    let lives = 1;
    try {
      const acknowledged = new Set<string>();
      let refused = 0;
      for (let from = 0; from < publishes; from += CLIENTS * IN_FLIGHT) {
        if (await hasEnded(client)) {
          client.release();
          client = await RuntimeClient.start(data, small);
          lives += 1;
        }
        refused += await publishSome(client, from, acknowledged);
      }
      if (await hasEnded(client)) {
        client.release();
        client = await RuntimeClient.start(data);
        lives += 1;
      }
      must(await client.tryPublish(readingOf(1)), 'It does not take a reading any more');
      const missing = await eventually(
        'every acknowledged reading on the stream',
        () => missingOf(client, acknowledged),
        (count) => count === 0,
        120,
      );
      return `${publishes} publishes in ${lives} ${lives === 1 ? 'life' : 'lives'}, ${refused} not acknowledged, ${acknowledged.size} readings acknowledged, ${missing} missing`;
    } finally {
      await client.kill();
    }
  },
};

function hasEnded({ process }: RuntimeClient): Promise<boolean> {
  const later = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 50));
  return Promise.race([process.ended.then(() => true), later]);
}

/** Returns how many publishes were not acknowledged. */
async function publishSome(client: RuntimeClient, from: number, acknowledged: Set<string>): Promise<number> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => client.connect())).catch(() => []);
  for (const mqtt of clients) mqtt.setMaxListeners(0);
  const sent = clients.flatMap((mqtt, at) =>
    Array.from({ length: IN_FLIGHT }, async (_, i) => {
      const isPacked = (from + at + i) % 3 === 0;
      const readings = isPacked ? packedReadings() : [readingOf(i, { note: 'x'.repeat(PAYLOAD_BYTES) })];
      if (!(await isAcknowledged(mqtt, readings, isPacked))) return false;
      for (const reading of readings) acknowledged.add(identityOf(reading)!);
      return true;
    }),
  );
  const results = await Promise.all(sent);
  for (const mqtt of clients) mqtt.end(true);
  return CLIENTS * IN_FLIGHT - results.filter((each) => each).length;
}

function isAcknowledged(mqtt: MqttClient, readings: readonly Reading[], isPacked: boolean): Promise<boolean> {
  const topic = isPacked ? 'weather/WA/Seattle/stA/batch' : 'weather/WA/Seattle/stA/power/s1';
  const payload = JSON.stringify(isPacked ? { readings } : readings[0]);
  const closed = new Promise<boolean>((resolve) => mqtt.once('close', () => resolve(false)));
  const done = mqtt.publishAsync(topic, payload, { qos: 1 }).then(
    () => true,
    () => false,
  );
  return Promise.race([done, closed]);
}

function packedReadings(): Reading[] {
  return Array.from({ length: PACKED_READINGS }, (_, at) =>
    readingOf(at, { sensor: 'power', sensor_id: `packed-${at % 10}` }),
  );
}

async function missingOf(client: RuntimeClient, acknowledged: ReadonlySet<string>): Promise<number> {
  const kept = new Set((await client.stream('readings')).map((reading) => identityOf(reading)));
  return [...acknowledged].filter((each) => !kept.has(each)).length;
}
