import type { Reading } from '../../src/telemetry/reading.ts';
import { encodeBatch } from '../client/batch-payload.ts';
import { encodeReading } from '../client/payload.ts';
import { batchTopic, readingTopic } from '../client/topic.ts';
import { PublishRefusedError } from '../device-error.ts';
import type { Clock } from './clock.ts';
import type { DeviceLedger, PublishKind } from './device-ledger.ts';
import type { Faults } from './faults.ts';
import type { FleetConnections } from './fleet-connections.ts';
import { garbageOf } from './garbage.ts';
import { hashNumbers, hashUnit } from './random.ts';
import type { SimulatorOptions } from './simulator-options.ts';
import type { Tally } from './tally.ts';

/** A batch is divided here, well below 128 KB: the longest reading takes about 250 bytes. */
const MAX_BATCH_READINGS = 400;
const POLL_MILLIS = 10;
const NEVER = new AbortController().signal;

interface Books {
  readonly tally: Tally;
  readonly ledger: DeviceLedger;
  readonly clock: Clock;
}

interface Message {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly kind: PublishKind;
  readonly readings: number;
}

/** What decides about each fault; the numbers keep the draws apart. */
const DRAWS = { drop: 40, dup: 41, garbage: 42 } as const;
const GARBAGE_DRAW = 43;

/** Publishes for the stations, over connections of their own or shared ones, with a bound on what is unacknowledged over all of them. */
export class Fleet {
  readonly #connections: FleetConnections;
  readonly #devices: number;
  readonly #options: SimulatorOptions;
  readonly #books: Books;
  /** How many publishes of readings each station has made: what the faults are drawn by. */
  readonly #published: Uint32Array;
  #outstanding = 0;
  #closing = false;
  #wake: (() => void) | undefined;

  constructor(connections: FleetConnections, devices: number, options: SimulatorOptions, books: Books) {
    this.#connections = connections;
    this.#devices = devices;
    this.#options = options;
    this.#books = books;
    this.#published = new Uint32Array(options.stations);
  }

  /** Whether the station's device has come up: before that it measures nothing. */
  isUp(station: number): boolean {
    return this.#connections.isUp(station % this.#devices);
  }

  /**
   * Publishes readings of one station, waiting for room before each message. Once the signal has aborted it no longer waits.
   * @returns how many readings were handed to MQTT
   */
  async publish(station: number, readings: readonly Reading[], signal: AbortSignal): Promise<number> {
    const size = this.#options.packed ? MAX_BATCH_READINGS : 1;
    for (let start = 0; start < readings.length; start += size) {
      if (this.#full) await this.#room(signal);
      if (this.#full) return start;
      this.#publishOne(station, readings.slice(start, start + size));
    }
    return readings.length;
  }

  /** Waits for outstanding acknowledgements, `graceMillis` at most (asked again and again), and disconnects. */
  async close(graceMillis: () => number): Promise<void> {
    const { clock } = this.#books;
    const startMillis = clock.now();
    while (this.#outstanding > 0 && clock.now() - startMillis < graceMillis())
      await clock.sleep(POLL_MILLIS, NEVER);
    this.#closing = true;
    await this.#connections.close();
  }

  get #full(): boolean {
    return this.#outstanding >= this.#options.maxUnacknowledged;
  }

  #publishOne(station: number, readings: readonly Reading[]): void {
    const device = station % this.#devices;
    const { seed } = this.#options;
    const turn = this.#published[station]!++;
    const message = encode(readings, this.#options);
    this.#send(device, message);
    if (this.#strikes('dup', station, turn)) this.#send(device, { ...message, kind: 'duplicate' });
    if (this.#strikes('garbage', station, turn)) {
      const payload = garbageOf(message.payload, hashNumbers(seed, GARBAGE_DRAW, station, turn));
      this.#send(device, { ...message, payload, kind: 'garbage', readings: 0 });
    }
    if (!this.#strikes('drop', station, turn)) return;
    this.#books.tally.add('drops', 1);
    this.#connections.cut(device);
  }

  #strikes(fault: keyof typeof DRAWS & keyof Faults, station: number, turn: number): boolean {
    const { faults, seed } = this.#options;
    return faults[fault] > 0 && hashUnit(seed, DRAWS[fault], station, turn) < faults[fault];
  }

  #send(device: number, { topic, payload, kind, readings }: Message): void {
    const { tally, ledger, clock } = this.#books;
    const publisher = this.#connections.publisher(device);
    if (!publisher) return;
    const startMillis = performance.now();
    this.#outstanding++;
    ledger.sent(device, kind, readings);
    tally.sent(kind, readings, clock.now());
    publisher.publish(topic, payload).then(
      () =>
        this.#settle(() => {
          tally.acknowledged(kind, readings, performance.now() - startMillis);
          if (this.#options.qos === 1) ledger.ended(device, 'acknowledged', readings);
        }),
      (error: Error) =>
        this.#settle(() => {
          tally.failed(kind, readings, error.message);
          if (error instanceof PublishRefusedError) ledger.ended(device, 'refused', readings);
        }),
    );
  }

  /** What is cut off by closing is unacknowledged, not failed. */
  #settle(record: () => void): void {
    this.#outstanding--;
    if (!this.#closing) record();
    this.#wake?.();
  }

  #room(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        if (this.#full && !signal.aborted) return;
        signal.removeEventListener('abort', wake);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener('abort', wake);
    });
  }
}

/** Readings of one station: one message of them all, or the one that there is. */
function encode(readings: readonly Reading[], options: SimulatorOptions): Message {
  const first = readings[0] as Reading;
  const common = { kind: 'reading', readings: readings.length } as const;
  return options.packed
    ? { topic: batchTopic(first, options), payload: encodeBatch(readings, options), ...common }
    : { topic: readingTopic(first, options), payload: encodeReading(first), ...common };
}
