import type { CountingStage } from '../event-source-mapping/event-source-mapping.ts';
import { ShardProgress, type Tracked } from '../event-source-mapping/event-source-mapping-progress.ts';
import { failpoint } from '../failpoint.ts';
import type { StageLag } from '../http/statistics.ts';
import { SYSTEM_TIMERS, type Timers } from '../timers.ts';
import type { DurableLog } from './durable-log.ts';
import { KinesisStream, type StreamRecord } from './kinesis-stream.ts';
import { indexOf } from './sequence-number.ts';

/** Something in the queue, on its way. */
export interface QueuedItem {
  readonly record: StreamRecord;
  /** How often it was tried before. The handler counts, for not every failure need be its item's fault. */
  attempts: number;
}

/** What became of an item: it is done with, or it is handed out again after a while. */
export type ItemOutcome<F extends string> =
  | {
      readonly fate: F /** Called in the turn in which the checkpoint passes it. */;
      readonly onPassed?: () => void;
    }
  | { readonly retryMillis: number };

export interface DurableQueueOptions<F extends string> {
  /** Name of the stream that keeps the items. */
  readonly name: string;
  /** Under which state the log keeps how far the queue is done. */
  readonly checkpointKey: string;
  readonly log: DurableLog;
  readonly stageName: string;
  /** Items are counted here when they are done with: in, and out where the fate is `delivered`, else dropped. */
  readonly stage: CountingStage;
  /** Called for each item; must not reject. The signal aborts when the queue stops. */
  readonly handle: (item: QueuedItem, signal: AbortSignal) => Promise<ItemOutcome<F | 'delivered'>>;
  /** Items handled at once; 1 when not given. */
  readonly concurrency?: number;
  readonly nowMillis?: () => number;
  /** The runtime's own when not given. */
  readonly timers?: Timers;
}

/** An item is done with, or what the log has of it cannot be read. */
type Fate<F extends string> = F | 'delivered' | 'damaged';

/** How many items may be in memory, those that wait to be tried again included, and how many bytes of them. */
const MAX_IN_FLIGHT = 1000;
const MAX_IN_FLIGHT_BYTES = 16 * 1024 * 1024;

/**
 * A queue on the log: what is put joins the commit that an acknowledgement waits for, each item is handled at least once,
 * and its checkpoint and counts join the commit of what the handler wrote last. An item that waits to be tried again does
 * not hold up the ones behind it. What is left when it stops comes again with the next start.
 */
export class DurableQueue<F extends string = never> {
  readonly #options: DurableQueueOptions<F>;
  readonly #stream: KinesisStream;
  readonly #shardId: string;
  readonly #progress = new ShardProgress<Fate<F>>();
  readonly #ready: (QueuedItem & { readonly tracked: Tracked<Fate<F>> })[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #waiting = new Set<() => void>();
  readonly #unsubscribe: () => void;
  readonly #stop = new AbortController();
  #position: string | undefined;
  #checkpoint: string | undefined;
  #bytesInFlight = 0;

  constructor(options: DurableQueueOptions<F>) {
    this.#options = options;
    const { name, log, checkpointKey, nowMillis = Date.now } = options;
    this.#stream = KinesisStream.open(log, { name, shardCount: 1, retentionHours: 0, nowMillis });
    this.#shardId = this.#stream.shardIds[0]!;
    const kept = log.readCheckpoint(checkpointKey);
    this.#checkpoint = kept === 'damaged' ? this.#stream.beforeOldest(this.#shardId) : kept?.toString();
    this.#position = this.#checkpoint;
    const passed = this.#checkpoint === undefined ? 0 : indexOf(this.#checkpoint) + 1;
    options.stage.begin(passed, kept === 'damaged');
    this.#unsubscribe = this.#stream.onAppend(() => this.#pump());
    this.#pump();
  }

  /** Buffers an item for the next commit; it is accepted once the log is durable. */
  put(data: Buffer | string): void {
    this.#stream.append('item', data);
  }

