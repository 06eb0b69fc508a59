import { setImmediate } from 'node:timers/promises';

const SLICE_MILLIS = 4;

/** Long work in small pieces, so that messages that come in meanwhile are not kept waiting. */
export class TimeSlice {
  #endsAt = performance.now() + SLICE_MILLIS;

  /** Lets others have their turn when the slice is used up. */
  async pause(): Promise<void> {
    if (performance.now() < this.#endsAt) return;
    await setImmediate();
    this.#endsAt = performance.now() + SLICE_MILLIS;
  }
}
