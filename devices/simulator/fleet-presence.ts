import type { FleetConnections } from './fleet-connections.ts';
import { MINUTE_MILLIS, type PresenceEvent, planPresence } from './presence.ts';
import type { SimulatorOptions } from './simulator-options.ts';
import type { Tally } from './tally.ts';

/** Turns the devices of a fleet on and off as it is planned. */
export class FleetPresence {
  readonly #connections: FleetConnections;
  readonly #tally: Tally;
  readonly #minutes: Generator<PresenceEvent[], never>;
  #plannedMillis = 0;
  #coming: PresenceEvent[] = [];

  constructor(options: SimulatorOptions, connections: FleetConnections, devices: number, tally: Tally) {
    this.#connections = connections;
    this.#tally = tally;
    this.#minutes = planPresence({ ...options, devices });
  }

  /**
   * Those that are there from the start are waited for.
   * @throws ConnectError when nobody is let in
   */
  async begin(): Promise<void> {
    await this.#connections.probe();
    await this.#connections.turnOnAll(
      this.#takeDue(0).flatMap((event) => (event.kind === 'arrive' ? event.device : [])),
    );
  }

  /** Does what is due at this time, counted from the start. */
  advance(elapsedMillis: number): void {
    for (const event of this.#takeDue(elapsedMillis)) this.#apply(event);
  }

  #apply(event: PresenceEvent): void {
    if (event.kind === 'storm') {
      this.#tally.add('storms', 1);
      this.#connections.cutAll();
    } else if (event.kind === 'leave') {
      this.#tally.add('leaves', 1);
      this.#connections.turnOff(event.device);
    } else this.#connections.turnOn(event.device);
  }

  #takeDue(elapsedMillis: number): PresenceEvent[] {
    for (; this.#plannedMillis <= elapsedMillis; this.#plannedMillis += MINUTE_MILLIS)
      this.#coming.push(...this.#minutes.next().value);
    const due = this.#coming.findIndex(({ atMillis }) => atMillis > elapsedMillis);
    return this.#coming.splice(0, due === -1 ? this.#coming.length : due);
  }
}
