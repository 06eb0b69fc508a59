import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (each) => `/usr/lib/${each}/faketime/libfaketimeMT.so.1`,
);
/** The library looks at its file once a second. */
const SEEN_MILLIS = 2500;

/** The wall clock of a process, which `faketime` moves while it runs. */
export class FakeClock {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, 'clock');
    writeFileSync(this.#file, '+0');
  }

  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: LIBRARIES.find((each) => existsSync(each)) ?? '',
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_CACHE_DURATION: '1',
    };
  }

  async set(offsetSeconds: number): Promise<void> {
    writeFileSync(this.#file, `+${offsetSeconds}`);
    await sleep(SEEN_MILLIS);
  }
}
