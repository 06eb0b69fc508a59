import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, RuntimeClient, readingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const READINGS = 60;
/** Damages that one process opens. */
const BATCH = 500;
/** How many of all damages a short run makes, evenly spread. */
const SHORT_DAMAGES = 300;
/** Random damages of each kind, besides those that are made at each place. */
const RANDOM = 1000;
const OPENER = fileURLToPath(new URL('../open-damaged-log.ts', import.meta.url));

interface Numbers {
  readonly records: number;
  readonly damages: number;
  refused: number;
  counted: number;
  unharmed: number;
  readonly wrong: number;
}

export const scenario: FaultScenario = {
  name: 'damaged-log',
  what: 'the log of a runtime has each bit of its last records flipped, its end cut off or full of NULs from each byte of them on, pages full of NULs, and bits flipped anywhere: 300 of these damages (--long: all)',
  passMark:
    'it is refused in a sentence, or it starts: each record under its own number or counted as damaged, no state invented, no number given twice, no crash',
  async run({ folder, isLong }) {
    const data = join(folder, 'data');
    const client = await RuntimeClient.start(data);
    try {
      for (let value = 1; value <= READINGS; value += 1)
        must(await client.tryPublish(readingOf(value)), 'A reading is refused');
      await eventually(
        'the tables',
        () => client.samples('s1'),
        (found) => found.length === READINGS,
      );
      await client.stop();
    } finally {
      await client.kill();
    }
    const copies = join(folder, 'copies');
    mkdirSync(copies);
    const log = join(data, 'log', 'log.mdb');
    const total: Numbers = { records: 0, damages: 0, refused: 0, counted: 0, unharmed: 0, wrong: 0 };
    const { damages } = openDamaged([log, copies, 0, 1, 0, RANDOM]);
    const step = isLong ? 1 : Math.ceil(damages / SHORT_DAMAGES);
    for (let first = 0; first < damages; first += step * BATCH) {
      const { problems, records, ...numbers } = openDamaged([log, copies, first, step, BATCH, RANDOM]);
      must(records >= READINGS, `${records} of ${READINGS} readings are in the whole log`);
      must(
        numbers.wrong === 0,
        `${numbers.wrong} times something is wrong: ${problems.slice(0, 5).join('; ')}`,
      );
      for (const name of ['refused', 'counted', 'unharmed'] as const) total[name] += numbers[name];
    }
    const { refused, counted, unharmed } = total;
    return `${refused + counted + unharmed} of ${damages} damages: ${refused} refused, ${counted} read without what is damaged, which is counted, ${unharmed} unharmed, 0 crashes, 0 invented, 0 numbered twice`;
  },
};

/** Runs a batch in a process of its own. @throws Error when it ends in any other way than by saying what it found */
function openDamaged(values: readonly (string | number)[]): Numbers & { readonly problems: string[] } {
  const { signal, status, stdout, stderr } = spawnSync(process.execPath, [OPENER, ...values.map(String)], {
    encoding: 'utf8',
    timeout: 300_000,
  });
  const batch = `${values.slice(2).join(' ')}, at damage ${readdirSync(String(values[1])).join(' ')},`;
  must(
    signal === null && status === 0,
    `Batch ${batch} ends with ${signal ?? status}: ${stderr.slice(-500)}`,
  );
  return JSON.parse(stdout) as Numbers & { problems: string[] };
}
