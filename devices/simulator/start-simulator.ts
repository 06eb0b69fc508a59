import type { Reading } from '../../src/telemetry/reading.ts';
import { connectWithMqtt } from '../client/connect-with-mqtt.ts';
import type { Transport } from '../client/connection.ts';
import { type Clock, systemClock } from './clock.ts';
import { DeviceLedger, type LedgerCounts } from './device-ledger.ts';
import { DueQueue } from './due-queue.ts';
import { Fleet } from './fleet.ts';
import { FleetConnections, type FleetMember, membersOf } from './fleet-connections.ts';
import { FleetPresence } from './fleet-presence.ts';
import { createRandom, drawIdentifier, hashNumbers, hashUnit } from './random.ts';
import { planSchedule, type Schedule, sampleTimes, type Turn, takeTurns } from './schedule.ts';
import { checkSimulatorOptions, type SimulatorOptions } from './simulator-options.ts';
import type { Station } from './stations.ts';
import { type SimulatorSummary, Tally } from './tally.ts';
import { createWeatherModel, generateReadings, type WeatherModel } from './weather-model.ts';

/** A running simulator. */
export interface Simulator {
  /** Stops taking readings, sends those held back, waits a few seconds for acknowledgements and disconnects. */
  stop(): Promise<SimulatorSummary>;
  /** The books so far. */
  summary(): SimulatorSummary;
  /** The account of each client's messages, in their order; for a file, or to compare with the broker's. */
  ledger(): SimulatorLedger;
  /** Resolves when the simulator ends by itself or is stopped; rejects when it cannot connect. */
  readonly finished: Promise<SimulatorSummary>;
}

/** What was sent and what became of it, in messages. */
export interface SimulatorLedger {
  readonly devices: readonly ({ readonly device: string } & LedgerCounts)[];
  readonly total: LedgerCounts;
}

/** The outside world, which tests put their own in place of. */
export interface SimulatorEdge {
  readonly clock?: Clock;
  readonly transport?: Transport;
}

const STOP_GRACE_MILLIS = 5_000;
const END_GRACE_MILLIS = 30_000;
/** Readings held back at once; beyond this they are sent on time, so that memory stays bounded. */
const MAX_HELD = 500_000;

/**
 * Starts publishing simulated weather.
 * @throws SimulatorOptionError at once when an option is wrong; connection failures come through `finished`
 */
export function startSimulator(
  given: Partial<SimulatorOptions> = {},
  { clock = systemClock, transport = connectWithMqtt }: SimulatorEdge = {},
): Simulator {
  const run = new SimulatorRun(checkSimulatorOptions(given), clock, transport);
  const finished = run.run();
  // Whoever looks at `finished` gets the rejection; whoever only calls stop() gets it there.
  finished.catch(() => {});
  return {
    finished,
    summary: () => run.summary(),
    ledger: () => run.ledger(),
    stop: () => {
      run.stop();
      return finished;
    },
  };
}

class SimulatorRun {
  readonly #options: SimulatorOptions;
  readonly #clock: Clock;
  readonly #model: WeatherModel;
  readonly #schedule: Schedule;
  readonly #tally: Tally;
  readonly #held: readonly DueQueue<Reading>[];
  readonly #sequences: Float64Array;
  readonly #runId: string;
  readonly #members: readonly FleetMember[];
  readonly #connections: FleetConnections;
  readonly #ledger: DeviceLedger;
  readonly #presence: FleetPresence;
  readonly #stopping = new AbortController();
  #heldCount = 0;
  #taken = 0;

