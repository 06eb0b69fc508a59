import { watch } from 'node:fs';

/** Editors write a file in several steps; changes this close together are one. */
const QUIET_MILLIS = 100;

/** Calls back after changes in a folder, never twice at a time. */
export function watchFolder(folder: string, changed: () => Promise<void>): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const watcher = watch(folder, () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(changed);
    }, QUIET_MILLIS);
  });
  return {
    stop: () => {
      clearTimeout(timer);
      watcher.close();
    },
  };
}
