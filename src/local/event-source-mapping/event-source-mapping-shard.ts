import { MAX_PAYLOAD_BYTES } from '../lambda/lambda-function.ts';
import type { StreamRecord } from '../log/kinesis-stream.ts';
import { indexOf } from '../log/sequence-number.ts';
import { SYSTEM_TIMERS, sleep, type Timers } from '../timers.ts';
import type { EventSourceMappingOptions } from './event-source-mapping.ts';
import { type EventSource, envelopeBytes, recordBytes } from './event-source-mapping-event.ts';
import { EventSourceMappingLane, type MappingCounts } from './event-source-mapping-lane.ts';
import { ShardProgress } from './event-source-mapping-progress.ts';
import { TumblingWindow } from './event-source-mapping-window.ts';

export interface ShardOptions {
  readonly options: EventSourceMappingOptions;
  readonly shardId: string;
  readonly filter: (record: StreamRecord) => boolean;
  readonly counts: MappingCounts;
  readonly signal: AbortSignal;
  /** The mapping reads the stream already: a shard that comes now is read from its first record, whatever the starting position. */
  readonly isLater: boolean;
  /** Whether the shards that this one came from are over. */
  readonly mayStart: () => boolean;
  /** Called when the shard is over. */
  readonly ended: () => void;
}

/** How many reads in a row before others get their turn. */
const MAX_READS = 8;

/** A checkpoint before the first record. */
const START = 'TRIM_HORIZON';

/** Under which state the log keeps how far a mapping is done with a shard. */
export function checkpointKeyOf(mappingLogicalId: string, shardId: string): string {
  return `esm/${mappingLogicalId}/${shardId}`;
}

/** Is a mapping with this checkpoint done with a record? */
export function isPassed(checkpoint: string | undefined, sequenceNumber: string): boolean {
  return checkpoint !== undefined && checkpoint !== START && checkpoint >= sequenceNumber;
}

/**
 * One shard of one mapping: reads ahead a little, hands records to its lanes, keeps the checkpoint. A shard that came out of
 * others is read when those are over, so that the records of a key keep their order (Lambda developer guide, "Polling and
 * batching streams").
 */
export class EventSourceMappingShard {
  readonly #options: EventSourceMappingOptions;
  readonly #shardId: string;
  readonly #filter: (record: StreamRecord) => boolean;
  readonly #signal: AbortSignal;
  readonly #isLater: boolean;
  readonly #mayStart: () => boolean;
  readonly #ended: () => void;
  readonly #lanes: readonly EventSourceMappingLane[];
  readonly #progress = new ShardProgress();
  readonly #checkpointKey: string;
  readonly #window: TumblingWindow | undefined;
  readonly #envelopeBytes: number;
  #checkpoint: string | undefined;
  #position: string | undefined;
  #isAnew = false;
  readonly #timers: Timers;
  #callOff: (() => void) | undefined;

