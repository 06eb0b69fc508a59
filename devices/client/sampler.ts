import type { DeviceConfiguration } from './device-configuration.ts';

/** Calls a function at the configured interval, one call at a time, until it is stopped. */
export class Sampler {
  readonly #configuration: () => DeviceConfiguration;
  readonly #take: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #dueMillis = performance.now();
  #taking: Promise<void> | undefined;
  #stopped = false;

  constructor(configuration: () => DeviceConfiguration, take: () => Promise<void>) {
    this.#configuration = configuration;
    this.#take = take;
    this.#plan();
  }

  /** Must be told when the configuration changes: a shorter interval counts at once. */
  configurationChanged(): void {
    const { samplingIntervalMillis } = this.#configuration();
    this.#dueMillis = Math.min(this.#dueMillis, performance.now() + samplingIntervalMillis);
    this.#plan();
  }

  /** Resolves when the call that is running, if any, is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#taking;
  }

  #plan(): void {
    clearTimeout(this.#timer);
    if (this.#stopped || this.#taking || !this.#configuration().enabled) return;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, this.#dueMillis - performance.now()));
  }

  /** The monotonic clock paces, so that setting the clock neither stops nor repeats; turns that were missed stay missed. */
  #run(): void {
    const interval = this.#configuration().samplingIntervalMillis;
    this.#taking = this.#take().finally(() => {
      this.#taking = undefined;
      this.#dueMillis = Math.max(this.#dueMillis + interval, performance.now());
      this.#plan();
    });
  }
}