  lag(): StageLag {
    const { stageName, nowMillis = Date.now } = this.#options;
    const { records, oldestArrivalMillis } = this.#stream.backlog(this.#shardId, this.#checkpoint);
    const now = nowMillis();
    const lagMillis = Math.max(0, now - (oldestArrivalMillis ?? now));
    return { stage: stageName, lagMillis, backlog: records, arrived: this.#stream.recordCount };
  }

  /** Gives back the room of what is done with; what is not done with stays however old it is. */
  trim(): void {
    const { nowMillis = Date.now } = this.#options;
    const { oldestArrivalMillis } = this.#stream.backlog(this.#shardId, this.#checkpoint);
    this.#stream.trim(oldestArrivalMillis ?? nowMillis());
  }

  /** Lets what is being handled end. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe();
    for (const callOff of this.#waiting) callOff();
    await Promise.all(this.#running);
    await this.#options.log.durable();
  }

  #pump(): void {
    if (this.#stop.signal.aborted) return;
    this.#fill();
    while (this.#running.size < (this.#options.concurrency ?? 1)) {
      const item = this.#ready.shift();
      if (!item) return;
      const run: Promise<void> = this.#handle(item).finally(() => {
        this.#running.delete(run);
        this.#pump();
      });
      this.#running.add(run);
    }
  }

  #fill(): void {
    const maxRecords = MAX_IN_FLIGHT - this.#progress.size;
    const maxBytes = MAX_IN_FLIGHT_BYTES - this.#bytesInFlight;
    if (maxRecords <= 0 || maxBytes <= 0) return;
    // Each read takes whole blocks from the log, which may be large: not one for every item that is done with.
    if (this.#ready.length > 0 && maxRecords < MAX_IN_FLIGHT / 2) return;
    const records = this.#stream.read(this.#shardId, this.#position, { maxRecords, maxBytes });
    this.#passOver(records[0]);
    for (const read of records) {
      // A view would keep the whole block that it is of.
      const record = { ...read, data: Buffer.from(read.data) };
      this.#ready.push({ record, tracked: this.#progress.track(record.sequenceNumber), attempts: 0 });
      this.#position = record.sequenceNumber;
      this.#bytesInFlight += record.data.length;
    }
  }

  /** Items that cannot be read any more are counted, not skipped in silence. */
  #passOver(next: StreamRecord | undefined): void {
    const index = next && indexOf(next.sequenceNumber);
    const passed = this.#stream.passedOver(this.#shardId, this.#position, index);
    if (!passed) return;
    const { lastSequenceNumber, damaged, expired } = passed;
    this.#position = lastSequenceNumber;
    this.#settle(this.#progress.track(lastSequenceNumber, undefined, damaged + expired), 'damaged');
  }

  async #handle(item: QueuedItem & { readonly tracked: Tracked<Fate<F>> }): Promise<void> {
    const { signal } = this.#stop;
    const outcome = await this.#options.handle(item, signal);
    failpoint('queue.afterHandleBeforeSettle');
    if ('fate' in outcome) {
      this.#bytesInFlight -= item.record.data.length;
      item.tracked.onPassed = outcome.onPassed;
      return this.#settle(item.tracked, outcome.fate);
    }
    if (signal.aborted) return;
    const { timers = SYSTEM_TIMERS } = this.#options;
    const callOff = timers.after(outcome.retryMillis, () => {
      this.#waiting.delete(callOff);
      this.#ready.push(item);
      this.#pump();
    });
    this.#waiting.add(callOff);
  }

  /** The checkpoint and the counts of what it passes join the same commit. */
  #settle(tracked: Tracked<Fate<F>>, fate: Fate<F>): void {
    tracked.fate = fate;
    const advance = this.#progress.advance();
    if (!advance) return;
    const { log, stage, checkpointKey } = this.#options;
    this.#checkpoint = advance.sequenceNumber;
    log.writeState(checkpointKey, Buffer.from(advance.sequenceNumber));
    for (const [each, count] of advance.fates) {
      stage.in(count);
      if (each === 'delivered') stage.out(count);
      else stage.drop(each, count);
    }
  }
}
