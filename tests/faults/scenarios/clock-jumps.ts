import { join } from 'node:path';
import { findTool } from '../../tools/find-tool.test-support.ts';
import { FakeClock } from '../fake-clock.ts';
import { eventually, RuntimeClient, readingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const [HOUR, DAY, WEEK] = [3600, 86_400, 604_800];
const READINGS = 10;

interface WindowRow {
  readonly sensor_id: string;
  readonly record_timestamp: string;
  readonly '60sec_number_of_msg': number;
  readonly revision?: number;
}

export const scenario: FaultScenario = {
  name: 'clock-jumps',
  what: 'faketime puts the wall clock +1 h, −1 h, +1 day, −1 day and over the boundary of a week, under a running process',
  passMark: 'windows count every reading once: none fires twice, none hangs; nothing is refused or lost',
  cannotRun: () =>
    findTool('faketime', 'Debian package faketime') ? undefined : 'faketime is not installed',
  async run({ folder, isLong }) {
    const clock = new FakeClock(folder);
    const client = await RuntimeClient.start(join(folder, 'data'), { environment: clock.environment });
    try {
      const jumps = [0, HOUR!, 0, DAY!, HOUR!, secondsToNextWeek()];
      let sent = 0;
      for (const offset of jumps) {
        await clock.set(offset);
        for (let i = 0; i < READINGS; i += 1)
          must(await client.tryPublish(readingOf(++sent)), `Reading ${sent} is refused`);
        if (isLong && offset === 0 && sent > READINGS) await counted(client, sent, 300);
      }
      // Over the end of the last window; the clock has caught up with all that was ahead.
      await clock.set(secondsToNextWeek() + 2 * DAY!);
      const windows = await counted(client, sent, 30);
      return `${jumps.length} jumps, ${sent} readings: ${windows} windows, each once, with all of them`;
    } finally {
      await client.kill();
    }
  },
};

/** Returns the number of windows once they count everything. @throws Error when one is there twice, or too much is counted */
async function counted(client: RuntimeClient, sent: number, seconds: number): Promise<number> {
  const countOf = (rows: readonly WindowRow[]): number =>
    rows.reduce((sum, row) => sum + row['60sec_number_of_msg'], 0);
  const rows = await eventually(
    `windows of ${sent} readings`,
    () => client.stream<WindowRow>('windows'),
    (found) => countOf(found) >= sent,
    seconds,
  );
  const keys = rows.map((row) => `${row.sensor_id} ${row.record_timestamp} ${row.revision ?? 0}`);
  must(new Set(keys).size === keys.length, `A window fires twice: ${keys.join(', ')}`);
  must(countOf(rows) === sent, `The windows count ${countOf(rows)} of ${sent} readings`);
  return rows.length;
}

/** To ten seconds before Monday, 00:00 UTC, where the weekly tables change. */
function secondsToNextWeek(): number {
  const sinceMonday = (Date.now() / 1000 - 4 * DAY!) % WEEK!;
  return Math.round(WEEK! - sinceMonday - 10);
}
