import type { ApplicationPlan, StreamPlan } from '../plan.ts';
import { buildOperator, outputTypes, streamHandedOn } from './build-operator.ts';
import type { EngineContext, PreviewableOperator, StatefulOperator } from './engine-context.ts';
import { EngineError, EvaluationError } from './engine-error.ts';
import type { EngineOptions, EngineStats, OpenWindow, RecordMeta } from './engine-options.ts';
import { makeErrorRow } from './error-row.ts';
import { compileRowsOf, isRowPerRecord } from './record-reader.ts';
import { readReference } from './reference-join.ts';
import { ReorderBuffer } from './reorder-buffer.ts';
import type { Row } from './row.ts';
import { compileRowPrinter, type OutputRow } from './row-printer.ts';
import { compileRowReader, type ReadItem } from './row-reader.ts';
import { openSnapshot, sealSnapshot } from './snapshot-envelope.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import { SnapshotWriter } from './snapshot-writer.ts';
import { type ClockVerdict, SourceClock } from './source-clock.ts';
import { sourceOfShard } from './source-of-shard.ts';
import { StreamNode } from './stream-node.ts';
import { timeError } from './time-error.ts';

/** Rows one record may push out of closing windows: the rest waits for the next record or `advance`. */
const ROWS_PER_RECORD = 256;
const DEFAULT_MAX_GROUPS = 4_000_000;
/** Flags of a snapshot; earlier ones have neither of the last two. */
const PENDING = 1;
const ONE_SHARD = 2;
const SEVERAL_SHARDS = 4;

/** Runs a plan: rows in, rows out, time as an input. It does no I/O and reads no clock. */
export class Engine {
  readonly plan: ApplicationPlan;
  readonly #options: EngineOptions;
  readonly #context: EngineContext;
  readonly #clock: SourceClock;
  /** For each of the source's streams the way in. */
  readonly #readers: readonly ReadItem[];
  readonly #rowsOf: (record: unknown) => readonly unknown[];
  readonly #isRowPerRecord: boolean;
  readonly #sources: readonly StreamNode[];
  readonly #streams: ReadonlyMap<string, StreamNode>;
  readonly #stateful: StatefulOperator[] = [];
  readonly #previewable: PreviewableOperator[] = [];
  readonly #printers: ReadonlyMap<string, (row: Row) => OutputRow>;
  #advancedTo = Number.NEGATIVE_INFINITY;
  #records = 0;
  #rowsIn = 0;
  #rowsOut = 0;
  #corrections = 0;
  #late = 0;
  #errors = 0;
  #ahead = 0;

  constructor(plan: ApplicationPlan, options: EngineOptions) {
    if (plan.formatVersion !== 1)
      throw new EngineError(`Cannot run plan of format ${plan.formatVersion}, this engine runs format 1`);
    this.plan = plan;
    this.#options = options;
    this.#printers = new Map(plan.streams.map((stream) => [stream.name, compileRowPrinter(stream)]));
    this.#context = this.#createContext();
    this.#clock = new SourceClock(plan.time, options.shardIds ?? []);
    this.#sources = plan.input.streamNames.map(
      (name) => new StreamNode({ name, columns: [] }, this.#context, null),
    );
    this.#streams = new Map([
      ...this.#sources.map((node) => [node.plan.name, node] as const),
      ...plan.streams.map((stream) => [stream.name, this.#createStream(stream)] as const),
    ]);
    this.#build();
    this.#rowsOf = compileRowsOf(plan.input);
    this.#isRowPerRecord = isRowPerRecord(plan.input);
    this.#readers = this.#sources.map((source) => this.#compileReader(source));
    if (options.restore !== undefined) this.#load(openSnapshot(options.restore, plan.fingerprint));
  }

