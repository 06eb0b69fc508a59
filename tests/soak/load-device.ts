import { connect, type Socket } from 'node:net';
import type { Event, HistoryWriter } from '../delivery/history.ts';
import { type Answer, AnswerReader, encodeConnect, encodePublish } from './mqtt-bytes.ts';

/** The service takes a hundred of one connection that are not acknowledged (AWS IoT Core quotas). */
const MAX_OUTSTANDING = 64;
const SENSORS = 10;
const MAX_PACKET_ID = 65_535;

/** What the devices of one process did, added up. */
export interface LoadCounts {
  /** Readings that were due. */
  offered: number;
  /** Of these, those that a device did not send, because it waited for what it had sent before. */
  held: number;
  /** Publishes, repeats after a reconnect with them. */
  attempts: number;
  acknowledged: number;
  /** Connections that ended without being told to. */
  cut: number;
}

interface Outgoing {
  readonly event: Event;
  readonly sentMillis: number;
}

/** A device that keeps what was not acknowledged, and sends it again after a reconnect. */
export class LoadDevice {
  readonly #id: string;
  readonly #number: number;
  readonly #port: number;
  readonly #counts: LoadCounts;
  readonly #history: HistoryWriter | undefined;
  readonly #waits: number[];
  readonly #outstanding = new Map<number, Outgoing>();
  #unsure: Event[] = [];
  #socket: Socket | undefined;
  #isConnected = false;
  #isEnding = false;
  #isTold = false;
  #sequence = 0;
  #packetId = 0;

  constructor(
    id: string,
    number: number,
    to: { port: number; counts: LoadCounts; waits: number[]; history: HistoryWriter | undefined },
  ) {
    this.#id = id;
    this.#number = number;
    this.#port = to.port;
    this.#counts = to.counts;
    this.#waits = to.waits;
    this.#history = to.history;
  }

  connect(): void {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    const reader = new AnswerReader();
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const answer of reader.read(chunk)) this.#heard(answer);
    });
    socket.once('close', () => this.#closed(socket));
    socket.write(encodeConnect(this.#id));
  }

  /** Cuts the connection, as a network does; it connects again after a while. */
  drop(): void {
    if (!this.#isConnected) return;
    this.#isTold = true;
    this.#socket?.destroy();
  }

  end(): void {
    this.#isEnding = true;
    this.#socket?.destroy();
  }

  /** What was sent and not yet acknowledged, and what has to be sent again. */
  get unsettled(): number {
    return this.#outstanding.size + this.#unsure.length;
  }

  get canSend(): boolean {
    return (
      this.#isConnected &&
      this.#outstanding.size < MAX_OUTSTANDING &&
      this.#socket?.writableNeedDrain === false
    );
  }

  /** A reading is due. */
  offer(): void {
    this.#counts.offered += 1;
    if (this.canSend) this.#send(this.#measure());
    else this.#counts.held += 1;
  }

  #heard(answer: Answer): void {
    if (answer.kind === 'connected') {
      this.#isConnected = true;
      for (const event of this.#unsure.splice(0)) this.#send(event);
      return;
    }
    const settled = this.#outstanding.get(answer.packetId);
    if (!settled) return;
    this.#outstanding.delete(answer.packetId);
    this.#counts.acknowledged += 1;
    this.#waits.push(performance.now() - settled.sentMillis);
    this.#history?.end(settled.event, 'ok');
  }

  #closed(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#isConnected = false;
    for (const { event } of this.#outstanding.values()) {
      this.#history?.end(event, 'unknown');
      this.#unsure.push(event);
    }
    this.#outstanding.clear();
    if (this.#isEnding) return;
    if (!this.#isTold) this.#counts.cut += 1;
    this.#isTold = false;
    setTimeout(() => this.connect(), Math.random() * RECONNECT_MILLIS);
  }

  #send(event: Event): void {
    do this.#packetId = (this.#packetId % MAX_PACKET_ID) + 1;
    while (this.#outstanding.has(this.#packetId));
    this.#outstanding.set(this.#packetId, { event, sentMillis: performance.now() });
    this.#counts.attempts += 1;
    this.#history?.invoke(event);
    const topic = `weather/WA/Seattle/${this.#id}/power/${event.sensor}`;
    this.#socket!.write(encodePublish(topic, payloadOf(this.#id, event), this.#packetId));
  }

  #measure(): Event {
    const sequence = this.#sequence++;
    return {
      id: `${this.#id}/boot-1/${sequence}`,
      via: 'mqtt',
      end: 'stored',
      sensor: `${this.#id}-s${sequence % SENSORS}`,
      value: this.#number * VALUES_PER_DEVICE + sequence,
      timeMillis: Date.now(),
    };
  }
}

/** All come back within it. */
const RECONNECT_MILLIS = 1000;
const VALUES_PER_DEVICE = 10_000_000;

function payloadOf(deviceId: string, { id, value, timeMillis }: Event): string {
  const sequence = Number(id.slice(id.lastIndexOf('/') + 1));
  return JSON.stringify({
    device_id: deviceId,
    boot_id: 'boot-1',
    sequence,
    sensor_timestamp: timeMillis,
    sensor_value: value,
  });
}
