import { join } from 'node:path';
import { eventually, publish, type Reading, RuntimeClient, streamReadingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

/** As by a device that was not told, or a producer that tries again. */
export const scenario: FaultScenario = {
  name: 'duplicate-deliveries',
  what: 'every publish and every record is sent again, the last first',
  passMark: 'each is stored once, counted once in windows, and kept as a duplicate in the ledger',
  async run({ folder, isLong }) {
    const readings = isLong ? 2000 : 100;
    const client = await RuntimeClient.start(join(folder, 'data'));
    try {
      const sent = Array.from({ length: readings }, (_, i) => streamReadingOf(i + 1));
      await sendTwice(client, sent);
      const samples = await eventually(
        'every reading in the tables',
        () => client.samples('s1'),
        (found) => found.length >= readings,
        60,
      );
      must(samples.length === readings, `${samples.length} samples of ${readings} readings`);
      const dropped = await eventually(
        'the duplicates in the ledger',
        () => droppedByWindows(client),
        (count) => count >= readings,
      );
      must(dropped === readings, `${dropped} duplicates are counted instead of ${readings}`);
      return `${readings} readings, each sent twice: ${samples.length} stored, ${dropped} duplicates counted`;
    } finally {
      await client.kill();
    }
  },
};

async function sendTwice(client: RuntimeClient, sent: readonly Reading[]): Promise<void> {
  const mqtt = await client.connect();
  await Promise.all(sent.map((reading) => publish(mqtt, reading)));
  const again = sent.toReversed();
  for (let from = 0; from < again.length; from += 100)
    await client.putRecords(again.slice(from, from + 100).map((reading) => JSON.stringify(reading)));
}

async function droppedByWindows(client: RuntimeClient): Promise<number> {
  const { stages } = await client.get<{
    stages: { stage: string; dropped: Readonly<Record<string, number>> }[];
  }>('/v1/ledger');
  return stages.find(({ stage }) => stage === 'windows weather-windows')?.dropped.duplicate ?? 0;
}