  /**
   * Takes one record: parsed JSON, or CSV text where the schema says so. A row that does not fit goes to `onError`.
   * Windows that its time closes are emitted, at most some hundred rows at once.
   */
  acceptRecord(value: unknown, meta: RecordMeta): void {
    this.#records++;
    if (Number.isNaN(this.#context.startMillis)) this.#context.startMillis = meta.arrivalMillis;
    this.#clock.arrive(meta.arrivalMillis);
    const count = this.#readers.length;
    const read = this.#readers[count === 1 ? 0 : sourceOfShard(meta.shardId ?? '', count)]!;
    if (this.#isRowPerRecord) read(value, value, meta);
    else this.#readRows(read, value, meta);
  }

  /**
   * Lets time pass without rows. The caller has given every record that arrived before `nowMillis`. Emits at most
   * `maxRows` window rows; answers whether more wait, for the caller to go on after it has served others.
   */
  advance(nowMillis: number, maxRows = Number.POSITIVE_INFINITY): boolean {
    this.#clock.advance(nowMillis);
    return this.#drain(maxRows);
  }

  /** The source was resharded, and has given all rows of some shards: they go on in others. */
  replaceShards(from: readonly string[], to: readonly string[]): void {
    this.#clock.replaceShards(from, to);
  }

  /** The rows of the windows that are open now, at most `limit`; changes nothing. */
  openWindows(limit = 1000): OpenWindow[] {
    const found: OpenWindow[] = [];
    this.#context.preview = (stream, row, rowtime) => {
      const print = this.#printers.get(stream);
      if (print !== undefined) found.push({ stream, row: print(row), windowEndMillis: rowtime });
    };
    try {
      let left = limit;
      for (const operator of this.#previewable) left -= operator.preview(left);
    } finally {
      this.#context.preview = null;
    }
    return found;
  }

  /** All state, for {@link EngineOptions.restore}. Take it between records, together with the stream position. */
  snapshot(): Uint8Array {
    const writer = new SnapshotWriter();
    for (const counter of this.#counters()) writer.float64(counter);
    writer.float64(this.#context.startMillis);
    writer.float64(this.#advancedTo);
    const flags = this.#isOfSeveralShards ? SEVERAL_SHARDS : ONE_SHARD;
    writer.uint32(this.#context.pending ? flags | PENDING : flags);
    this.#clock.save(writer);
    for (const operator of this.#stateful) operator.save(writer);
    return sealSnapshot(this.plan.fingerprint, writer.finish());
  }

  stats(): EngineStats {
    return {
      records: this.#records,
      rowsIn: this.#rowsIn,
      rowsOut: this.#rowsOut,
      corrections: this.#corrections,
      late: this.#late,
      errors: this.#errors,
      ahead: this.#ahead,
      lifted: this.#clock.lifted,
      openKeys: this.#stateful.reduce((sum, operator) => sum + operator.openKeys(), 0),
      stateBytes: this.#stateful.reduce((sum, operator) => sum + operator.stateBytes(), 0),
      watermarkMillis: this.#clock.watermark,
    };
  }

  #compileReader(source: StreamNode): ReadItem {
    return compileRowReader(this.plan.input.columns, {
      admit: (eventMillis, record, meta) => this.#admit(eventMillis as number | null, record, meta),
      fail: (error, record, meta) => this.#reportInput(error, record, meta),
      timeColumn: this.plan.time.columnIndex,
      sinks: source.readers,
    });
  }

  #readRows(read: ReadItem, record: unknown, meta: RecordMeta): void {
    let rows: readonly unknown[];
    try {
      rows = this.#rowsOf(record);
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      this.#reportInput(error, record, meta);
      return;
    }
    for (const row of rows) read(row, record, meta);
  }

  /** Gives a row its ROWTIME, after the windows that its time closes; NaN for a row without a place in time. */
  #admit(eventMillis: number | null, record: unknown, meta: RecordMeta): number {
    const clock = this.#clock;
    const verdict = clock.take(eventMillis, meta.arrivalMillis, meta.shardId ?? '');
    this.#rowsIn++;
    if (verdict !== 'onTime') {
      this.#refuseTime(verdict, eventMillis, record, meta);
      return Number.NaN;
    }
    const { rowtime, watermark } = clock;
    const context = this.#context;
    if (context.pending || (watermark > this.#advancedTo && watermark >= context.dueMillis))
      this.#drain(ROWS_PER_RECORD);
    return rowtime;
  }

  #drain(maxRows: number): boolean {
    const context = this.#context;
    context.budget = maxRows;
    context.pending = false;
    context.dueMillis = Number.POSITIVE_INFINITY;
    this.#advancedTo = this.#clock.watermark;
    for (const source of this.#sources) source.advance(this.#advancedTo);
    context.dueMillis = Math.min(context.dueMillis, ...this.#sources.map((source) => source.due()));
    return context.pending;
  }

  #refuseTime(
    verdict: Exclude<ClockVerdict, 'onTime'>,
    event: number | null,
    record: unknown,
    meta: RecordMeta,
  ): void {
    if (verdict === 'ahead') this.#ahead++;
    this.#reportInput(timeError(verdict, event, meta.arrivalMillis), record, meta);
  }

  #reportInput(error: EvaluationError, record: unknown, meta: RecordMeta): void {
    this.#reportError(error, record, meta.arrivalMillis, '');
  }

  #reportError(error: EvaluationError, data: unknown, rowtime: number, pump: string): void {
    this.#errors++;
    this.#options.onError?.(makeErrorRow(error, data, rowtime, pump));
  }

  #createContext(): EngineContext {
    return {
      budget: Number.POSITIVE_INFINITY,
      pending: false,
      dueMillis: Number.NEGATIVE_INFINITY,
      revision: 1,
      final: true,
      preview: null,
      startMillis: this.#options.startMillis ?? Number.NaN,
      allowedLatenessMillis: this.plan.time.source === 'column' ? this.plan.time.allowedLatenessMillis : 0,
      maxGroups: this.#options.maxGroups ?? DEFAULT_MAX_GROUPS,
      reportError: (error, row, rowtime, pump) => this.#reportError(error, row, rowtime, pump),
      reportLate: (row, rowtimeMillis, windowEndMillis, pump) => {
        this.#late++;
        this.#options.onLate?.({ row, rowtimeMillis, windowEndMillis, pump });
      },
    };
  }

  #outputOf(name: string): ((row: Row, rowtime: number) => void) | null {
    const { outputs, onRow } = this.#options;
    const print = this.#printers.get(name);
    if (print === undefined || (outputs !== undefined && !outputs.includes(name))) return null;
    const context = this.#context;
    return (row, rowtimeMillis) => {
      this.#rowsOut++;
      if (context.revision > 1) this.#corrections++;
      onRow(name, print(row), { rowtimeMillis, revision: context.revision, final: context.final });
    };
  }

  #build(): void {
    const { references } = this.#options;
    const tables = new Map(
      this.plan.references.map((table) => [table.name, readReference(table, references?.[table.name])]),
    );
    for (const pump of this.plan.pumps) {
      const writer = this.#streams.get(pump.into)!.createWriter(pump, outputTypes(pump.query));
      buildOperator(pump.query, writer, {
        context: this.#context,
        pump,
        stateful: this.#stateful,
        previewable: this.#previewable,
        connect: (stream, reader) => this.#streams.get(stream)!.addReader(reader),
        clock: (reader) => this.#sources[0]!.addReader(reader),
        disorder: (stream) => this.#disorderOf(stream),
        reference: (name) => tables.get(name) ?? [],
      });
    }
  }

  /** Where several pumps write one stream, their rows are merged. */
  #createStream(stream: StreamPlan): StreamNode {
    const node = new StreamNode(stream, this.#context, this.#outputOf(stream.name));
    if (this.plan.pumps.filter(({ into }) => into === stream.name).length > 1)
      this.#stateful.push(node.merge());
    return node;
  }

  /**
   * Source rows may come out of order by event time or from several shards. Others do when a pump hands them on row by
   * row, or when they belong to windows that closed earlier and still take late rows.
   */
  #disorderOf(stream: string): number | null {
    if (!this.plan.input.streamNames.includes(stream)) {
      const handedOn = this.plan.pumps.some(({ into, query }) => {
        const from = into === stream ? streamHandedOn(query) : null;
        return from !== null && this.#disorderOf(from) !== null;
      });
      return handedOn || this.#context.allowedLatenessMillis > 0 ? -1 : null;
    }
    const isOutOfOrder = this.plan.time.source === 'column' || this.#isOfSeveralShards;
    return isOutOfOrder ? this.plan.input.columns.length + 1 : null;
  }

  get #isOfSeveralShards(): boolean {
    const { severalShards, shardIds = [] } = this.#options;
    return severalShards ?? shardIds.length > 1;
  }

