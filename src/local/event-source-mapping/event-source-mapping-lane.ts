import { failpoint } from '../failpoint.ts';
import { type LambdaResult, MAX_PAYLOAD_BYTES } from '../lambda/lambda-function.ts';
import type { StreamRecord } from '../log/kinesis-stream.ts';
import type { Timers } from '../timers.ts';
import type { EventSourceMappingOptions } from './event-source-mapping.ts';
import {
  type EventSource,
  type FailureCondition,
  failureDocument,
  kinesisEvent,
} from './event-source-mapping-event.ts';
import { backoffMillis, planAfter, readOutcome, type Segment } from './event-source-mapping-plan.ts';
import type { Fate, Tracked } from './event-source-mapping-progress.ts';
import type { TumblingWindow } from './event-source-mapping-window.ts';

/** One record that waits for, or is in, a batch. */
export interface Entry {
  readonly record: StreamRecord;
  readonly tracked: Tracked;
  /** What it adds to the event. */
  readonly bytes: number;
}

/** What a lane counts; shared by the lanes of a mapping. */
export interface MappingCounts {
  invocations: number;
  failures: number;
  retries: number;
  splits: number;
  throttles: number;
  discarded: number;
}

export interface LaneContext {
  readonly options: EventSourceMappingOptions;
  readonly source: EventSource;
  readonly counts: MappingCounts;
  /** The shard's tumbling window, where the mapping asks for one. */
  readonly window: TumblingWindow | undefined;
  /** Nothing is left to read, and nothing on its way to the disk, that arrived before then. */
  readonly isCaughtUp: (untilMillis: number) => boolean;
  /** The shard is closed, and all of it has been read. */
  readonly isReadOut: () => boolean;
  /** Some record met its fate. */
  readonly settled: () => void;
  readonly timers: Timers;
  /** Waits; returns early when the mapping stops. */
  readonly sleep: (millis: number) => Promise<void>;
  readonly stopped: () => boolean;
}

const CONDITION_OF: Partial<Record<Fate, FailureCondition>> = {
  'retries-exhausted': 'RetryAttemptsExhausted',
  'record-age': 'RecordAgeExceeded',
  'payload-too-large': 'PayloadTooLarge',
};

/** One of the concurrent batches of a shard: the records of some partition keys, in order, one invocation at a time. */
export class EventSourceMappingLane {
  readonly #context: LaneContext;
  readonly #queue: Entry[] = [];
  #queuedBytes = 0;
  #firstQueuedMillis = 0;
  #running: Promise<void> | undefined;

  constructor(context: LaneContext) {
    this.#context = context;
  }

  get queued(): number {
    return this.#queue.length;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get idle(): boolean {
    return this.#running === undefined;
  }

