import { join } from 'node:path';
import { RuntimeProcess } from '../../delivery/runtime-process.ts';
import { RuntimeClient, readingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

export const scenario: FaultScenario = {
  name: 'two-runtimes',
  what: 'a second runtime is started on the folder of one that runs; then the first is killed',
  passMark:
    'the second is refused in one sentence, the first goes on; after the kill a new one starts at once',
  async run({ folder }) {
    const data = join(folder, 'data');
    const first = await RuntimeClient.start(data);
    try {
      const second = new RuntimeProcess(data, '');
      const ready = await second.ready;
      await second.kill();
      must(ready === undefined, 'A second runtime starts on the folder');
      const said = second.errors.trim();
      must(/another runtime is using it/.test(said) && !said.includes('\n'), `It does not say why: ${said}`);
      must(await first.tryPublish(readingOf(1)), 'The first runtime refuses a publish');
    } finally {
      await first.kill();
    }
    const third = await RuntimeClient.start(data);
    try {
      const readings = await third.stream('readings');
      must(readings.length === 1, `${readings.length} readings are on the stream instead of 1`);
      await third.stop();
    } finally {
      await third.kill();
    }
    return 'refused once, 1 of 1 acknowledged kept';
  },
};
