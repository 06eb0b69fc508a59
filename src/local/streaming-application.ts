import type { ApplicationResource } from '../stack/stack.ts';
import {
  createEngine,
  type Engine,
  type EngineOptions,
  SnapshotError,
} from '../streaming-sql/engine/index.ts';
import type { ApplicationPlan } from '../streaming-sql/index.ts';
import { decodeCheckpoint, encodeCheckpoint } from './application-checkpoint.ts';
import { ApplicationOutputs, streamOf } from './application-outputs.ts';
import { ApplicationRefusals, compileMeta, type MetaOf } from './application-refusals.ts';
import { ApplicationShards, type Handover } from './application-shards.ts';
import { failpoint } from './failpoint.ts';
import type { StageLag } from './http/statistics.ts';
import type { Ledger, LedgerStage } from './ledger.ts';
import type { DurableLog } from './log/durable-log.ts';
import type { KinesisStream } from './log/kinesis-stream.ts';
import type { BlockPosition, RecordBlock } from './log/record-block.ts';
import { indexOf } from './log/sequence-number.ts';
import type { ReferenceRows } from './reference-table.ts';
import { RejectedRows } from './rejected-rows.ts';
import { RepeatedReadings } from './repeated-readings.ts';
import { SYSTEM_TIMERS, type Timers } from './timers.ts';

export interface StreamingApplicationOptions {
  readonly resource: ApplicationResource;
  readonly plan: ApplicationPlan;
  readonly references: ReferenceRows;
  readonly log: DurableLog;
  readonly streams: ReadonlyMap<string, KinesisStream>;
  readonly ledger: Ledger;
  readonly nowMillis: () => number;
  /** The runtime's own when not given. */
  readonly timers?: Timers;
  readonly report: (text: string) => void;
  /** Stores an object; resolves when it is there. */
  readonly putObject: (bucketName: string, key: string, body: Uint8Array) => Promise<void>;
}

/**
 * Runs one streaming SQL application from stream to stream. The place it has read to, its state and the rows it put out
 * are committed together, so that after a kill it goes on as if nothing had happened: no window lost, none doubled.
 */
export class StreamingApplication {
  readonly #options: StreamingApplicationOptions;
  #engine: Engine;
  readonly #input: KinesisStream;
  /** Records read, and those that did not fit the input schema. */
  readonly #stage: LedgerStage;
  /** Rows that the pumps made, and those that failed or came too late. */
  readonly #rowsStage: LedgerStage;
  readonly #rejected: RejectedRows | undefined;
  readonly #refusals: ApplicationRefusals;
  readonly #metaOf: MetaOf;
  readonly #stateKey: string;
  readonly #positions: Record<string, string>;
  readonly #shards: ApplicationShards;
  readonly #unsubscribe: () => void;
  readonly #timers: Timers;
  readonly #stopTicking: () => void;
  #isScheduled = false;
  #isStopped = false;
  readonly #outputs: ApplicationOutputs;
  #lastCheckpointMillis: number;
  readonly #repeats: RepeatedReadings;
  /** Of the record that was read last. */
  #lastArrivalMillis = 0;