  /** When there is something to do again, by the monotonic clock: Infinity when only a record can say. */
  get wakeMillis(): number {
    const { window, options, timers } = this.#context;
    const nowMillis = (options.nowMillis ?? Date.now)();
    const windowOver = window ? timers.monotonicMillis() + window.dueMillis - nowMillis : Infinity;
    return Math.min(this.#batchWindowEndMillis, windowOver);
  }

  get #batchWindowEndMillis(): number {
    if (this.#queue.length === 0) return Infinity;
    return this.#firstQueuedMillis + this.#context.options.mapping.batchWindowSeconds * 1000;
  }

  push(entry: Entry): void {
    if (this.#queue.length === 0) this.#firstQueuedMillis = this.#context.timers.monotonicMillis();
    this.#queue.push(entry);
    this.#queuedBytes += entry.bytes;
  }

  /** Starts a batch when its size, its window or its payload is full; `done` is called when the batch is through. */
  startWhenReady(done: () => void): void {
    if (this.#running) return;
    this.#running = this.#startNext()?.finally(() => {
      this.#running = undefined;
      done();
    });
  }

  #startNext(): Promise<void> | undefined {
    const { window } = this.#context;
    if (window && this.#isOver(window)) return this.#finish(window);
    const next = this.#queue[0];
    if (!next || !this.#isReady()) return undefined;
    window?.open(next.record.arrivalMillis);
    return this.#process(this.#takeBatch());
  }

  #isReady(): boolean {
    const { window, options } = this.#context;
    const { batchSize } = options.mapping;
    const isFull = this.#queue.length >= batchSize || this.#queuedBytes >= PAYLOAD_ROOM;
    if (isFull || this.#context.timers.monotonicMillis() >= this.#batchWindowEndMillis) return true;
    // Nothing comes any more to complete it, and the shards behind a closed one wait for it.
    if (this.#context.isReadOut()) return true;
    // What is queued behind the end of a window completes the batch before it.
    const last = this.#queue.at(-1)!.record;
    return window !== undefined && !window.isSame(this.#queue[0]!.record.arrivalMillis, last.arrivalMillis);
  }

  /**
   * The open window has no further records: one of the next window is there, its time has passed, or the shard is closed. A
   * window's state belongs to one shard (Lambda developer guide, "Implementing stateful Kinesis Data Streams processing"), so
   * what arrives in the shards that took its place before the window's end is in windows of theirs.
   */
  #isOver(window: TumblingWindow): boolean {
    if (!window.isOpen) return false;
    if (window.isTerminated) return true;
    const next = this.#queue[0];
    if (next) return window.isBehind(next.record.arrivalMillis);
    const { options, isCaughtUp, isReadOut } = this.#context;
    if (isReadOut()) return true;
    return (options.nowMillis ?? Date.now)() >= window.dueMillis && isCaughtUp(window.endMillis);
  }

  /** The last invocation of a window. While it fails, the shard waits (Lambda developer guide, tumbling windows). */
  async #finish(window: TumblingWindow): Promise<void> {
    const { source, counts, settled, stopped } = this.#context;
    const event = kinesisEvent([], source, window.eventMembers(source.shardId, source.streamArn, true));
    for (let failed = 0; !stopped(); ) {
      const result = await this.#invoke(event.slice());
      if (result?.ok) {
        window.close();
        settled();
        return;
      }
      if (!result) continue;
      counts.failures += 1;
      failed += 1;
      await this.#backOff(failed);
    }
  }

  /** Resolves when no invocation of this lane runs. */
  async drained(): Promise<void> {
    await this.#running;
  }

  #takeBatch(): Entry[] {
    const { batchSize } = this.#context.options.mapping;
    let bytes = 0;
    let count = 0;
    const { window } = this.#context;
    const first = this.#queue[0]!.record.arrivalMillis;
    for (const entry of this.#queue) {
      if (count >= batchSize || (count > 0 && bytes + entry.bytes > PAYLOAD_ROOM)) break;
      if (window && !window.isSame(first, entry.record.arrivalMillis)) break;
      bytes += entry.bytes;
      count += 1;
    }
    this.#queuedBytes -= bytes;
    this.#firstQueuedMillis = this.#context.timers.monotonicMillis();
    return this.#queue.splice(0, count);
  }

  async #process(batch: readonly Entry[]): Promise<void> {
    const work: Segment[] = [{ from: 0, to: batch.length, attempts: 0 }];
    for (let segment = work.shift(); segment && !this.#context.stopped(); segment = work.shift()) {
      const fresh = await this.#dropExpired(batch, segment);
      if (fresh.from < fresh.to) work.unshift(...(await this.#attempt(batch, fresh)));
    }
  }

  /** Invokes the function once and says which segments follow. */
  async #attempt(batch: readonly Entry[], segment: Segment): Promise<readonly Segment[]> {
    const { options, source, counts, window } = this.#context;
    const { mapping } = options;
    const records = batch.slice(segment.from, segment.to).map(({ record }) => record);
    const members = window?.eventMembers(source.shardId, source.streamArn, false);
    const event = kinesisEvent(records, source, members);
    if (event.byteLength > MAX_PAYLOAD_BYTES) {
      await this.#discard(batch, { ...segment, attempts: -1 }, 'payload-too-large', '');
      return [];
    }
    const answer = await this.#invoke(event);
    if (!answer) return [segment];
    const result = window ? window.accept(answer) : answer;
    const sequenceNumbers = records.map(({ sequenceNumber }) => sequenceNumber);
    const outcome = readOutcome(result, sequenceNumbers, mapping.reportBatchItemFailures);
    const step = planAfter(segment, outcome, mapping);
    if (outcome.kind !== 'success') counts.failures += 1;
    if (step.next.length > 0 && !step.backoff) counts.splits += 1;
    if (step.deliveredTo > segment.from) {
      const { rejections } = answer.ok ? answer : {};
      if (rejections) batch[step.deliveredTo - 1]!.tracked.onPassed = () => options.onRejected?.(rejections);
      this.#settle(batch, { from: segment.from, to: step.deliveredTo }, 'delivered');
    }
    if (step.discard) await this.#discard(batch, step.discard, 'retries-exhausted', result.requestId);
    if (step.backoff) {
      counts.retries += 1;
      await this.#backOff(step.next[0]!.attempts);
    }
    return step.next;
  }

  /** Undefined when the function could not be invoked at all: that is tried again without using up an attempt. */
  async #invoke(event: Uint8Array): Promise<LambdaResult | undefined> {
    const { options, counts } = this.#context;
    counts.invocations += 1;
    const { functionName } = options.mapping;
    failpoint('consumer.beforeInvoke');
    const result = await options.invoke(functionName, event).catch((error: Error) => {
      options.report?.(`Cannot invoke '${functionName}', trying again: ${error.message}`);
      return undefined;
    });
    failpoint('consumer.afterInvokeBeforeCheckpoint');
    if (result && (result.ok || result.error.errorType !== 'TooManyRequestsException')) return result;
    counts.throttles += 1;
    await this.#backOff(1);
    return undefined;
  }

