import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import type { Timers } from '../../src/local/timers.ts';

/** What the handlers' code, which takes its clock from the platform, sees of time and chance. */
export interface VirtualPlatform {
  readonly timers: () => Timers;
  readonly nowMillis: () => number;
  readonly random: () => number;
}

/** What looks at something again and again looks less often here: a look with nothing new finds no mistake. */
const LEAST_INTERVAL_MILLIS = 1000;

/** As much of a timer as anybody asks for. */
interface VirtualTimer {
  readonly callOff: () => void;
  readonly ref: () => VirtualTimer;
  readonly unref: () => VirtualTimer;
}

function timerOf(callOff: () => void): VirtualTimer {
  const timer: VirtualTimer = { callOff, ref: () => timer, unref: () => timer };
  return timer;
}

const real = {
  Date: globalThis.Date,
  random: Math.random,
  now: performance.now.bind(performance),
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  sleep: timersPromises.setTimeout,
  write: process.stdout.write,
};

/**
 * Runs `work` with the platform's clock, timers, chance and standard output replaced, as time is faked for whole
 * processes; so nothing in it can see the real ones.
 */
export async function withVirtualPlatform<T>(
  platform: VirtualPlatform,
  onOutput: (text: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const { timers, nowMillis, random } = platform;
  const callOff = (timer?: VirtualTimer): void => timer?.callOff();
  globalThis.Date = virtualDate(nowMillis);
  Math.random = random;
  performance.now = () => timers().monotonicMillis();
  Object.assign(globalThis, {
    setTimeout: (run: () => void, millis = 0) => timerOf(timers().after(millis, run)),
    setInterval: (run: () => void, millis = 0) =>
      timerOf(timers().every(Math.max(millis, LEAST_INTERVAL_MILLIS), run)),
    setImmediate: (run: () => void) => timers().soon(run),
    clearTimeout: callOff,
    clearInterval: callOff,
  });
  const sleep = (millis = 0): Promise<void> => new Promise((resolve) => void timers().after(millis, resolve));
  Object.assign(timersPromises, { setTimeout: sleep });
  syncBuiltinESMExports();
  process.stdout.write = (text) => {
    onOutput(String(text));
    return true;
  };
  try {
    return await work();
  } finally {
    restore();
  }
}

function restore(): void {
  const { Date: realDate, random, now, sleep, write, ...timers } = real;
  globalThis.Date = realDate;
  Math.random = random;
  performance.now = now;
  Object.assign(globalThis, timers);
  Object.assign(timersPromises, { setTimeout: sleep });
  syncBuiltinESMExports();
  process.stdout.write = write;
}

/** Makes real dates, which are cheaper than those of a proxy. */
function virtualDate(nowMillis: () => number): DateConstructor {
  const VirtualDate = function (this: Date, ...args: []) {
    return args.length === 0 ? new real.Date(nowMillis()) : new real.Date(...args);
  };
  const { UTC, parse, prototype } = real.Date;
  return Object.assign(VirtualDate, { UTC, parse, prototype, now: nowMillis }) as unknown as DateConstructor;
}
