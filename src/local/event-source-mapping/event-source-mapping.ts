import type { EventSourceMappingResource } from '../../stack/stack.ts';
import type { StageLag } from '../http/statistics.ts';
import type { LambdaResult } from '../lambda/lambda-function.ts';
import type { Rejections } from '../lambda/reported-rejections.ts';
import { LocalError } from '../local-error.ts';
import type { DurableLog } from '../log/durable-log.ts';
import type { KinesisStream, StreamRecord } from '../log/kinesis-stream.ts';
import type { Timers } from '../timers.ts';
import type { FailureDocument } from './event-source-mapping-event.ts';
import { compileFilters } from './event-source-mapping-filter.ts';
import type { MappingCounts } from './event-source-mapping-lane.ts';
import { checkpointKeyOf, EventSourceMappingShard } from './event-source-mapping-shard.ts';

/** Where a mapping counts: every record that the checkpoint passes goes in, and out or dropped with a reason. */
export interface CountingStage {
  /** Says how many records of its source were passed before it ever counted; said again, it changes nothing unless it reads anew. */
  begin(passed: number, isAnew?: boolean): void;
  in(n: number): void;
  out(n: number): void;
  drop(reason: string, n: number): void;
}

export interface EventSourceMappingOptions {
  readonly mapping: EventSourceMappingResource;
  readonly functionArn: string;
  readonly region: string;
  readonly stream: KinesisStream;
  readonly log: DurableLog;
  /** The name of the stage in lag reports, for example `function store-readings`. */
  readonly stageName: string;
  readonly stage: CountingStage;
  /** Invokes with JSON text as bytes that it may keep. A rejection, or an answer `TooManyRequestsException`, counts as throttled. */
  readonly invoke: (functionName: string, event: Uint8Array) => Promise<LambdaResult>;
  /** Told what the function refused for good, in the turn in which the checkpoint passes it. */
  readonly onRejected?: (rejections: Rejections) => void;
  /** Told how many batches may be in flight at once, at the start and when the stream has been resharded. */
  readonly onConcurrency?: (batches: number) => void;
  /** Keeps a discarded batch; the checkpoint passes it only after this resolved. */
  readonly onFailure: (destinationArn: string, document: FailureDocument) => Promise<void>;
  /** Told in one sentence about what the mapping cannot do but goes on trying. */
  readonly report?: (text: string) => void;
  readonly nowMillis?: () => number;
  readonly random?: () => number;
  /** The runtime's own when not given. */
  readonly timers?: Timers;
  /** Of the first retry; doubles with every further one. 500 when not given. */
  readonly retryBaseMillis?: number;
  /** 60,000 when not given. */
  readonly retryCapMillis?: number;
}

/**
 * Reads a stream for a function by the rules of Lambda's event source mappings (Lambda developer guide, "Using Lambda to
 * process records from Amazon Kinesis Data Streams"). It is woken by the stream and otherwise uses no time.
 */
export class EventSourceMapping {
  readonly #options: EventSourceMappingOptions;
  /** The shards that are not over, parents before their children. */
  readonly #shards = new Map<string, EventSourceMappingShard>();
  /** How many shards of the stream it knows. */
  #known = 0;
  readonly #filter: (record: StreamRecord) => boolean;
  readonly #counts: MappingCounts;
  readonly #unsubscribe: () => void;
  readonly #stop = new AbortController();

