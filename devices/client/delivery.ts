import { PublishRefusedError } from '../device-error.ts';
import { encodeBatch } from './batch-payload.ts';
import type { Packing } from './device-configuration.ts';
import { encodeReading, type SentReading } from './payload.ts';
import type { Publisher } from './publisher.ts';
import { reconnectDelayMillis } from './reconnect-delay.ts';
import type { Spool } from './spool.ts';
import type { SpoolRecord } from './spool-record.ts';
import { batchTopic, readingTopic } from './topic.ts';

export interface DeliveryOptions {
  readonly spool: Spool;
  readonly publisher: Publisher;
  readonly maxInFlight: number;
  readonly basicIngest: boolean;
  /** Asked before each publish, since it may change. */
  readonly packing: () => Packing;
  /** Told in one sentence about each refusal. */
  readonly report: (text: string) => void;
}

export interface DeliveryStats {
  /** Readings whose publish was acknowledged. */
  readonly acknowledged: number;
  /** Readings that the broker will never take; they are given up. */
  readonly refused: number;
  /** Messages acknowledged. */
  readonly publishes: number;
}

interface SpooledReading {
  readonly index: number;
  readonly reading: SentReading;
  readonly bytes: number;
}

/** MQTT 5 §3.4.2.1: malformed packet, topic name invalid, packet too large, payload format invalid: no better tomorrow. */
const REFUSED_FOR_GOOD = new Set([0x81, 0x90, 0x95, 0x99]);
/** Plain bytes of a batch; what AWS IoT Core takes is 128 KB as sent, and a message is charged by 5 KB. */
const MAX_BATCH_BYTES = 100_000;

/**
 * From the spool to the broker: takes readings in order, packs them, and acknowledges them in the spool when their PUBACK is
 * there. What the broker refuses for a reason that may pass (no right, quota) stays in the spool and is tried again, first of
 * all, after a wait.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  /** Taken from the spool and not yet published. */
  #gathered: SpooledReading[] = [];
  #gatherTimer: NodeJS.Timeout | undefined;
  #isDue = false;
  #refusals = 0;
  #holdTimer: NodeJS.Timeout | undefined;
  #isHeld = false;
  #flushing = false;
  #isStopped = false;
  #acknowledged = 0;
  #refused = 0;
  #publishes = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  get stats(): DeliveryStats {
    return { acknowledged: this.#acknowledged, refused: this.#refused, publishes: this.#publishes };
  }

  /** Must be called when something was spooled or the connection is there. */
  wake(): void {
    const { publisher, maxInFlight } = this.#options;
    while (!this.#isHeld && publisher.connected && publisher.outstanding < maxInFlight) {
      if (!this.#gather()) return;
      this.#publishGathered();
    }
  }

  /** From now on nothing waits for company. */
  flush(): void {
    this.#flushing = true;
    this.wake();
  }

  /** What is rejected from now on stays in the spool, and the spool is left alone. */
  stop(): void {
    this.#isStopped = true;
    this.#isHeld = true;
    clearTimeout(this.#gatherTimer);
    clearTimeout(this.#holdTimer);
  }

  /** @returns whether there is something to publish now */
  #gather(): boolean {
    const { readings, millis } = this.#options.packing();
    for (const record of this.#options.spool.take(readings - this.#gathered.length))
      this.#gathered.push(decodeSpooled(record));
    if (this.#gathered.length === 0) return false;
    if (this.#gathered.length >= readings || this.#isDue || this.#flushing) return true;
    this.#gatherTimer ??= setTimeout(() => {
      this.#gatherTimer = undefined;
      this.#isDue = true;
      this.wake();
    }, millis);
    return false;
  }

  /** One publish for each station, or for each reading; what is measured by one sensor stays in order. */
  #publishGathered(): void {
    const gathered = this.#gathered;
    this.#gathered = [];
    this.#isDue = false;
    clearTimeout(this.#gatherTimer);
    this.#gatherTimer = undefined;
    if (this.#options.packing().readings === 1) for (const one of gathered) this.#publishOne(one);
    else for (const batch of batchesOf(gathered)) this.#publishBatch(batch);
  }

  #publishOne(spooled: SpooledReading): void {
    const topic = readingTopic(spooled.reading, this.#options);
    this.#send([spooled], topic, encodeReading(spooled.reading));
  }

  #publishBatch(batch: readonly SpooledReading[]): void {
    const readings = batch.map(({ reading }) => reading);
    const topic = batchTopic(readings[0] as SentReading, this.#options);
    this.#send(batch, topic, encodeBatch(readings, this.#options.packing()));
  }

  #send(batch: readonly SpooledReading[], topic: string, payload: string | Uint8Array): void {
    this.#options.publisher.publish(topic, payload).then(
      () => {
        this.#refusals = 0;
        this.#publishes++;
        this.#acknowledged += batch.length;
        this.#done(batch);
      },
      (error: Error) => this.#notTaken(batch, error),
    );
  }

  #done(batch: readonly SpooledReading[]): void {
    if (this.#isStopped) return;
    this.#options.spool.acknowledge(batch.map(({ index }) => index));
    this.#goOn();
  }

  #notTaken(batch: readonly SpooledReading[], error: Error): void {
    const isRefusal = error instanceof PublishRefusedError;
    if (isRefusal) this.#options.report(error.message);
    if (isRefusal && REFUSED_FOR_GOOD.has(error.reasonCode)) {
      this.#refused += batch.length;
      this.#done(batch);
      return;
    }
    this.#isHeld = true;
    this.#goOn();
  }

  #goOn(): void {
    if (!this.#isHeld) this.wake();
    else this.#waitAndRepeat();
  }

  /** Once the rest is settled, waits, and begins again with the oldest that is not acknowledged. */
  #waitAndRepeat(): void {
    if (this.#isStopped || this.#holdTimer !== undefined || this.#options.publisher.outstanding > 0) return;
    this.#holdTimer = setTimeout(
      () => {
        this.#holdTimer = undefined;
        this.#isHeld = false;
        this.#gathered = [];
        this.#options.spool.rewind();
        this.wake();
      },
      reconnectDelayMillis(this.#refusals++, Math.random()),
    );
  }
}

function decodeSpooled({ index, text }: SpoolRecord): SpooledReading {
  return { index, reading: JSON.parse(text) as SentReading, bytes: text.length };
}

function batchesOf(gathered: readonly SpooledReading[]): SpooledReading[][] {
  const batches: SpooledReading[][] = [];
  const open = new Map<string, { batch: SpooledReading[]; bytes: number }>();
  for (const spooled of gathered) {
    const station = batchTopic(spooled.reading);
    let current = open.get(station);
    if (!current || current.bytes + spooled.bytes > MAX_BATCH_BYTES) {
      current = { batch: [], bytes: 0 };
      open.set(station, current);
      batches.push(current.batch);
    }
    current.batch.push(spooled);
    current.bytes += spooled.bytes;
  }
  return batches;
}