  constructor(options: SimulatorOptions, clock: Clock, transport: Transport) {
    this.#options = options;
    this.#clock = clock;
    const { faults, identities, seed } = options;
    const names = identities?.map(({ thingName }) => thingName);
    this.#model = createWeatherModel({ ...options, skew: faults.skew, ...(names && { names }) });
    this.#schedule = planSchedule(options);
    this.#tally = new Tally(options.qos);
    this.#held = this.#model.stations.map(() => new DueQueue<Reading>());
    this.#sequences = new Float64Array(options.stations);
    // Another one at each start, or readings of two runs would have the same identity.
    this.#runId = drawIdentifier(createRandom(hashNumbers(seed, 35, clock.now())));
    const stationIds = this.#model.stations.map(({ station_id }) => station_id);
    this.#members = membersOf(options, stationIds, this.#runId);
    this.#ledger = new DeviceLedger(this.#members.length);
    this.#connections = new FleetConnections({
      members: this.#members,
      options,
      transport,
      ledger: this.#ledger,
      signal: this.#stopping.signal,
    });
    this.#presence = new FleetPresence(options, this.#connections, this.#members.length, this.#tally);
  }

  stop(): void {
    this.#stopping.abort();
  }

  summary(): SimulatorSummary {
    return this.#tally.summary(this.#clock.now(), {
      held: this.#heldCount,
      connections: this.#connections.everUp,
      connected: this.#connections.connected,
      reconnects: this.#connections.reconnects,
      stormMillis: this.#connections.stormMillis,
    });
  }

  ledger(): SimulatorLedger {
    return {
      devices: this.#members.map(({ clientId }, at) => ({ device: clientId, ...this.#ledger.of(at) })),
      total: this.#ledger.total,
    };
  }

  async run(): Promise<SimulatorSummary> {
    await this.#presence.begin();
    const books = { tally: this.#tally, ledger: this.#ledger, clock: this.#clock };
    const fleet = new Fleet(this.#connections, this.#members.length, this.#options, books);
    this.#tally.start(this.#clock.now());
    await this.#takeAllTurns(fleet);
    await this.#sendHeld(fleet);
    await fleet.close(() => (this.#stopping.signal.aborted ? STOP_GRACE_MILLIS : END_GRACE_MILLIS));
    this.#tally.end(this.#clock.now());
    return this.summary();
  }

  async #takeAllTurns(fleet: Fleet): Promise<void> {
    const { durationSeconds = Number.POSITIVE_INFINITY, maxLagSeconds } = this.#options;
    const startMillis = this.#clock.now();
    const limits = { startMillis, maxLagMillis: maxLagSeconds * 1000, signal: this.#stopping.signal };
    for await (const turn of takeTurns(this.#schedule, this.#clock, limits)) {
      if (turn.dueMillis - startMillis >= durationSeconds * 1000) return;
      this.#presence.advance(turn.dueMillis - startMillis);
      if (turn.missed) this.#miss(fleet, turn);
      else await this.#takeTurn(fleet, turn);
      if (this.#remaining === 0) return;
    }
  }

  async #takeTurn(fleet: Fleet, turn: Turn): Promise<void> {
    const times = sampleTimes(this.#schedule, turn.dueMillis);
    for (const index of this.#stationsOf(fleet, turn)) {
      const station = this.#model.stations[index] as Station;
      const ready = times.flatMap((atMillis) => this.#take(index, station, atMillis));
      const due = this.#takeHeld(index, turn.dueMillis);
      const sent = await fleet.publish(index, [...ready, ...due], this.#stopping.signal);
      this.#tally.add('late', Math.max(0, sent - ready.length));
      if (this.#remaining === 0 || this.#stopping.signal.aborted) return;
    }
  }

  /** Takes one sample of every sensor of a station, and returns those to be sent now. */
  #take(index: number, station: Station, atMillis: number): Reading[] {
    const readings = generateReadings(this.#model, atMillis, [station]).slice(0, this.#remaining);
    this.#taken += readings.length;
    if (station.clockOffsetMillis !== 0) this.#tally.add('skewed', readings.length);
    const stamped = this.#options.identity
      ? readings.map((reading) => this.#identify(index, reading))
      : readings;
    if (this.#options.faults.late.fraction === 0) return stamped;
    return stamped.filter(
      (reading, kind) => !this.#hold(index, reading, station.sensors[kind]?.stream ?? 0, atMillis),
    );
  }

  #identify(index: number, reading: Reading): Reading {
    const sequence = this.#sequences[index] ?? 0;
    this.#sequences[index] = sequence + 1;
    return { ...reading, device_id: reading.station_id, boot_id: this.#runId, sequence };
  }

  #hold(index: number, reading: Reading, stream: number, atMillis: number): boolean {
    const { fraction, maxSeconds } = this.#options.faults.late;
    if (this.#heldCount >= MAX_HELD || hashUnit(stream, 20, atMillis) >= fraction) return false;
    this.#held[index]?.add(atMillis + hashUnit(stream, 21, atMillis) * maxSeconds * 1000, reading);
    this.#heldCount++;
    return true;
  }

  #takeHeld(index: number, nowMillis: number): Reading[] {
    const due = this.#held[index]?.takeDue(nowMillis) ?? [];
    this.#heldCount -= due.length;
    return due;
  }

  /** At the end nothing stays behind: what is still held goes out now, out of order as late readings are. */
  async #sendHeld(fleet: Fleet): Promise<void> {
    for (const index of this.#held.keys()) {
      const readings = this.#takeHeld(index, Number.POSITIVE_INFINITY);
      const sent = await fleet.publish(index, readings, this.#stopping.signal);
      this.#tally.add('late', sent);
      this.#heldCount += readings.length - sent;
    }
  }

  #miss(fleet: Fleet, turn: Turn): void {
    const stations = [...this.#stationsOf(fleet, turn)];
    const sensors = stations.reduce(
      (sum, index) => sum + (this.#model.stations[index]?.sensors.length ?? 0),
      0,
    );
    this.#tally.add('missed', sensors * this.#schedule.samplesPerTurn);
  }

  /** The stations of a turn whose devices are there. */
  *#stationsOf(fleet: Fleet, turn: Turn): Generator<number> {
    const { slotsPerPeriod } = this.#schedule;
    for (let index = turn.slot; index < this.#model.stations.length; index += slotsPerPeriod)
      if (fleet.isUp(index)) yield index;
  }

  get #remaining(): number {
    return (this.#options.count ?? Number.POSITIVE_INFINITY) - this.#taken;
  }
}
