import { setTimeout as sleep } from 'node:timers/promises';

/** Keeps to a rate: what was taken never runs ahead of it, and time that was lost is not made up for. */
export class Pacer {
  readonly #perSecond: number;
  #dueMillis = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Waits until `count` more may be sent. */
  async take(count: number): Promise<void> {
    const nowMillis = performance.now();
    const startMillis = Math.max(this.#dueMillis, nowMillis);
    this.#dueMillis = startMillis + (count / this.#perSecond) * 1000;
    if (startMillis > nowMillis) await sleep(startMillis - nowMillis);
  }
}
