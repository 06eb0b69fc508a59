import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { eventually, RuntimeClient, streamReadingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const BATCH = 9;
const STORE = 'store-readings';

/** What no reader can use: no JSON, JSON that is no reading, numbers that no table takes, a NUL, broken UTF-8 as text. */
const POISON = ['{"sensor_id":', '[]', 'null', '{"sensor_id":"s1"}', '\0', '"text"', '{"a":'.repeat(2000)];

export const scenario: FaultScenario = {
  name: 'poison-records',
  what: 'records that can never be stored, as the first, the middle and the last of batches, and all of one; a kill as those of one are to be kept',
  passMark:
    'they are kept with their bytes and a reason, all others stored in order, and nobody waits for them',
  async run({ folder, isLong }) {
    const data = join(folder, 'data');
    let value = 0;
    const poisoned = await killedKeeping(data, isLong ? 5 : 1);
    const client = await RuntimeClient.start(data);
    try {
      for (let round = 0; round < (isLong ? 50 : 2); round += 1)
        for (const poison of POISON)
          for (const places of [[0], [Math.floor(BATCH / 2)], [BATCH - 1], [0, 1, 2, 3, 4, 5, 6, 7, 8]]) {
            const batch = Array.from({ length: BATCH }, (_, at) =>
              places.includes(at) ? poison : JSON.stringify(streamReadingOf(++value)),
            );
            for (const _ of places) poisoned.push(poison);
            await client.putRecords(batch);
          }
      const samples = await eventually(
        'every good reading in the tables',
        () => client.samples('s1'),
        (found) => found.length >= value,
        60,
      );
      must(samples.length === value, `${samples.length} samples of ${value} readings`);
      must(
        samples.every((each, at) => at === 0 || each > samples[at - 1]!),
        'Good readings are out of order',
      );
      const rejected = await eventually(
        'the poison in the ledger',
        () => rejectedOf(client),
        (count) => count >= poisoned.length,
      );
      must(rejected === poisoned.length, `${rejected} are rejected instead of ${poisoned.length}`);
      const kept = (await client.rejected()).filter(({ by }) => by === STORE);
      must(
        isDeepStrictEqual(kept.map(({ bytes }) => bytes).sort(), poisoned.sort()),
        `${kept.length} are kept, or other bytes than were put`,
      );
      return `${poisoned.length} poisoned among ${value} good: ${rejected} rejected and kept, ${samples.length} stored in order`;
    } finally {
      await client.kill();
    }
  },
};

/** Puts one poisoned batch in each of some lives, which end when its refused rows are to be kept. Returns all of them. */
async function killedKeeping(data: string, lives: number): Promise<string[]> {
  for (let life = 0; life < lives; life += 1) {
    const client = await RuntimeClient.start(data, { failpoints: 'dlq.beforeWrite=kill@1' });
    await client.putRecords(POISON);
    const end = await client.process.ended;
    must(end === 'SIGKILL', `The process ended with ${end}: ${client.process.errors}`);
    client.release();
  }
  return Array.from({ length: lives }, () => POISON).flat();
}

/** By the function that stores readings: the archive refuses the same a minute later, and windows of poison are refused too. */
async function rejectedOf(client: RuntimeClient): Promise<number> {
  const { rejected } = await client.get<{ rejected: Readonly<Record<string, number>> }>('/v1/ledger');
  const counts = Object.entries(rejected).filter(([reason]) => reason.startsWith(`${STORE}: `));
  return counts.reduce((sum, [, count]) => sum + count, 0);
}
