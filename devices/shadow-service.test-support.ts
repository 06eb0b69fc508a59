import type { TestBroker } from './start-broker.test-support.ts';

/** The Device Shadow service at the edge of the network, as far as one device notices it, behind a test broker. */
export class ShadowService {
  readonly #broker: TestBroker;
  readonly #prefix: string;
  readonly #nowMillis: () => number;
  readonly reported: Readonly<Record<string, unknown>>[] = [];
  #desired: Readonly<Record<string, unknown>> | undefined;
  #version = 0;

  constructor(broker: TestBroker, prefix: string, nowMillis: () => number = Date.now) {
    this.#broker = broker;
    this.#prefix = prefix;
    this.#nowMillis = nowMillis;
    broker.onPublish((topic, payload) => this.#receive(topic, payload));
  }

  get version(): number {
    return this.#version;
  }

  /** What an operator writes; the device is told. */
  desire(desired: Readonly<Record<string, unknown>>): void {
    this.#desired = { ...this.#desired, ...desired };
    this.#version++;
    this.#say('update/delta', { version: this.#version, state: desired });
  }

  /** A delta that arrives after newer ones. */
  sayOldDelta(version: number, state: object): void {
    this.#say('update/delta', { version, state });
  }

  #receive(topic: string, payload: Buffer): void {
    if (topic === `${this.#prefix}/get`) {
      if (this.#desired === undefined)
        this.#say('get/rejected', { code: 404, message: 'No shadow exists with name' });
      else this.#say('get/accepted', { state: { desired: this.#desired }, version: this.#version });
    }
    if (topic === `${this.#prefix}/update`) {
      const { state } = JSON.parse(String(payload)) as { state: { reported: Record<string, unknown> } };
      this.reported.push(state.reported);
      this.#version++;
      const differing = Object.entries(this.#desired ?? {}).filter(
        ([name, value]) => JSON.stringify(state.reported[name]) !== JSON.stringify(value),
      );
      if (differing.length > 0)
        this.#say('update/delta', { version: this.#version, state: Object.fromEntries(differing) });
    }
  }

  #say(end: string, document: object): void {
    const timestamp = Math.floor(this.#nowMillis() / 1000);
    this.#broker.publish(`${this.#prefix}/${end}`, JSON.stringify({ ...document, timestamp }));
  }
}
