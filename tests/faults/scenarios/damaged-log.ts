import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, RuntimeClient, readingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const READINGS = 60;
const OPENER = fileURLToPath(new URL('../open-damaged-log.ts', import.meta.url));

export const scenario: FaultScenario = {
  name: 'damaged-log',
  what: 'the log of a runtime has bits flipped, pages full of NULs, or its end cut off, hundreds of times (--long: 10,000)',
  passMark:
    'it is refused in a sentence, or read without one record that nobody sent; the process never crashes',
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
    const times = isLong ? 10_000 : 100;
    const { signal, status, stdout, stderr } = spawnSync(
      process.execPath,
      [OPENER, join(data, 'log', 'log.mdb'), copies, String(times), '1'],
      { encoding: 'utf8', timeout: isLong ? 1_800_000 : 180_000 },
    );
    must(signal === null && status === 0, `It ends with ${signal ?? status}: ${stderr.slice(-500)}`);
    const { readings, refused, damagedBlock, readable, invented } = JSON.parse(stdout) as Record<
      string,
      number
    >;
    must(readings === READINGS, `${readings} of ${READINGS} readings are in the whole log`);
    must(invented === 0, `${invented} times something is read that nobody sent`);
    return `${times} damages: ${refused} refused, ${damagedBlock} with a block that its checksum gives away, ${readable} readable, 0 crashes, 0 invented`;
  },
};
