import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/*
 * Loaded into the process that is measured, and so into each of its threads, with --import: all of them collect their garbage at
 * each whole minute, and give back what they no longer use. What is in memory then is what is kept; without it memory is mostly how
 * long V8 has put that off.
 */
const MINUTE_MILLIS = 60_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as NodeJS.GCFunction;

function collectNextMinute(): void {
  setTimeout(
    () => {
      collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
      collectNextMinute();
    },
    MINUTE_MILLIS - (Date.now() % MINUTE_MILLIS),
  ).unref();
}

collectNextMinute();
