import type { DeliveryStreamResource } from '../../stack/stack.ts';
import { failpoint } from '../failpoint.ts';
import type { DurableLog } from '../log/durable-log.ts';
import type { KinesisStream } from '../log/kinesis-stream.ts';
import type { BlockPosition } from '../log/record-block.ts';
import type { S3BucketStore } from '../s3/s3-bucket-store.ts';
import { type FirstRecord, ObjectBody } from './firehose-object.ts';
import type { Prefix } from './firehose-prefix.ts';

export interface FirehoseShardOptions {
  readonly resource: DeliveryStreamResource;
  readonly stream: KinesisStream;
  readonly shardId: string;
  readonly prefix: Prefix;
  readonly log: DurableLog;
  readonly store: Pick<S3BucketStore, 'put'>;
  readonly nowMillis: () => number;
}

/** How far delivery has come; kept in the log. */
interface Checkpoint {
  readonly sequenceNumber: string;
  readonly delivered: number;
  /** Passed over because what the log has of them cannot be read. */
  readonly damaged?: number;
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
  /** The last checkpoint may not be kept yet. */
  #isCheckpointing = false;

  constructor(options: FirehoseShardOptions) {
    this.#options = options;
    this.#stateKey = deliveryCheckpointKey(options.resource.name, options.shardId);
    this.#checkpoint = this.#keptCheckpoint();
    this.#body = this.#newBody();
  }

  /**
   * Behind a damaged checkpoint all that is kept is delivered again: who reads the objects goes by the identity of an event
   * anyway. What is no longer kept counts as delivered, for retention is much longer than a buffer waits.
   */
  #keptCheckpoint(): Checkpoint {
    const { log, stream, shardId } = this.#options;
    const kept = log.readCheckpoint(this.#stateKey);
    if (kept === undefined) return { sequenceNumber: '', delivered: 0 };
    if (kept !== 'damaged') return JSON.parse(kept.toString()) as Checkpoint;
    const sequenceNumber = stream.beforeOldest(shardId) ?? '';
    const anew = { sequenceNumber, delivered: stream.missed(shardId, undefined) };
    log.writeState(this.#stateKey, Buffer.from(JSON.stringify(anew)));
    return anew;
  }

  /** Records that lie in an object. */
  get delivered(): number {
    return this.#checkpoint.delivered;
  }

  /** Records that were passed over, for they cannot be read. */
  get damaged(): number {
    return this.#checkpoint.damaged ?? 0;
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

  /** The shard is closed, and all of its records lie in objects. */
  get isOver(): boolean {
    const { stream, shardId } = this.#options;
    return stream.isReadOut(shardId, this.#checkpoint.sequenceNumber);
  }

  /**
   * Moves durable records into objects, and delivers each object that is full; the last one also when `isForced` or old, or
   * when the shard is closed and has no more.
   */
  async pump(isForced: boolean): Promise<void> {
    try {
      // What is put before the checkpoint of the object in front of it is kept may be put once more, in a larger one.
      if (this.#isCheckpointing) await this.#options.log.durable();
      this.#isCheckpointing = false;
      while (await this.#fill()) await this.#deliver();
      const { first, lastSequenceNumber } = this.#body;
      if (!first) return;
      const { stream, shardId } = this.#options;
      if (isForced || this.#isDue(first) || stream.isReadOut(shardId, lastSequenceNumber))
        await this.#deliver();
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
      this.#passOver(after, found);
      if (!found) return false;
      const taken = this.#body.append(found, limit);
      const { arrivalMillis, count } = taken;
      const index = found.block.firstIndex + found.position;
      this.#body.first ??= { sequenceNumber: stream.sequenceNumber(shardId, index), arrivalMillis };
      this.#body.lastSequenceNumber = stream.sequenceNumber(shardId, index + count - 1);
      await taken.written;
    }
  }

  /** What cannot be read any more is counted with the object in which it would have been, or at once when none is begun. */
  #passOver(after: string, next: BlockPosition | undefined): void {
    const { stream, shardId } = this.#options;
    const passed = stream.passedOver(shardId, after, next && next.block.firstIndex + next.position);
    if (!passed) return;
    this.#body.damaged += passed.damaged;
    this.#body.lastSequenceNumber = passed.lastSequenceNumber;
    if (!this.#body.first) this.#keepCheckpoint(this.#body);
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
    this.#keepCheckpoint(body);
    this.#isCheckpointing = true;
    await log.durable();
    this.#isCheckpointing = false;
  }

  #keepCheckpoint({ lastSequenceNumber, records, damaged }: ObjectBody): void {
    this.#checkpoint = {
      sequenceNumber: lastSequenceNumber!,
      delivered: this.#checkpoint.delivered + records,
      damaged: this.damaged + damaged,
    };
    this.#body = this.#newBody();
    this.#options.log.writeState(this.#stateKey, Buffer.from(JSON.stringify(this.#checkpoint)));
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
