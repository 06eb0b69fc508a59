import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, RuntimeClient, readingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';
import { mountSmall, unmount, whyNoMount } from '../small-file-system.ts';

const MEGABYTE = 1024 * 1024;
const REFUSED_TRIES = 5;

/** A file system of its own, filled up and given room again while the runtime goes on. */
export const scenario: FaultScenario = {
  name: 'disk-full',
  what: 'no space left on the file system of the data folder (a small tmpfs, as root), then room again',
  passMark:
    'nothing acknowledged, reads served, health says so, back without a restart, nothing lost, none twice',
  cannotRun: whyNoMount,
  async run({ folder, isLong }) {
    mkdirSync(folder, { recursive: true });
    mountSmall(folder, 96);
    try {
      return await fillAndFree(folder, isLong ? 5 : 1);
    } finally {
      unmount(folder);
    }
  },
};

async function fillAndFree(folder: string, rounds: number): Promise<string> {
  const client = await RuntimeClient.start(join(folder, 'data'));
  const accepted: number[] = [];
  let refused = 0;
  let value = 0;
  let maxRecoveryMillis = 0;
  const put = async (): Promise<boolean> => {
    const isAcknowledged = await client.tryPublish(readingOf(++value));
    if (isAcknowledged) accepted.push(value);
    else refused += 1;
    return isAcknowledged;
  };
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (let i = 0; i < 5; i += 1) must(await put(), 'A publish is refused while there is room');
      await eventually(
        'the tables',
        () => client.samples('s1'),
        (found) => found.length >= accepted.length,
      );
      const filler = join(folder, 'filler');
      await fill(folder, filler);
      // What is already allocated in the files may take some more.
      await eventually('a refusal', put, (isAcknowledged) => !isAcknowledged);
      for (let i = 0; i < REFUSED_TRIES; i += 1)
        must(!(await put()), 'A publish is acknowledged on a full disk');
      const health = await client.get<{ status: string; reason: string }>('/v1/health');
      must(health.status === 'read-only', `Health says '${health.status}'`);
      must(health.reason.includes('are free'), `LMDB was let write on a full disk: ${health.reason}`);
      const post = await fetch(`${client.ready.http}/v1/readings`, {
        method: 'POST',
        headers: { authorization: `Bearer ${client.ready.token}` },
        body: JSON.stringify([readingOf(++value)]),
      });
      must(post.status === 503, `POST /v1/readings answers ${post.status} on a full disk`);
      must((await client.samples('s1')).length > 0, 'Samples are not read on a full disk');
      rmSync(filler);
      const start = performance.now();
      await eventually('an acknowledgement', put, (isAcknowledged) => isAcknowledged);
      maxRecoveryMillis = Math.max(maxRecoveryMillis, performance.now() - start);
    }
    await checkKept(client, accepted);
    await client.stop();
    return `${accepted.length} acknowledged and kept, ${refused} refused, ${rounds} times full, back ${(maxRecoveryMillis / 1000).toFixed(1)} s after room`;
  } finally {
    await client.kill();
  }
}

/** Down to what is kept free; then, once nothing is on its way to the disk any more, the rest, which is root's alone too. */
async function fill(folder: string, file: string): Promise<void> {
  const fillTo = (left: number): void => {
    for (let bytes = 64 * MEGABYTE; bytes >= 4096; bytes /= 2)
      while (statfsSync(folder).bavail * statfsSync(folder).bsize >= bytes + left)
        writeFileSync(file, new Uint8Array(bytes), { flag: 'a' });
  };
  fillTo(12 * MEGABYTE);
  await sleep(1000);
  fillTo(0);
}

async function checkKept(client: RuntimeClient, accepted: readonly number[]): Promise<void> {
  const samples = await eventually(
    'every acknowledged reading in the tables',
    () => client.samples('s1'),
    (found) => accepted.every((each) => found.includes(each)),
    60,
  );
  must(new Set(samples).size === samples.length, 'A reading is stored twice');
}
