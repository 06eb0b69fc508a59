import { readFileSync } from 'node:fs';
import type { ApplicationResource } from '../stack/stack.ts';
import {
  createEngine,
  type Engine,
  type OutputMeta,
  type OutputRow,
  SnapshotError,
} from '../streaming-sql/engine/index.ts';
import { type ApplicationPlan, compileApplication, type InputSchema } from '../streaming-sql/index.ts';
import type { StageLag } from './http/statistics.ts';
import type { Ledger, LedgerStage } from './ledger.ts';
import { LocalError } from './local-error.ts';
import type { DurableLog } from './log/durable-log.ts';
import type { KinesisStream } from './log/kinesis-stream.ts';
import type { BlockPosition } from './log/record-block.ts';

/** Compiles an application's SQL with the input schema beside it. @throws StreamingSqlError with file, line and caret */
export function compileApplicationFile(
  { name, file }: ApplicationResource,
  projectFolder: string,
): ApplicationPlan {
  const schemaFile = file.replace(/\.sql$/, '.input.json');
  const relative = file.slice(projectFolder.length + 1);
  return compileApplication(readText(file, name), {
    file: relative,
    input: JSON.parse(readText(schemaFile, name)) as InputSchema,
  });
}

function readText(file: string, application: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LocalError(
      `Cannot read '${file}' of the application '${application}': ${(cause as Error).message}`,
      { cause },
    );
  }
}

export interface StreamingApplicationOptions {
  readonly resource: ApplicationResource;
  readonly plan: ApplicationPlan;
  readonly log: DurableLog;
  readonly streams: ReadonlyMap<string, KinesisStream>;
  readonly ledger: Ledger;
  readonly nowMillis: () => number;
  readonly report: (text: string) => void;
}

/** What is kept of an application: how far it has read, and the engine's state at that place. */
interface Checkpoint {
  readonly positions: Readonly<Record<string, string>>;
  readonly snapshot: Uint8Array;
}

/**
 * Runs one streaming SQL application from stream to stream. The place it has read to, its state and the rows it put out
 * are committed together, so that after a kill it goes on as if nothing had happened: no window lost, none doubled.
 */
export class StreamingApplication {
  readonly #options: StreamingApplicationOptions;
  readonly #engine: Engine;
  readonly #input: KinesisStream;
  readonly #stage: LedgerStage;
  readonly #stateKey: string;
  readonly #positions: Record<string, string>;
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #isScheduled = false;
  #isStopped = false;
  /** Rows put out since the last checkpoint: a state of many keys is not written for each of them. */
  #outbox: { readonly target: KinesisStream; readonly key: string; readonly record: string }[] = [];
  #droppedRows = 0;
  #lastCheckpointMillis: number;

