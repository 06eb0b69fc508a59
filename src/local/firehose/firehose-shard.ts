import type { DeliveryStreamResource } from '../../stack/stack.ts';
import { failpoint } from '../failpoint.ts';
import type { DurableLog } from '../log/durable-log.ts';
import type { KinesisStream } from '../log/kinesis-stream.ts';
import type { S3BucketStore } from '../s3/s3-bucket-store.ts';
import { type FirstRecord, ObjectBody } from './firehose-object.ts';
import type { Prefix } from './firehose-prefix.ts';

export interface FirehoseShardOptions {
  readonly resource: DeliveryStreamResource;
  readonly stream: KinesisStream;
  readonly shardId: string;
  readonly prefix: Prefix;
  readonly log: DurableLog;
  readonly store: S3BucketStore;
  readonly nowMillis: () => number;
}

/** How far delivery has come; kept in the log. */
interface Checkpoint {
  readonly sequenceNumber: string;
  readonly delivered: number;
}

const MEGABYTE = 1024 * 1024;

/** Under this name the log keeps how far the delivery of one shard has come. */
export function deliveryCheckpointKey(deliveryStreamName: string, shardId: string): string {
  return `firehose/${deliveryStreamName}/${shardId}/checkpoint`;
}

/** Delivers one shard: durable records into objects, each named by its first record, and then the checkpoint. */
export class FirehoseShard {
  readonly #options: FirehoseShardOptions;
  readonly #stateKey: string;
  #checkpoint: Checkpoint;
  #body: ObjectBody;

  constructor(options: FirehoseShardOptions) {
    this.#options = options;
    this.#stateKey = deliveryCheckpointKey(options.resource.name, options.shardId);
    const kept = options.log.readState(this.#stateKey);
    this.#checkpoint = kept
      ? (JSON.parse(kept.toString()) as Checkpoint)
      : { sequenceNumber: '', delivered: 0 };
    this.#body = this.#newBody();
  }

  /** Records that lie in an object. */
  get delivered(): number {
    return this.#checkpoint.delivered;
  }

  /** Records that are still to be delivered. */
  get waiting(): number {
    return this.backlog.records;
  }

  /** How many these are, and when the first of them arrived. */
  get backlog(): ReturnType<KinesisStream['backlog']> {
    const { stream, shardId } = this.#options;
    return stream.backlog(shardId, this.#checkpoint.sequenceNumber);
  }

  /** Moves durable records into objects, and delivers each object that is full; the last one also when `isForced` or old. */
  async pump(isForced: boolean): Promise<void> {
    try {
      while (await this.#fill()) await this.#deliver();
      if (this.#body.first && (isForced || this.#isDue(this.#body.first))) await this.#deliver();
    } catch (error) {
      this.#body = this.#newBody();
      throw error;
    }
  }

  /** @returns whether the object is full */
  async #fill(): Promise<boolean> {
    const { stream, shardId, resource } = this.#options;
    const limit = resource.bufferMegabytes * MEGABYTE;
    for (;;) {
      if (this.#body.bytes >= limit) return true;
      const after = this.#body.lastSequenceNumber ?? this.#checkpoint.sequenceNumber;
      const found = stream.readBlock(shardId, after);
      if (!found) return false;
      const taken = this.#body.append(found, limit);
      const { arrivalMillis, count } = taken;
      const index = found.block.firstIndex + found.position;
      this.#body.first ??= { sequenceNumber: stream.sequenceNumber(shardId, index), arrivalMillis };
      this.#body.lastSequenceNumber = stream.sequenceNumber(shardId, index + count - 1);
      await taken.written;
    }
  }

  #isDue({ arrivalMillis }: FirstRecord): boolean {
    const { nowMillis, resource } = this.#options;
    return nowMillis() - arrivalMillis >= resource.bufferSeconds * 1000;
  }

  /** The checkpoint follows the object: between the two, a crash leads to the same object again. */
  async #deliver(): Promise<void> {
    const { store, log, resource } = this.#options;
    const body = this.#body;
    await store.put(resource.bucketName, this.#keyOf(body.first!), await body.end(), {
      headers: { 'content-type': 'application/octet-stream' },
    });
    failpoint('delivery.afterObjectBeforeCheckpoint');
    this.#checkpoint = {
      sequenceNumber: body.lastSequenceNumber!,
      delivered: this.#checkpoint.delivered + body.records,
    };
    this.#body = this.#newBody();
    log.writeState(this.#stateKey, Buffer.from(JSON.stringify(this.#checkpoint)));
    await log.durable();
  }

  /** `<prefix><stream>-<version>-<time of the first record>-<its sequence number>`, as Firehose names objects. */
  #keyOf({ sequenceNumber, arrivalMillis }: FirstRecord): string {
    const { name, compression } = this.#options.resource;
    const prefix = this.#options.prefix({ timestampMillis: arrivalMillis, seed: sequenceNumber });
    const time = new Date(arrivalMillis).toISOString().slice(0, 19).replace(/[T:]/g, '-');
    return `${prefix}${name}-1-${time}-${sequenceNumber}${compression === 'GZIP' ? '.gz' : ''}`;
  }

  #newBody(): ObjectBody {
    const { compression, delimiter } = this.#options.resource;
    return new ObjectBody(compression, delimiter);
  }
}
