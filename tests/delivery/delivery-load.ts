import { connect, type MqttClient } from 'mqtt';
import type { Event, HistoryWriter } from './history.ts';

export interface LoadTarget {
  readonly mqttPort: number;
  readonly http: string;
  readonly token: string;
}

const DEVICES = 4;
const SENSORS_PER_DEVICE = 5;
/** Publishes of one device that wait for their acknowledgement. */
const IN_FLIGHT = 8;
/** In one body, or one packed publish. */
const READINGS_TOGETHER = 3;
const LANES_PACKED = 2;
const PAUSE_MILLIS = 15;
const TWO_DAYS_MILLIS = 2 * 86_400_000;

/** What a device has measured and not yet seen acknowledged. */
interface Outgoing {
  readonly event: Event;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly topic: string;
}

/** A device keeps its sequence, and what was not acknowledged, over the lives of the process it talks to. */
class LoadDevice {
  readonly #id: string;
  readonly #history: HistoryWriter;
  readonly #via: Event['via'];
  readonly #number: number;
  #sequence = 0;
  #unsure: Outgoing[] = [];

  constructor(id: string, number: number, via: Event['via'], history: HistoryWriter) {
    this.#id = id;
    this.#number = number;
    this.#via = via;
    this.#history = history;
  }

  /** What was cut comes first: with the same identity, as a device does that was not told. */
  next(): Outgoing {
    return this.#unsure.shift() ?? this.#measure();
  }

  begin({ event }: Outgoing): void {
    this.#history.invoke(event);
  }

  ended(outgoing: Outgoing, isOk: boolean): void {
    this.#history.end(outgoing.event, isOk ? 'ok' : 'unknown');
    if (!isOk) this.#unsure.push(outgoing);
  }

  #measure(): Outgoing {
    const sequence = this.#sequence++;
    const end = endOf(sequence, this.#via);
    const sensor = `${this.#id}-s${sequence % SENSORS_PER_DEVICE}`;
    const station = `${this.#id}-st`;
    const value = this.#number * 10_000_000 + sequence;
    const timeMillis = timeOf(sequence, end);
    const names = { state: 'WA', city: 'Seattle', station_id: station, sensor: 'power', sensor_id: sensor };
    const payload = {
      device_id: this.#id,
      boot_id: 'boot-1',
      sequence,
      sensor_timestamp: timeMillis,
      ...(end !== 'filtered' && { sensor_value: value }),
      ...(this.#via !== 'mqtt' && names),
    };
    const id = `${this.#id}/boot-1/${sequence}`;
    const event: Event = { id, via: this.#via, end, sensor, value, timeMillis };
    const topic = `weather/WA/Seattle/${station}/${this.#via === 'packed' ? 'batch' : `power/${sensor}`}`;
    return { event, payload, topic };
  }
}

/** Some messages no rule takes, some no store; what comes over HTTP passes no rule, and a packed reading no stream if it is bad. */
function endOf(sequence: number, via: Event['via']): Event['end'] {
  if (sequence % 50 === 7 && via === 'mqtt') return 'filtered';
  return sequence % 50 === 23 && via !== 'packed' ? 'rejected' : 'stored';
}

/** Some are measured in the past, out of order, and those to be rejected far ahead. */
function timeOf(sequence: number, end: Event['end']): number {
  if (end === 'rejected') return Date.now() + TWO_DAYS_MILLIS;
  return sequence % 50 === 31 ? Date.now() - 30_000 : Date.now();
}

/** Devices and gateways that go on through any number of lives of the process they talk to. */
export class DeliveryLoad {
  readonly #devices: readonly LoadDevice[];
  readonly #gateway: LoadDevice;
  readonly #packer: LoadDevice;
  #isStopping = false;

  constructor(name: string, history: HistoryWriter) {
    this.#devices = Array.from(
      { length: DEVICES },
      (_, at) => new LoadDevice(`${name}-d${at}`, at + 1, 'mqtt', history),
    );
    this.#gateway = new LoadDevice(`${name}-gw`, DEVICES + 1, 'http', history);
    this.#packer = new LoadDevice(`${name}-pk`, DEVICES + 2, 'packed', history);
  }

  /** Publishes until the process is gone, or `finish` is called. Resolves when every attempt has ended. */
  async run(target: LoadTarget): Promise<void> {
    this.#isStopping = false;
    const devices = this.#devices.map((device) => this.#publish(device, target, IN_FLIGHT, one));
    const packer = this.#publish(this.#packer, target, LANES_PACKED, some);
    await Promise.all([...devices, packer, this.#post(target)]);
  }

  /** Lets `run` end while the process lives. */
  finish(): void {
    this.#isStopping = true;
  }

  async #publish(
    device: LoadDevice,
    { mqttPort }: LoadTarget,
    lanes: number,
    take: (device: LoadDevice) => Outgoing[],
  ): Promise<void> {
    const life = new ClientLife(
      connect({ host: '127.0.0.1', port: mqttPort, reconnectPeriod: 0, connectTimeout: 5000 }),
    );
    await life.begun;
    const lane = async (): Promise<void> => {
      while (life.isOpen && !this.#isStopping) {
        const outgoing = take(device);
        for (const each of outgoing) device.begin(each);
        const isOk = await life.publish(outgoing[0]!.topic, payloadOf(outgoing));
        for (const each of outgoing) device.ended(each, isOk);
        await pause();
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    life.end();
  }

  async #post({ http, token }: LoadTarget): Promise<void> {
    let isOpen = true;
    while (isOpen && !this.#isStopping) {
      const readings = some(this.#gateway);
      for (const reading of readings) this.#gateway.begin(reading);
      const body = JSON.stringify(readings.map(({ payload }) => payload));
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${http}/v1/readings`, { method: 'POST', body, headers }).then(
        async (response) => ({ isOk: response.ok, text: await response.text().catch(() => '') }),
        () => undefined,
      );
      isOpen = answer !== undefined;
      for (const reading of readings) this.#gateway.ended(reading, answer?.isOk === true);
      await pause();
    }
  }
}

/** One connection; a publish ends with its PUBACK, or when the connection does. */
class ClientLife {
  readonly #client: MqttClient;
  readonly #closed: Promise<boolean>;
  /** Resolves when it is connected, or will not be. */
  readonly begun: Promise<unknown>;
  isOpen = true;

  constructor(client: MqttClient) {
    this.#client = client;
    client.on('error', () => {});
    this.#closed = new Promise((resolve) =>
      client.once('close', () => {
        this.isOpen = false;
        resolve(false);
      }),
    );
    this.begun = Promise.race([new Promise((resolve) => client.once('connect', resolve)), this.#closed]);
  }

  end(): void {
    this.#client.end(true);
  }

  publish(topic: string, payload: string): Promise<boolean> {
    const sent = this.#client.publishAsync(topic, payload, { qos: 1 }).then(
      () => true,
      () => false,
    );
    return Promise.race([sent, this.#closed]);
  }
}

function one(device: LoadDevice): Outgoing[] {
  return [device.next()];
}

function some(device: LoadDevice): Outgoing[] {
  return Array.from({ length: READINGS_TOGETHER }, () => device.next());
}

function payloadOf(outgoing: readonly Outgoing[]): string {
  const [first, ...others] = outgoing.map(({ payload }) => payload);
  return JSON.stringify(others.length === 0 ? first : { readings: [first, ...others] });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS));
}