  /** Records are in order of arrival, so the ones that are too old come first. */
  async #dropExpired(batch: readonly Entry[], segment: Segment): Promise<Segment> {
    const { mapping, nowMillis = Date.now } = this.#context.options;
    if (mapping.maximumRecordAgeSeconds < 0) return segment;
    const oldestMillis = nowMillis() - mapping.maximumRecordAgeSeconds * 1000;
    let from = segment.from;
    while (from < segment.to && batch[from]!.record.arrivalMillis < oldestMillis) from += 1;
    if (from === segment.from) return segment;
    await this.#discard(batch, { ...segment, to: from, attempts: segment.attempts - 1 }, 'record-age', '');
    return { ...segment, from };
  }

  /** Tries the destination until it takes the records: a discarded record is never forgotten. */
  async #discard(batch: readonly Entry[], segment: Segment, fate: Fate, requestId: string): Promise<void> {
    const { options, counts, source, sleep, stopped } = this.#context;
    const { mapping, nowMillis = Date.now } = options;
    const destination = mapping.onFailureArn;
    const records = batch.slice(segment.from, segment.to).map(({ record }) => record);
    for (let failed = 0; destination; ) {
      const document = failureDocument({
        condition: CONDITION_OF[fate]!,
        records,
        source,
        mappingId: mapping.logicalId,
        functionArn: options.functionArn,
        requestId,
        invokeCount: segment.attempts + 1,
        nowMillis: nowMillis(),
        withPayload: destination.startsWith('arn:aws:s3:'),
      });
      try {
        await options.onFailure(destination, document);
        break;
      } catch (error) {
        failed += 1;
        options.report?.(
          `Cannot write ${records.length} failed records to '${destination}': ${(error as Error).message}`,
        );
        await sleep(this.#delay(failed));
        if (stopped()) return;
      }
    }
    counts.discarded += records.length;
    this.#settle(batch, segment, fate);
  }

  #settle(batch: readonly Entry[], { from, to }: { from: number; to: number }, fate: Fate): void {
    for (let at = from; at < to; at += 1) batch[at]!.tracked.fate = fate;
    this.#context.settled();
  }

  #backOff(attempt: number): Promise<void> {
    return this.#context.sleep(this.#delay(attempt));
  }

  #delay(attempt: number): number {
    const { retryBaseMillis = 500, retryCapMillis = 60_000, random = Math.random } = this.#context.options;
    return backoffMillis(attempt, { baseMillis: retryBaseMillis, capMillis: retryCapMillis }, random);
  }
}

/** Six megabytes less the brackets around the records. */
const PAYLOAD_ROOM = MAX_PAYLOAD_BYTES - 64;