  constructor(options: StreamingApplicationOptions) {
    this.#options = options;
    const { resource, plan, streams, ledger } = options;
    this.#stage = ledger.stage(`windows ${resource.name}`);
    this.#stateKey = `application/${resource.name}`;
    this.#input = streamOf(streams, resource.inputStream, resource.name);
    const checkpoint = this.#keptCheckpoint();
    this.#positions = { ...checkpoint?.positions };
    this.#engine = createEngine(plan, {
      shardIds: this.#input.shardIds,
      ...(checkpoint?.snapshot && { restore: checkpoint.snapshot }),
      onRow: this.#outputs(),
      onLate: () => this.#drop('late'),
      onError: ({ ERROR_NAME }) => this.#drop(ERROR_NAME),
    });
    this.#lastCheckpointMillis = options.nowMillis();
    this.#unsubscribe = this.#input.onAppend(() => this.#schedule());
    this.#timer = setInterval(() => this.#tick(), TICK_MILLIS);
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
    const backlogs = this.#input.shardIds.map((id) => this.#input.backlog(id, this.#positions[id]));
    const oldest = Math.min(...backlogs.map(({ oldestArrivalMillis }) => oldestArrivalMillis ?? Infinity));
    return {
      stage: this.#stage.name,
      backlog: backlogs.reduce((sum, { records }) => sum + records, 0),
      lagMillis: Number.isFinite(oldest) ? Math.max(0, this.#options.nowMillis() - oldest) : 0,
    };
  }

  /** Stops reading and writes a last checkpoint. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#unsubscribe();
    clearInterval(this.#timer);
    this.#checkpoint();
  }

  #drop(reason: string): void {
    this.#droppedRows += 1;
    this.#stage.drop(reason, 1);
  }

  /** When the SQL has changed since the checkpoint, reading goes on at its place with open windows started anew. */
  #keptCheckpoint(): Partial<Checkpoint> | undefined {
    const { log, plan, report, resource } = this.#options;
    const kept = log.readState(this.#stateKey);
    if (!kept) return undefined;
    const checkpoint = decodeCheckpoint(kept);
    try {
      createEngine(plan, { onRow: () => {}, restore: checkpoint.snapshot });
      return checkpoint;
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
      report(
        `Application '${resource.name}': the windows open at the last stop start anew, because ${error.message}`,
      );
      return { positions: checkpoint.positions };
    }
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (!this.#isStopped && this.#readSlice()) this.#schedule();
    });
  }

  /** Reads for a few milliseconds at most, so that publishers are not kept waiting. Returns whether more is there. */
  #readSlice(): boolean {
    const deadline = performance.now() + SLICE_MILLIS;
    let isMore = false;
    for (const shardId of this.#input.shardIds) {
      while (!isMore) {
        const found = this.#input.readBlock(shardId, this.#positions[shardId]);
        if (!found) break;
        isMore = this.#readBlock(shardId, found, deadline);
      }
    }
    if (this.#outbox.length >= MAX_HELD_ROWS) this.#checkpoint();
    return isMore;
  }

  /** Returns whether time ran out; the next slice goes on where this one stopped. */
  #readBlock(shardId: string, { block, position }: BlockPosition, deadline: number): boolean {
    let at = position;
    let isOver = false;
    for (; at < block.count && !isOver; at += 1) {
      const value = parse(block.text(at));
      if (value === undefined) this.#drop('not JSON');
      else this.#engine.acceptRecord(value, { arrivalMillis: block.arrivalMillis(at), shardId });
      isOver = at % RECORDS_PER_LOOK === 0 && performance.now() > deadline;
    }
    const count = at - position;
    this.#stage.in(count);
    this.#stage.out(Math.max(0, count - this.#droppedRows));
    this.#droppedRows = 0;
    this.#positions[shardId] = this.#input.sequenceNumber(shardId, block.firstIndex + at - 1);
    return isOver;
  }

  /**
   * Lets time pass, so that windows close without further rows: only when everything has been read, and a little behind
   * the clock, because a record that has its arrival time may still be on its way to the disk.
   */
  #tick(): void {
    const now = this.#options.nowMillis();
    const isMore = this.lag().backlog === 0 && this.#engine.advance(now - SETTLING_MILLIS, MAX_ROWS_PER_TICK);
    if (isMore && this.#outbox.length < MAX_HELD_ROWS) setImmediate(() => this.#isStopped || this.#tick());
    else if (this.#outbox.length > 0 || now - this.#lastCheckpointMillis >= CHECKPOINT_MILLIS)
      this.#checkpoint();
  }

  /** Puts out the rows held since the last checkpoint, in the very commit that carries the new one. */
  #checkpoint(): void {
    for (const { target, key, record } of this.#outbox) target.append(key, record);
    this.#outbox = [];
    this.#lastCheckpointMillis = this.#options.nowMillis();
    this.#options.log.writeState(
      this.#stateKey,
      encodeCheckpoint({ positions: this.#positions, snapshot: this.#engine.snapshot() }),
    );
  }

  /** A correction says which one it is; a first result is exactly the row of the SQL. */
  #outputs(): (stream: string, row: OutputRow, meta: OutputMeta) => void {
    const { resource, streams } = this.#options;
    const outputs = new Map(
      resource.outputs.map((output) => [
        output.from,
        { ...output, target: streamOf(streams, output.stream, resource.name) },
      ]),
    );
    return (from, row, { revision }) => {
      const output = outputs.get(from);
      if (!output) return;
      const { target, partitionKey } = output;
      const record = JSON.stringify(revision > 1 ? { ...row, revision } : row);
      this.#outbox.push({ target, key: String(row[partitionKey] ?? ''), record });
    };
  }
}

const TICK_MILLIS = 250;
const SETTLING_MILLIS = 300;
const SLICE_MILLIS = 4;
const CHECKPOINT_MILLIS = 5000;
const MAX_ROWS_PER_TICK = 1000;
const MAX_HELD_ROWS = 20_000;
/** How often reading looks at the clock: one record can push some hundred rows out of closing windows. */
const RECORDS_PER_LOOK = 8;

function streamOf(
  streams: ReadonlyMap<string, KinesisStream>,
  name: string,
  application: string,
): KinesisStream {
  const stream = streams.get(name);
  if (!stream)
    throw new LocalError(`Cannot start application '${application}': stream '${name}' is not in the stack`);
  return stream;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Length of the positions' JSON as u32, the JSON, the snapshot. */
function encodeCheckpoint({ positions, snapshot }: Checkpoint): Uint8Array {
  const head = Buffer.from(JSON.stringify(positions));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, snapshot]);
}

function decodeCheckpoint(bytes: Buffer): Checkpoint {
  const end = 4 + bytes.readUInt32LE(0);
  return {
    positions: JSON.parse(bytes.toString('utf8', 4, end)) as Record<string, string>,
    snapshot: bytes.subarray(end),
  };
}
