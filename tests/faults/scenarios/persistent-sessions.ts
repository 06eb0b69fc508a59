import { join } from 'node:path';
import { connect, connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { eventually, RuntimeClient } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

/** Subscribers that share a topic, besides the one each has for itself. */
const GROUP = 10;
const RETAINED = 20;
const AT_ONCE = 50;

export const scenario: FaultScenario = {
  name: 'persistent-sessions',
  what: 'subscribers with persistent sessions go away; half of what is published to them comes before a kill -9, half after the restart',
  passMark:
    'every session is there after the kill with its subscriptions, every acknowledged message is delivered at least once and first in order, retained messages are there',
  async run({ folder, isLong }) {
    const [subscribers, messages] = isLong ? [200, 10_000] : [50, 2000];
    const data = join(folder, 'data');
    const inboxes = Array.from({ length: subscribers }, (_, at) => new Inbox(at));
    const first = await RuntimeClient.start(data);
    try {
      await eachOf(inboxes, (inbox) => inbox.begin(first));
      const publisher = await first.connect();
      for (let at = 0; at < RETAINED; at += 1)
        await publisher.publishAsync(`kept/${at}`, `retained-${at}`, { qos: 1, retain: true });
      await eachOf(inboxes, (inbox) => inbox.leave());
      await publishAll(publisher, inboxes, 0, messages / 2);
    } finally {
      await first.kill();
    }
    const second = await RuntimeClient.start(data);
    try {
      const publisher = await second.connect();
      await publishAll(publisher, inboxes, messages / 2, messages);
      const start = performance.now();
      await eachOf(inboxes, (inbox) => inbox.comeBack(second));
      await eventually(
        'every queued message',
        () => inboxes.reduce((sum, inbox) => sum + inbox.missing, 0),
        (missing) => missing === 0,
        60,
      );
      const seconds = (performance.now() - start) / 1000;
      for (const inbox of inboxes) inbox.mustBeInOrder();
      await publishAll(publisher, inboxes, messages, messages + subscribers);
      await eventually(
        'what is published to the sessions that came back',
        () => inboxes.reduce((sum, inbox) => sum + inbox.missing, 0),
        (missing) => missing === 0,
      );
      await mustRetain(second);
      const delivered = inboxes.reduce((sum, inbox) => sum + inbox.wanted.length, 0);
      const repeated = inboxes.reduce((sum, inbox) => sum + inbox.repeated, 0);
      return `${subscribers} sessions, ${messages} messages: all ${delivered} deliveries, ${repeated} of them twice, the queued ones within ${seconds.toFixed(1)} s, ${RETAINED} retained`;
    } finally {
      for (const inbox of inboxes) inbox.end();
      await second.kill();
    }
  },
};

/** A subscriber: what it must get, and what it got. */
class Inbox {
  readonly #at: number;
  readonly wanted: string[] = [];
  readonly #got = new Set<string>();
  readonly #order: string[] = [];
  repeated = 0;
  #client: MqttClient | undefined;

  constructor(at: number) {
    this.#at = at;
  }

  get own(): string {
    return `inbox/${this.#at}`;
  }

  get group(): string {
    return `group/${Math.floor(this.#at / GROUP)}`;
  }

  get missing(): number {
    return this.wanted.filter((each) => !this.#got.has(each)).length;
  }

  async begin(runtime: RuntimeClient): Promise<void> {
    await this.#connect(runtime, false);
    await this.#client!.subscribeAsync([this.own, this.group], { qos: 1 });
  }

  /** Without a word, as when the power fails. */
  leave(): Promise<void> {
    const client = this.#client!;
    return new Promise((resolve) => {
      client.once('close', () => resolve());
      client.stream.destroy();
    });
  }

  /** It subscribes to nothing again. */
  comeBack(runtime: RuntimeClient): Promise<void> {
    return this.#connect(runtime, true);
  }

  end(): void {
    this.#client?.end(true);
  }

  mustBeInOrder(): void {
    must(
      this.#order.join() === this.wanted.join(),
      `Session ${this.#at} got ${this.#order.length} messages out of order: ${this.#order.slice(0, 20).join()}`,
    );
  }

  async #connect({ ready }: RuntimeClient, isThere: boolean): Promise<void> {
    const options: IClientOptions = {
      clientId: `session-${this.#at}`,
      clean: false,
      reconnectPeriod: 0,
      connectTimeout: 20_000,
      manualConnect: true,
    };
    const client = connect({ host: '127.0.0.1', port: ready.mqtt.port, ...options });
    this.#client = client;
    client.on('error', () => {});
    client.on('message', (_, payload) => this.#take(payload.toString()));
    const connected = new Promise<boolean>((resolve, reject) => {
      client.once('connect', ({ sessionPresent }) => resolve(sessionPresent));
      client.once('close', () => reject(new Error(`Session ${this.#at} cannot connect`)));
    });
    client.connect();
    must(
      (await connected) === isThere,
      `Session ${this.#at} is ${isThere ? 'gone' : 'there before it began'}`,
    );
  }

  #take(text: string): void {
    if (this.#got.has(text)) this.repeated += 1;
    else this.#order.push(text);
    this.#got.add(text);
  }
}

/** Messages go to one inbox each, every tenth to a group. */
async function publishAll(
  publisher: MqttClient,
  inboxes: readonly Inbox[],
  from: number,
  to: number,
): Promise<void> {
  for (let at = from; at < to; at += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, to - at) }, (_, i) => at + i);
    await Promise.all(
      numbers.map((number) => {
        const inbox = inboxes[number % inboxes.length]!;
        const topic = number % 10 === 3 ? inbox.group : inbox.own;
        for (const each of inboxes)
          if (each.own === topic || each.group === topic) each.wanted.push(`m${number}`);
        return publisher.publishAsync(topic, `m${number}`, { qos: 1 });
      }),
    );
  }
}

async function mustRetain({ ready }: RuntimeClient): Promise<void> {
  const client = await connectAsync({ host: '127.0.0.1', port: ready.mqtt.port, reconnectPeriod: 0 });
  try {
    const got = new Set<string>();
    client.on('message', (_, payload) => got.add(payload.toString()));
    // A filter with a wildcard gets none (AWS IoT developer guide, mqtt, retained messages).
    for (let at = 0; at < RETAINED; at += 1) await client.subscribeAsync(`kept/${at}`, { qos: 1 });
    await eventually(
      'retained messages',
      () => got.size,
      (size) => size === RETAINED,
    );
  } finally {
    client.end(true);
  }
}

async function eachOf(inboxes: readonly Inbox[], act: (inbox: Inbox) => Promise<void>): Promise<void> {
  for (let from = 0; from < inboxes.length; from += AT_ONCE)
    await Promise.all(inboxes.slice(from, from + AT_ONCE).map(act));
}