  constructor(options: StreamingApplicationOptions) {
    this.#options = options;
    const { resource, plan, streams, ledger, timers = SYSTEM_TIMERS } = options;
    this.#timers = timers;
    this.#stage = ledger.stage(`windows ${resource.name}`);
    this.#rowsStage = ledger.stage(`rows ${resource.name}`);
    this.#stage.settle();
    this.#rowsStage.settle();
    this.#stateKey = `application/${resource.name}`;
    this.#input = streamOf(streams, resource.inputStream, resource.name);
    this.#metaOf = compileMeta(plan, this.#input);
    this.#outputs = new ApplicationOutputs(resource, streams, this.#rowsStage);
    const { rejectedBucket: bucketName } = resource;
    this.#rejected =
      bucketName === undefined
        ? undefined
        : new RejectedRows({
            ...options,
            application: resource.name,
            bucketName,
          });
    this.#refusals = new ApplicationRefusals({
      input: this.#input,
      records: this.#stage,
      rows: this.#rowsStage,
      rejected: this.#rejected,
      refusedSoFar: () => {
        const { errors, late } = this.#engine.stats();
        return errors + late;
      },
    });
    const kept = options.log.readState(this.#stateKey);
    const checkpoint = kept && decodeCheckpoint(kept);
    this.#positions = { ...checkpoint?.positions };
    this.#shards = new ApplicationShards(this.#input);
    const handovers = this.#shards.follow(this.#positions);
    this.#engine = this.#startEngine(checkpoint?.snapshot);
    this.#handOver(handovers);
    this.#repeats = new RepeatedReadings(checkpoint?.repeats);
    const passed = Object.values(this.#positions).reduce((sum, position) => sum + indexOf(position) + 1, 0);
    this.#stage.begin(passed);
    this.#stage.settle();
    this.#lastCheckpointMillis = timers.monotonicMillis();
    this.#unsubscribe = this.#input.onAppend(() => this.#schedule());
    this.#stopTicking = timers.every(TICK_MILLIS, () => this.#tick());
    this.#schedule();
  }

  get resource(): ApplicationResource {
    return this.#options.resource;
  }

  get plan(): ApplicationPlan {
    return this.#options.plan;
  }

  /** Has it read a record of its input? What the record brought about may still be on its way to the disk. */
  hasRead(shardId: string, sequenceNumber: string): boolean {
    return (this.#positions[shardId] ?? '') >= sequenceNumber;
  }

  /** Partial rows of the windows that are open now, at most `limit`. */
  openWindows(limit: number): readonly Readonly<Record<string, unknown>>[] {
    return this.#engine.openWindows(limit).map(({ row }) => row);
  }

  stats(): ReturnType<Engine['stats']> {
    return this.#engine.stats();
  }

  /** How far behind the stream the application is. */
  lag(): StageLag {
    const shardIds = this.#shards.unread;
    const backlogs = shardIds.map((id) => this.#input.backlog(id, this.#positions[id]));
    const missed = shardIds.map((id) => this.#input.missed(id, this.#positions[id]));
    const oldest = Math.min(...backlogs.map(({ oldestArrivalMillis }) => oldestArrivalMillis ?? Infinity));
    return {
      stage: this.#stage.name,
      backlog: backlogs.reduce((sum, { records }, at) => sum + records + missed[at]!, 0),
      arrived: this.#input.recordCount,
      lagMillis: Number.isFinite(oldest) ? Math.max(0, this.#options.nowMillis() - oldest) : 0,
    };
  }

  /** Rows of the reference tables, for who runs the plan once more. */
  get references(): ReferenceRows {
    return this.#options.references;
  }

  /** Stops reading and writes a last checkpoint. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#unsubscribe();
    this.#stopTicking();
    this.#checkpoint();
    await this.#options.log.durable();
    await this.#rejected?.settled();
  }

  #engineOptions(): EngineOptions {
    const { resource, references } = this.#options;
    return {
      shardIds: this.#shards.current,
      severalShards: this.#shards.areSeveral,
      references,
      onRow: (from, row, meta) => this.#outputs.take(from, row, meta),
      // Without outputs every row of every stream is counted.
      ...(resource.outputs.length > 0 && { outputs: resource.outputs.map(({ from }) => from) }),
      onLate: (late) => this.#refusals.takeLate(late),
      onError: (error) => this.#refusals.takeError(error),
    };
  }

  /** When the SQL has changed since the checkpoint, reading goes on at its place with open windows started anew. */
  #startEngine(restore: Uint8Array | undefined): Engine {
    const { plan, report, resource } = this.#options;
    if (!restore) return createEngine(plan, this.#engineOptions());
    try {
      return createEngine(plan, { ...this.#engineOptions(), restore });
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
      report(
        `Application '${resource.name}': the windows open at the last stop start anew, because ${error.message}`,
      );
      return createEngine(plan, this.#engineOptions());
    }
  }

  /** Takes up shards that have come, and lets go of those that are over. Returns whether any did. */
  #followShards(): boolean {
    const wereSeveral = this.#shards.areSeveral;
    const handovers = this.#shards.follow(this.#positions);
    if (this.#shards.areSeveral && !wereSeveral)
      this.#engine = createEngine(this.#options.plan, {
        ...this.#engineOptions(),
        shardIds: [],
        restore: this.#engine.snapshot(),
      });
    this.#handOver(handovers);
    return handovers.length > 0;
  }

  #handOver(handovers: readonly Handover[]): void {
    for (const { from, to } of handovers) this.#engine.replaceShards(from, to);
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    this.#timers.soon(() => {
      this.#isScheduled = false;
      if (!this.#isStopped && this.#readSlice()) this.#schedule();
    });
  }

  /** Reads for a few milliseconds at most, so that publishers are not kept waiting. Returns whether more is there. */
  #readSlice(): boolean {
    // The store does not keep up: reading goes on when it does, at the latest with the next tick.
    if (this.#rejected && this.#rejected.waiting > MAX_WAITING_OBJECTS) return false;
    const deadline = this.#timers.monotonicMillis() + SLICE_MILLIS;
    this.#followShards();
    let isMore = false;
    for (const shardId of this.#shards.current) {
      while (!isMore) {
        const found = this.#input.readBlock(shardId, this.#positions[shardId]);
        this.#countGap(shardId, found);
        if (!found) break;
        isMore = this.#readBlock(shardId, found, deadline);
      }
    }
    if (this.#isHoldingMuch()) this.#checkpoint();
    return this.#followShards() || isMore;
  }

  /** Records that retention took before they were read, or that are damaged, are counted, not skipped in silence. */
  #countGap(shardId: string, next: BlockPosition | undefined): void {
    const index = next && next.block.firstIndex + next.position;
    const passed = this.#input.passedOver(shardId, this.#positions[shardId], index);
    if (!passed) return;
    for (const reason of ['expired', 'damaged'] as const) {
      this.#stage.in(passed[reason]);
      if (passed[reason] > 0) this.#stage.drop(reason, passed[reason]);
    }
    this.#positions[shardId] = passed.lastSequenceNumber;
  }

  /** Returns whether time ran out; the next slice goes on where this one stopped. */
  #readBlock(shardId: string, { block, position }: BlockPosition, deadline: number): boolean {
    let at = position;
    let isOver = false;
    let repeated = 0;
    const record = { block, at, shardId };
    let values: readonly unknown[] = [];
    for (; at < block.count && !isOver; at += 1) {
      const ahead = (at - position) % PARSED_AHEAD;
      if (ahead === 0) values = parseSome(block, at);
      record.at = at;
      this.#lastArrivalMillis = block.arrivalMillis(at);
      if (this.#repeats.isRepeat(values[ahead], this.#lastArrivalMillis)) repeated += 1;
      else {
        this.#refusals.begin(record);
        this.#engine.acceptRecord(values[ahead], this.#metaOf(record));
      }
      isOver = at % RECORDS_PER_LOOK === 0 && this.#timers.monotonicMillis() > deadline;
    }
    const count = at - position;
    this.#stage.in(count);
    this.#stage.out(count - repeated - this.#refusals.end());
    if (repeated > 0) this.#stage.drop('duplicate', repeated);
    this.#positions[shardId] = this.#input.sequenceNumber(shardId, block.firstIndex + at - 1);
    return isOver;
  }

  /**
   * Lets time pass, so that windows close without further rows: only when everything has been read, a little behind the
   * clock, and never beyond a record that has its arrival time and is still on its way to the disk.
   */
  #tick(): void {
    const now = this.#options.nowMillis();
    const isRead = this.lag().backlog === 0;
    if (!isRead) this.#schedule();
    const until = Math.min(now - SETTLING_MILLIS, this.#input.oldestUnwrittenMillis());
    const isMore = isRead && this.#engine.advance(until, MAX_ROWS_PER_TICK);
    if (isMore && !this.#isHoldingMuch()) this.#timers.soon(() => this.#isStopped || this.#tick());
    else if (this.#outputs.held > 0 || this.#isCheckpointDue()) this.#checkpoint();
  }

  /** By the monotonic clock: a wall clock that is set back must not hold checkpoints up. */
  #isCheckpointDue(): boolean {
    return this.#timers.monotonicMillis() - this.#lastCheckpointMillis >= CHECKPOINT_MILLIS;
  }

  #isHoldingMuch(): boolean {
    return this.#outputs.held >= MAX_HELD_ROWS || (this.#rejected?.held ?? 0) >= MAX_HELD_REJECTED;
  }

  /** Puts out the rows held since the last checkpoint, in the very commit that carries the new one. */
  #checkpoint(): void {
    failpoint('window.beforeFlush');
    this.#outputs.append();
    failpoint('window.afterStoreBeforeCheckpoint');
    this.#lastCheckpointMillis = this.#timers.monotonicMillis();
    this.#rejected?.commit();
    this.#stage.settle();
    this.#rowsStage.settle();
    this.#options.log.writeState(
      this.#stateKey,
      encodeCheckpoint({
        positions: this.#positions,
        repeats: this.#repeats.encode(this.#lastArrivalMillis),
        snapshot: this.#engine.snapshot(),
      }),
    );
  }
}

const TICK_MILLIS = 250;
const SETTLING_MILLIS = 300;
const SLICE_MILLIS = 4;
const CHECKPOINT_MILLIS = 5000;
const MAX_ROWS_PER_TICK = 1000;
const MAX_HELD_ROWS = 20_000;
const MAX_HELD_REJECTED = 5000;
const MAX_WAITING_OBJECTS = 20;
/** How often reading looks at the clock: one record can push some hundred rows out of closing windows. */
const RECORDS_PER_LOOK = 8;
/** Parsing some records, then handing them on, is faster than doing both for each: the processor's caches are small. */
const PARSED_AHEAD = 32;

function parseSome(block: RecordBlock, from: number): unknown[] {
  const values: unknown[] = [];
  for (let at = from; at < Math.min(from + PARSED_AHEAD, block.count); at += 1)
    values.push(parse(block.text(at)));
  return values;
}

/** What is not JSON goes to the error stream as the text that it is. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) ?? text;
  } catch {
    return text;
  }
}
