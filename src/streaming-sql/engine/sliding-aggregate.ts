import type { SlidingAggregatePlan, SlidingWindow } from '../plan.ts';
import type { EngineContext, StatefulOperator } from './engine-context.ts';
import { EvaluationError, tooManyRows } from './engine-error.ts';
import { keyText } from './key-text.ts';
import type { Row, RowSink, Value } from './row.ts';
import { SlidingPartition } from './sliding-partition.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';
import { type WindowFunction, windowFunction } from './window-functions.ts';

interface WindowState {
  readonly window: SlidingWindow;
  readonly functions: readonly WindowFunction[];
  readonly partitions: Map<string, SlidingPartition>;
}

/**
 * `f(x) OVER window` (developer guide, "Sliding Windows"): one row out per row in, at once, with the row's own ROWTIME.
 * Rows of equal ROWTIME are seen one by one; bounds are inclusive.
 */
export class SlidingAggregate implements RowSink, StatefulOperator {
  readonly #windows: readonly WindowState[];
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #pump: string;
  #sweepAt = Number.NEGATIVE_INFINITY;
  /** Rows that lie in the windows. */
  #rows = 0;

  constructor(plan: SlidingAggregatePlan, next: RowSink, context: EngineContext, pump: string) {
    this.#windows = plan.windows.map((window) => ({
      window,
      functions: window.calls.map(windowFunction),
      partitions: new Map(),
    }));
    this.#next = next;
    this.#context = context;
    this.#pump = pump;
  }

  accept(row: Row, rowtime: number): void {
    let result: Value[];
    try {
      if (this.#rows >= this.#context.maxGroups) throw tooManyRows('Sliding window', this.#rows);
      result = [...row];
      for (const state of this.#windows) {
        const partition = this.#partitionOf(state, row);
        this.#rows -= partition.size;
        result.push(...partition.slide(row, rowtime));
        this.#rows += partition.size;
      }
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      this.#context.reportError(error, row, rowtime, this.#pump);
      return;
    }
    this.#next.accept(result, rowtime);
  }

  advance(watermark: number): void {
    if (watermark >= this.#sweepAt) this.#sweep(watermark);
    this.#next.advance(watermark);
  }

  openKeys(): number {
    return this.#windows.reduce((sum, { partitions }) => sum + partitions.size, 0);
  }

  stateBytes(): number {
    return (this.#rows + 2 * this.openKeys()) * 160;
  }

  save(writer: SnapshotWriter): void {
    for (const { partitions } of this.#windows) {
      writer.uint32(partitions.size);
      for (const [key, partition] of partitions) {
        writer.text(key);
        partition.save(writer);
      }
    }
  }

  load(reader: SnapshotReader): void {
    for (const { window, functions, partitions } of this.#windows) {
      for (let count = reader.uint32(); count > 0; count--) {
        const partition = new SlidingPartition(window, functions);
        partitions.set(reader.text(), partition);
        partition.load(reader);
        this.#rows += partition.size;
      }
    }
  }

  #partitionOf(state: WindowState, row: Row): SlidingPartition {
    const key = keyText(row, state.window.partition);
    const known = state.partitions.get(key);
    if (known !== undefined) return known;
    if (state.partitions.size >= this.#context.maxGroups) {
      throw new EvaluationError(
        'TOO_MANY_GROUPS',
        `Window holds ${state.partitions.size} partitions, the limit`,
      );
    }
    const partition = new SlidingPartition(state.window, state.functions);
    state.partitions.set(key, partition);
    return partition;
  }

  /** Forgets the partitions whose rows have all left their window; once per window length. */
  #sweep(watermark: number): void {
    let wait = Number.POSITIVE_INFINITY;
    for (const { window, partitions } of this.#windows) {
      if (window.frame.kind !== 'range') continue;
      const { precedingMillis } = window.frame;
      for (const [key, partition] of partitions) {
        if (partition.newestRowtime >= watermark - precedingMillis) continue;
        this.#rows -= partition.size;
        partitions.delete(key);
      }
      wait = Math.min(wait, Math.max(1000, precedingMillis));
    }
    this.#sweepAt = watermark + wait;
  }
}
