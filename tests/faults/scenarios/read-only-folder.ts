import { join } from 'node:path';
import { RuntimeProcess } from '../../delivery/runtime-process.ts';
import { RuntimeClient } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';
import { mountSmall, remount, unmount, whyNoMount } from '../small-file-system.ts';

/** Permissions do not hold root back, so the file system itself becomes read-only. */
export const scenario: FaultScenario = {
  name: 'read-only-folder',
  what: 'the file system of the data folder is read-only at the start (a tmpfs remounted, as root)',
  passMark: 'the start is refused with the folder in one sentence; once it can be written, it starts',
  cannotRun: whyNoMount,
  async run({ folder }) {
    mountSmall(folder, 96);
    try {
      const data = join(folder, 'data');
      await (await RuntimeClient.start(data)).stop();
      const refusal = await refusedStart(folder, data);
      await (await RuntimeClient.start(data)).stop();
      return `refused with ${refusal}, starts once it can be written`;
    } finally {
      unmount(folder);
    }
  },
};

async function refusedStart(folder: string, data: string): Promise<string> {
  remount(folder, 'ro');
  const process = new RuntimeProcess(data, '');
  const ready = await process.ready;
  await process.kill();
  remount(folder, 'rw');
  must(ready === undefined, 'The runtime starts on a folder that it cannot write');
  const sentence = process.errors.trim();
  must(
    sentence.includes(data) && !sentence.includes('\n'),
    `It does not name the folder in one line: ${sentence}`,
  );
  return `'${sentence.replace(data, '…')}'`;
}