  private constructor(options: EventSourceMappingOptions) {
    this.#options = options;
    this.#filter = compileFilters(options.mapping.filterPatterns);
    this.#counts = { invocations: 0, failures: 0, retries: 0, splits: 0, throttles: 0, discarded: 0 };
    this.#adopt(hasCheckpoint(options));
    const shards = [...this.#shards.values()];
    const passed = shards.reduce((sum, shard) => sum + shard.passed, 0);
    const isAnew = shards.some((shard) => shard.isAnew);
    options.stage.begin(passed, isAnew);
    this.#unsubscribe = options.stream.onAppend(() => this.#pump());
    this.#pump();
  }

  /** @throws LocalError when the mapping asks for what is not copied here, or for what Lambda does not allow */
  static start(options: EventSourceMappingOptions): EventSourceMapping {
    checkProperties(options.mapping);
    return new EventSourceMapping(options);
  }

  get counts(): Readonly<MappingCounts> {
    return this.#counts;
  }

  lag(): StageLag {
    const now = (this.#options.nowMillis ?? Date.now)();
    const backlogs = [...this.#shards.values()].map((shard) => shard.backlog());
    const oldest = Math.min(...backlogs.map(({ oldestArrivalMillis }) => oldestArrivalMillis ?? now));
    const backlog = backlogs.reduce((sum, { records }) => sum + records, 0);
    const { stageName: stage, stream } = this.#options;
    return { stage, lagMillis: Math.max(0, now - oldest), backlog, arrived: stream.recordCount };
  }

  /** Lets the invocations in flight end and keeps how far they got; what is queued or waits for a retry comes again next time. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort();
    await Promise.all([...this.#shards.values()].map((shard) => shard.drained()));
    await this.#options.log.durable();
  }

  #pump(): void {
    this.#adopt(true);
    for (const shard of this.#shards.values()) shard.pump();
  }

  /** Takes up the shards that have come. @param isLater whether the mapping was reading before they came */
  #adopt(isLater: boolean): void {
    const { everyShardId, open } = this.#options.stream.topology;
    if (everyShardId.length === this.#known) return;
    this.#options.onConcurrency?.(open.length * this.#options.mapping.parallelizationFactor);
    for (; this.#known < everyShardId.length; this.#known += 1) {
      const shardId = everyShardId[this.#known]!;
      this.#shards.set(shardId, this.#createShard(shardId, isLater));
    }
  }

  #createShard(shardId: string, isLater: boolean): EventSourceMappingShard {
    const options = this.#options;
    const parents = options.stream.topology.parentIds(shardId);
    return new EventSourceMappingShard({
      options,
      shardId,
      filter: this.#filter,
      counts: this.#counts,
      signal: this.#stop.signal,
      isLater,
      mayStart: () => parents.every((parent) => !this.#shards.has(parent)),
      ended: () => {
        if (this.#shards.delete(shardId)) this.#pump();
      },
    });
  }
}

/** Whether the mapping has read the stream before. */
function hasCheckpoint({ log, mapping, stream }: EventSourceMappingOptions): boolean {
  return stream.topology.everyShardId.some(
    (shardId) => log.readCheckpoint(checkpointKeyOf(mapping.logicalId, shardId)) !== undefined,
  );
}

const LIMITS = [
  ['batchSize', 1, 10_000],
  ['batchWindowSeconds', 0, 300],
  ['parallelizationFactor', 1, 10],
  ['maximumRetryAttempts', -1, 10_000],
  ['maximumRecordAgeSeconds', -1, 604_800],
  ['tumblingWindowSeconds', 0, 900],
] as const;

function checkProperties(mapping: EventSourceMappingResource): void {
  const refuse = (why: string): never => {
    throw new LocalError(`Cannot start event source mapping '${mapping.logicalId}': ${why}`);
  };
  for (const [name, least, most] of LIMITS) {
    const value = mapping[name];
    if (!Number.isInteger(value) || value < least || value > most)
      refuse(`${name} is ${value}, Lambda allows ${least} to ${most}`);
  }
  const age = mapping.maximumRecordAgeSeconds;
  if (age >= 0 && age < 60) refuse(`maximumRecordAgeSeconds is ${age}, Lambda allows -1 or 60 to 604800`);
  if (mapping.tumblingWindowSeconds > 0 && mapping.parallelizationFactor > 1)
    refuse(
      `a tumbling window keeps one state for each shard, so parallelizationFactor is 1, not ${mapping.parallelizationFactor}`,
    );
}
