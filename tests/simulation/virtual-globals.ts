import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import type { Timers } from '../../src/local/timers.ts';

/** What the handlers' code, which takes its clock from the platform, sees of time and chance. */
export interface VirtualPlatform {
  readonly timers: () => Timers;
  readonly nowMillis: () => number;
  readonly random: () => number;
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
  const callOffs = new Map<number, () => void>();
  let next = 1;
  const keep = (callOff: () => void): number => {
    callOffs.set(next, callOff);
    next += 1;
    return next - 1;
  };
  const callOff = (id: unknown): void => {
    callOffs.get(id as number)?.();
    callOffs.delete(id as number);
  };
  globalThis.Date = virtualDate(nowMillis);
  Math.random = random;
  performance.now = () => timers().monotonicMillis();
  Object.assign(globalThis, {
    setTimeout: (run: () => void, millis = 0) => keep(timers().after(millis, run)),
    setInterval: (run: () => void, millis = 0) => keep(timers().every(millis, run)),
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