  /** By arrival, rows are put in order only where they come from several shards: one shard's engine has no such operator. */
  #ordersShards(operator: StatefulOperator): boolean {
    return (
      this.plan.time.source === 'arrival' && this.#isOfSeveralShards && operator instanceof ReorderBuffer
    );
  }

  #counters(): number[] {
    return [
      this.#records,
      this.#rowsIn,
      this.#rowsOut,
      this.#corrections,
      this.#late,
      this.#errors,
      this.#ahead,
    ];
  }

  #load(reader: SnapshotReader): void {
    this.#records = reader.float64();
    this.#rowsIn = reader.float64();
    this.#rowsOut = reader.float64();
    this.#corrections = reader.float64();
    this.#late = reader.float64();
    this.#errors = reader.float64();
    this.#ahead = reader.float64();
    this.#context.startMillis = reader.float64();
    this.#advancedTo = reader.float64();
    const flags = reader.uint32();
    this.#context.pending = (flags & PENDING) !== 0;
    const shards = this.#clock.load(reader);
    const wasOfOne = (flags & ONE_SHARD) !== 0 || ((flags & SEVERAL_SHARDS) === 0 && shards <= 1);
    for (const operator of this.#stateful)
      if (!wasOfOne || !this.#ordersShards(operator)) operator.load(reader);
  }
}

/** Starts a plan, from nothing or from a snapshot. @throws SnapshotError when the snapshot does not belong to it */
export function createEngine(plan: ApplicationPlan, options: EngineOptions): Engine {
  return new Engine(plan, options);
}