  constructor({ options, shardId, filter, counts, signal, isLater, mayStart, ended }: ShardOptions) {
    this.#options = options;
    this.#shardId = shardId;
    this.#filter = filter;
    this.#signal = signal;
    this.#isLater = isLater;
    this.#mayStart = mayStart;
    this.#ended = ended;
    const { timers = SYSTEM_TIMERS } = options;
    this.#timers = timers;
    this.#checkpointKey = checkpointKeyOf(options.mapping.logicalId, shardId);
    this.#checkpoint = this.#startingPoint();
    this.#position = this.#checkpoint;
    const { log, mapping, stream } = options;
    const width = mapping.tumblingWindowSeconds;
    this.#window = width > 0 ? new TumblingWindow(width, log.readState(this.#windowKey)) : undefined;
    const source = this.#source();
    this.#envelopeBytes = envelopeBytes(source) + 1;
    const context = {
      options,
      source,
      counts,
      window: this.#window,
      isCaughtUp: (untilMillis: number) =>
        stream.backlog(shardId, this.#position).records === 0 &&
        stream.oldestUnwrittenMillis(shardId) >= untilMillis,
      isReadOut: () => stream.isReadOut(shardId, this.#position),
      settled: () => this.#keepProgress(),
      timers,
      sleep: (millis: number) => sleep(timers, millis, signal),
      stopped: () => signal.aborted,
    };
    this.#lanes = Array.from(
      { length: mapping.parallelizationFactor },
      () => new EventSourceMappingLane(context),
    );
  }

  /** Reads what there is room for, and starts the batches that are ready. */
  pump(): void {
    if (this.#signal.aborted || !this.#mayStart()) return;
    this.#fill();
    for (const lane of this.#lanes) lane.startWhenReady(() => this.pump());
    this.#setTimer();
    if (this.isOver) this.#ended();
  }

  /** The shard is closed, and the mapping is done with all of its records and with the window that held them. */
  get isOver(): boolean {
    return this.#options.stream.isReadOut(this.#shardId, this.#checkpoint) && !this.#window?.isOpen;
  }

  get #windowKey(): string {
    return `${this.#checkpointKey}/window`;
  }

  backlog(): { records: number; oldestArrivalMillis?: number } {
    const { stream } = this.#options;
    const { records, ...oldest } = stream.backlog(this.#shardId, this.#checkpoint);
    return { records: records + stream.missed(this.#shardId, this.#checkpoint), ...oldest };
  }

  /** Records of the shard that the mapping is done with, or never asked for. */
  get passed(): number {
    return this.#checkpoint === undefined ? 0 : indexOf(this.#checkpoint) + 1;
  }

  async drained(): Promise<void> {
    this.#callOff?.();
    await Promise.all(this.#lanes.map((lane) => lane.drained()));
  }

  /** Whether its checkpoint was damaged, so that it reads again what it had counted. */
  get isAnew(): boolean {
    return this.#isAnew;
  }

  /**
   * Where it starts is decided once: a restart before the first success goes on from there. Behind a damaged checkpoint
   * it starts at the oldest record kept: each is delivered at least once, as Lambda promises anyway. A tumbling window would
   * begin with half of its records then, and replace whole results, so there the damage refuses the start.
   */
  #startingPoint(): string | undefined {
    const { log, stream, mapping } = this.#options;
    const key = this.#checkpointKey;
    const kept = mapping.tumblingWindowSeconds > 0 ? log.readState(key) : log.readCheckpoint(key);
    this.#isAnew = kept === 'damaged';
    if (kept !== undefined && kept !== 'damaged') {
      const text = kept.toString();
      return text === START ? undefined : text;
    }
    const oldest = this.#isAnew || mapping.startingPosition === 'TRIM_HORIZON';
    const first = oldest ? stream.beforeOldest(this.#shardId) : stream.latestSequenceNumber(this.#shardId);
    const start = this.#isLater && !this.#isAnew ? undefined : first;
    log.writeState(key, Buffer.from(start ?? START));
    return start;
  }

  #source(): EventSource {
    const { mapping, region } = this.#options;
    const accountId = mapping.streamArn.split(':')[4] ?? '';
    const roleArn = `arn:aws:iam::${accountId}:role/${mapping.functionName}`;
    return { streamArn: mapping.streamArn, shardId: this.#shardId, region, roleArn };
  }

  #fill(): void {
    const { stream, mapping } = this.#options;
    const factor = mapping.parallelizationFactor;
    for (let reads = 0; ; reads += 1) {
      if (reads === MAX_READS) {
        // A filter that lets little through must not hold up everything else in the process.
        this.#timers.soon(() => this.pump());
        return;
      }
      const queued = this.#lanes.reduce((sum, lane) => sum + lane.queued, 0);
      const bytes = this.#lanes.reduce((sum, lane) => sum + lane.queuedBytes, 0);
      const ahead = 2 * mapping.batchSize * factor - this.#progress.size;
      const room = Math.min(mapping.batchSize * factor - queued, ahead);
      if (room <= 0 || bytes >= MAX_PAYLOAD_BYTES * factor) return;
      const limits = { maxRecords: room, maxBytes: MAX_PAYLOAD_BYTES };
      const records = stream.read(this.#shardId, this.#position, limits);
      this.#countGap(records[0]);
      if (records.length === 0) return;
      for (const record of records) this.#take(record);
      this.#position = records.at(-1)!.sequenceNumber;
      this.#keepCheckpoint();
    }
  }

  /** Records that retention took before they were read, or that are damaged, are counted, not skipped in silence. */
  #countGap(next: StreamRecord | undefined): void {
    const { stream } = this.#options;
    const index = next && indexOf(next.sequenceNumber);
    const passed = stream.passedOver(this.#shardId, this.#position, index);
    if (!passed) return;
    const { expired, damaged, lastSequenceNumber } = passed;
    if (expired > 0) this.#progress.track(lastSequenceNumber, 'expired', expired);
    if (damaged > 0) this.#progress.track(lastSequenceNumber, 'damaged', damaged);
    this.#position = lastSequenceNumber;
    this.#keepCheckpoint();
  }

  #take(record: StreamRecord): void {
    if (!this.#filter(record)) {
      this.#progress.track(record.sequenceNumber, 'filtered');
      return;
    }
    const tracked = this.#progress.track(record.sequenceNumber);
    const bytes = recordBytes(record, this.#envelopeBytes);
    this.#lanes[laneOf(record.partitionKey, this.#lanes.length)]!.push({ record, tracked, bytes });
  }

  /** The checkpoint and the state of the window that holds what it passed join the same commit. */
  #keepProgress(): void {
    if (this.#window) this.#options.log.writeState(this.#windowKey, this.#window.encode());
    this.#keepCheckpoint();
  }

  /** Joins the next commit: the checkpoint and the counts of what it passes belong together. */
  #keepCheckpoint(): void {
    const advance = this.#progress.advance();
    if (!advance) return;
    const { stage, log } = this.#options;
    this.#checkpoint = advance.sequenceNumber;
    log.writeState(this.#checkpointKey, Buffer.from(advance.sequenceNumber));
    for (const [fate, count] of advance.fates) {
      stage.in(count);
      if (fate === 'delivered') stage.out(count);
      else stage.drop(fate, count);
    }
  }

  #setTimer(): void {
    this.#callOff?.();
    const wakeMillis = Math.min(...this.#lanes.map((lane) => (lane.idle ? lane.wakeMillis : Infinity)));
    if (wakeMillis === Infinity) return;
    const waitMillis = Math.max(1, Math.ceil(wakeMillis - this.#timers.monotonicMillis()));
    this.#callOff = this.#timers.after(waitMillis, () => this.pump());
  }
}

/** The same partition key always comes to the same lane, which keeps its order. */
function laneOf(partitionKey: string, lanes: number): number {
  if (lanes === 1) return 0;
  let hash = 0x811c9dc5;
  for (let at = 0; at < partitionKey.length; at += 1) {
    hash = Math.imul(hash ^ partitionKey.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0) % lanes;
}
