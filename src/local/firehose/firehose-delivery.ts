import type { DeliveryStreamResource } from '../../stack/stack.ts';
import type { LedgerStage } from '../ledger.ts';
import type { DurableLog } from '../log/durable-log.ts';
import { KinesisStream } from '../log/kinesis-stream.ts';
import type { S3BucketStore } from '../s3/s3-bucket-store.ts';
import { type FirstRecord, ObjectBody } from './firehose-object.ts';
import { compilePrefix, type Prefix } from './firehose-prefix.ts';

export interface FirehoseDeliveryOptions {
  readonly resource: DeliveryStreamResource;
  readonly log: DurableLog;
  readonly store: S3BucketStore;
  readonly stage: LedgerStage;
  readonly nowMillis?: () => number;
  /** Told when an object could not be written; it is tried again. */
  readonly onError: (error: Error) => void;
}

/** How far delivery has come; kept in the log. */
interface Checkpoint {
  readonly sequenceNumber: string;
  readonly delivered: number;
}

/** Firehose keeps what it cannot deliver for 24 hours (Amazon Data Firehose developer guide, data delivery). */
const RETENTION_HOURS = 24;
/** Often enough that at full load the records are still in memory when they are compressed. */
const PUMP_MILLIS = 50;
const MEGABYTE = 1024 * 1024;

/**
 * One Firehose stream: records stay in the durable log until an object of them lies in the bucket. An object's name
 * comes from its first record, so that delivery tried again after a crash replaces the object instead of adding one.
 */
export class FirehoseDelivery {
  /** Whatever is put on this stream is delivered. */
  readonly stream: KinesisStream;
  readonly resource: DeliveryStreamResource;
  readonly #options: FirehoseDeliveryOptions;
  readonly #prefix: Prefix;
  readonly #shardId: string;
  readonly #timer: NodeJS.Timeout;
  #checkpoint: Checkpoint;
  #body: ObjectBody;
  #running: Promise<void> = Promise.resolve();
  #busy = false;

  /** @throws LocalError when the prefix has an expression that is not emulated */
  constructor(options: FirehoseDeliveryOptions) {
    const { resource, log, nowMillis } = options;
    this.#options = options;
    this.resource = resource;
    this.#prefix = compilePrefix(resource.prefix);
    this.stream = KinesisStream.open(log, {
      name: `$firehose/${resource.name}`,
      shardCount: 1,
      retentionHours: RETENTION_HOURS,
      ...(nowMillis && { nowMillis }),
    });
    this.#shardId = this.stream.shardIds[0]!;
    this.#checkpoint = readCheckpoint(log, this.#stateKey);
    this.#body = new ObjectBody(resource.compression);
    this.#account();
    this.#timer = setInterval(() => {
      if (!this.#busy) this.#enqueue(() => this.#isDue()).catch(options.onError);
    }, PUMP_MILLIS);
    this.#timer.unref();
  }

  get name(): string {
    return this.resource.name;
  }

  /** Delivers everything that is durable now, whatever its size and age. */
  async flush(): Promise<void> {
    await this.#options.log.durable();
    await this.#enqueue(() => true);
  }

  /** Ends delivery; what is not delivered stays in the log. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running.catch(() => {});
  }

  #enqueue(wanted: () => boolean): Promise<void> {
    this.#running = this.#running.catch(() => {}).then(() => this.#pump(wanted));
    return this.#running;
  }

  /** Moves durable records into objects, and delivers each object that is full; the last one when it is wanted. */
  async #pump(wanted: () => boolean): Promise<void> {
    this.#busy = true;
    try {
      while (await this.#fill()) await this.#deliver();
      if (this.#body.first && wanted()) await this.#deliver();
    } catch (error) {
      this.#body = new ObjectBody(this.resource.compression);
      throw error;
    } finally {
      this.#account();
      this.#busy = false;
    }
  }

  /** @returns whether the object is full */
  async #fill(): Promise<boolean> {
    const limit = this.resource.bufferMegabytes * MEGABYTE;
    for (;;) {
      if (this.#body.bytes >= limit) return true;
      const after = this.#body.lastSequenceNumber ?? this.#checkpoint.sequenceNumber;
      const found = this.stream.readBlock(this.#shardId, after);
      if (!found) return false;
      const taken = this.#body.append(found, limit);
      const { arrivalMillis, count } = taken;
      const index = found.block.firstIndex + found.position;
      this.#body.first ??= {
        sequenceNumber: this.stream.sequenceNumber(this.#shardId, index),
        arrivalMillis,
      };
      this.#body.lastSequenceNumber = this.stream.sequenceNumber(this.#shardId, index + count - 1);
      await taken.written;
    }
  }

  #isDue(): boolean {
    const { arrivalMillis = Infinity } = this.#body.first ?? {};
    const nowMillis = (this.#options.nowMillis ?? Date.now)();
    return nowMillis - arrivalMillis >= this.resource.bufferSeconds * 1000;
  }

  /** The checkpoint follows the object: between the two, a crash leads to the same object again. */
  async #deliver(): Promise<void> {
    const { store, log } = this.#options;
    const body = this.#body;
    await store.put(this.resource.bucketName, this.#keyOf(body.first!), await body.end(), {
      headers: { 'content-type': 'application/octet-stream' },
    });
    this.#checkpoint = {
      sequenceNumber: body.lastSequenceNumber!,
      delivered: this.#checkpoint.delivered + body.records,
    };
    this.#body = new ObjectBody(this.resource.compression);
    log.writeState(this.#stateKey, Buffer.from(JSON.stringify(this.#checkpoint)));
    await log.durable();
  }

  /** `<prefix><stream>-<version>-<time of the first record>-<its sequence number>`, as Firehose names objects. */
  #keyOf({ sequenceNumber, arrivalMillis }: FirstRecord): string {
    const { name, compression } = this.resource;
    const prefix = this.#prefix({ timestampMillis: arrivalMillis, seed: sequenceNumber });
    const time = new Date(arrivalMillis).toISOString().slice(0, 19).replace(/[T:]/g, '-');
    return `${prefix}${name}-1-${time}-${sequenceNumber}${compression === 'GZIP' ? '.gz' : ''}`;
  }

  /** The log knows what came and what went, also when a kill lost the last counts of the ledger. */
  #account(): void {
    const { stage } = this.#options;
    const { entry } = stage;
    const { sequenceNumber, delivered } = this.#checkpoint;
    const taken = this.stream.recordCount;
    const waiting = this.stream.backlog(this.#shardId, sequenceNumber).records;
    const expired = taken - delivered - waiting;
    stage.in(Math.max(0, taken - entry.in));
    stage.out(Math.max(0, delivered - entry.out));
    const counted = entry.dropped[EXPIRED] ?? 0;
    if (expired > counted) stage.drop(EXPIRED, expired - counted);
  }

  get #stateKey(): string {
    return `firehose/${this.resource.name}/checkpoint`;
  }
}

const EXPIRED = 'expired';

function readCheckpoint(log: DurableLog, key: string): Checkpoint {
  const kept = log.readState(key);
  return kept ? (JSON.parse(kept.toString()) as Checkpoint) : { sequenceNumber: '', delivered: 0 };
}
