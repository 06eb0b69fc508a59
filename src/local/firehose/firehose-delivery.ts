import type { DeliveryStreamResource } from '../../stack/stack.ts';
import type { StageLag } from '../http/statistics.ts';
import type { LedgerStage } from '../ledger.ts';
import type { DurableLog } from '../log/durable-log.ts';
import { KinesisStream } from '../log/kinesis-stream.ts';
import type { S3BucketStore } from '../s3/s3-bucket-store.ts';
import { compilePrefix, type Prefix } from './firehose-prefix.ts';
import { FirehoseShard } from './firehose-shard.ts';

export interface FirehoseDeliveryOptions {
  readonly resource: DeliveryStreamResource;
  /** The data stream that is delivered; without one, what is put on the delivery stream itself. */
  readonly source?: KinesisStream | undefined;
  readonly log: DurableLog;
  readonly store: Pick<S3BucketStore, 'put'>;
  readonly stage: LedgerStage;
  readonly nowMillis?: () => number;
  /** Told when an object could not be written; it is tried again. */
  readonly onError: (error: Error) => void;
}

/** Firehose keeps what it cannot deliver for 24 hours (Amazon Data Firehose developer guide, data delivery). */
const RETENTION_HOURS = 24;
/** Often enough that at full load the records are still in memory when they are compressed. */
const PUMP_MILLIS = 50;

/**
 * One Firehose stream: records stay in the durable log until an object of them lies in the bucket. An object's name
 * comes from its first record, so that delivery tried again after a crash replaces the object instead of adding one.
 * A data stream is read from its oldest record on, each shard into objects of its own, one that came out of others after
 * them.
 */
export class FirehoseDelivery {
  /** Whatever is put on this stream is delivered. */
  readonly stream: KinesisStream;
  readonly resource: DeliveryStreamResource;
  /** Whether records are put on the delivery stream itself. */
  readonly isDirect: boolean;
  readonly #options: FirehoseDeliveryOptions;
  /** Every one that the stream ever had, parents before their children. */
  readonly #shards = new Map<string, FirehoseShard>();
  readonly #prefix: Prefix;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();
  #busy = false;

  /** @throws LocalError when the prefix has an expression that is not emulated */
  constructor(options: FirehoseDeliveryOptions) {
    const { resource, source } = options;
    this.#options = options;
    this.resource = resource;
    this.isDirect = source === undefined;
    this.#prefix = compilePrefix(resource.prefix);
    this.stream = source ?? openBuffer(options);
    options.stage.begin(0);
    this.#account();
    this.#timer = setInterval(() => {
      if (!this.#busy) this.#enqueue(false).catch(options.onError);
    }, PUMP_MILLIS);
    this.#timer.unref();
  }

  get name(): string {
    return this.resource.name;
  }

  /** Delivers everything that is durable now, whatever its size and age. */
  async flush(): Promise<void> {
    await this.#options.log.durable();
    await this.#enqueue(true);
  }

  /** What waits to be delivered. */
  lag(): StageLag {
    const { stage, nowMillis = Date.now } = this.#options;
    const now = nowMillis();
    const backlogs = this.#everyShard().map((shard) => shard.backlog);
    const oldest = Math.min(...backlogs.map(({ oldestArrivalMillis }) => oldestArrivalMillis ?? now));
    const arrived = this.stream.recordCount;
    const done = stage.entry.in;
    return { stage: stage.name, lagMillis: Math.max(0, now - oldest), backlog: arrived - done, arrived };
  }

  /** Ends delivery; what is not delivered stays in the log. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running.catch(() => {});
  }

  #enqueue(isForced: boolean): Promise<void> {
    this.#running = this.#running.catch(() => {}).then(() => this.#pump(isForced));
    return this.#running;
  }

  async #pump(isForced: boolean): Promise<void> {
    this.#busy = true;
    try {
      this.#everyShard();
      for (const [shardId, shard] of this.#shards)
        if (this.#mayStart(shardId) && !shard.isOver) await shard.pump(isForced);
    } finally {
      this.#account();
      this.#busy = false;
    }
  }

  /** Takes up the shards that have come. */
  #everyShard(): readonly FirehoseShard[] {
    const { resource, log, store, nowMillis = Date.now } = this.#options;
    const { stream } = this;
    for (const shardId of stream.topology.everyShardId.slice(this.#shards.size)) {
      const options = { resource, stream, shardId, prefix: this.#prefix, log, store, nowMillis };
      this.#shards.set(shardId, new FirehoseShard(options));
    }
    return [...this.#shards.values()];
  }

  /** A shard that came out of others is delivered after them. */
  #mayStart(shardId: string): boolean {
    return this.stream.topology.parentIds(shardId).every((parent) => this.#shards.get(parent)!.isOver);
  }

  /** The log knows what came and what went, also when a kill lost the last counts of the ledger. */
  #account(): void {
    const { stage } = this.#options;
    const entry = stage.entry;
    const taken = this.stream.recordCount;
    const shards = this.#everyShard();
    const delivered = shards.reduce((sum, shard) => sum + shard.delivered, 0);
    const waiting = shards.reduce((sum, shard) => sum + shard.waiting, 0);
    const damaged = shards.reduce((sum, shard) => sum + shard.damaged, 0);
    stage.in(Math.max(0, taken - waiting - entry.in));
    stage.out(Math.max(0, delivered - entry.out));
    for (const [reason, count] of Object.entries({
      expired: taken - delivered - waiting - damaged,
      damaged,
    })) {
      const counted = entry.dropped[reason] ?? 0;
      if (count > counted) stage.drop(reason, count - counted);
    }
  }
}

function openBuffer({ resource, log, nowMillis }: FirehoseDeliveryOptions): KinesisStream {
  return KinesisStream.open(log, {
    name: `$firehose/${resource.name}`,
    shardCount: 1,
    retentionHours: RETENTION_HOURS,
    ...(nowMillis && { nowMillis }),
  });
}
