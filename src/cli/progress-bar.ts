import type { SingleBar } from 'cli-progress';

export const REFRESHES_PER_SECOND = 2;
/** How often a line is printed where a line cannot be refreshed. */
const PLAIN_LINE_MILLIS = 10_000;

/** A progress bar on stderr; its format may name `{bar}`, `{percentage}` and what `start` and `update` are given. */
export async function createProgressBar(format = '{bar} {percentage}%  {line}'): Promise<SingleBar> {
  const { SingleBar } = await import('cli-progress');
  return new SingleBar({
    format,
    fps: REFRESHES_PER_SECOND,
    barsize: 20,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: PLAIN_LINE_MILLIS,
    gracefulExit: false,
    linewrap: null,
  });
}
