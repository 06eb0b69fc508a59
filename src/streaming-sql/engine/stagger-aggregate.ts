import type { StaggerAggregatePlan } from '../plan.ts';
import { AggregateCells } from './aggregate-cells.ts';
import { compileAggregates } from './aggregate-result.ts';
import type { EngineContext, PreviewableOperator, StatefulOperator } from './engine-context.ts';
import { EvaluationError } from './engine-error.ts';
import { keyText } from './key-text.ts';
import type { Row, RowSink, Value } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

interface Opened {
  readonly keys: readonly Value[];
  readonly openMillis: number;
  readonly slot: number;
}

/**
 * WINDOWED BY STAGGER (developer guide, "Stagger Windows"): each key's first row opens its window, which closes a fixed
 * time later and carries that time as ROWTIME. Rows come in ROWTIME order, so windows close in the order they opened.
 */
export class StaggerAggregate implements RowSink, StatefulOperator, PreviewableOperator {
  readonly #plan: StaggerAggregatePlan;
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #pump: string;
  readonly #cells: AggregateCells;
  /** In the order they opened. */
  readonly #open = new Map<string, Opened>();
  readonly #free: number[] = [];
  #slots = 0;

  constructor(plan: StaggerAggregatePlan, next: RowSink, context: EngineContext, pump: string) {
    this.#plan = plan;
    this.#next = next;
    this.#context = context;
    this.#pump = pump;
    this.#cells = new AggregateCells(compileAggregates(plan.aggregates));
  }

  accept(row: Row, rowtime: number): void {
    const key = keyText(row, this.#plan.keys);
    let opened = this.#open.get(key);
    if (opened !== undefined && opened.openMillis + this.#plan.rangeMillis <= rowtime) {
      this.#close(key, opened);
      opened = undefined;
    }
    if (opened === undefined) {
      if (this.#open.size >= this.#context.maxGroups) {
        this.#report(
          new EvaluationError('TOO_MANY_GROUPS', `Window holds ${this.#open.size} groups, the limit`),
          row,
          rowtime,
        );
        return;
      }
      const slot = this.#free.pop() ?? this.#slots++;
      this.#cells.begin(slot);
      opened = { keys: this.#plan.keys.map((column) => row[column]!), openMillis: rowtime, slot };
      this.#open.set(key, opened);
    }
    this.#cells.addRow(opened.slot, row, rowtime);
  }

  advance(watermark: number): void {
    for (const [key, opened] of this.#open) {
      const closeMillis = opened.openMillis + this.#plan.rangeMillis;
      if (closeMillis > watermark) break;
      if (this.#context.budget <= 0) {
        this.#context.pending = true;
        this.#next.advance(closeMillis);
        return;
      }
      this.#context.budget--;
      this.#close(key, opened);
    }
    this.#next.advance(watermark);
  }

  preview(limit: number): number {
    let shown = 0;
    for (const opened of this.#open.values()) {
      if (shown >= limit) break;
      this.#push(opened);
      shown++;
    }
    return shown;
  }

  openKeys(): number {
    return this.#open.size;
  }

  stateBytes(): number {
    return this.#cells.bytes() + this.#open.size * 160;
  }

  save(writer: SnapshotWriter): void {
    writer.uint32(this.#slots);
    writer.values(this.#free);
    writer.uint32(this.#open.size);
    for (const [key, { keys, openMillis, slot }] of this.#open) {
      writer.text(key);
      writer.values(keys);
      writer.float64(openMillis);
      writer.uint32(slot);
    }
    this.#cells.save(writer, this.#slots);
  }

  load(reader: SnapshotReader): void {
    this.#slots = reader.uint32();
    this.#free.push(...(reader.values() as number[]));
    for (let count = reader.uint32(); count > 0; count--) {
      this.#open.set(reader.text(), {
        keys: reader.values(),
        openMillis: reader.float64(),
        slot: reader.uint32(),
      });
    }
    this.#cells.load(reader, this.#slots);
  }

  #close(key: string, opened: Opened): void {
    this.#open.delete(key);
    this.#push(opened);
    this.#free.push(opened.slot);
  }

  #push({ keys, openMillis, slot }: Opened): void {
    const closeMillis = openMillis + this.#plan.rangeMillis;
    const row: Value[] = [...keys, openMillis];
    try {
      this.#cells.appendResults(slot, row);
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      if (this.#context.preview === null) this.#report(error, keys, closeMillis);
      return;
    }
    this.#next.accept(row, closeMillis);
  }

  #report(error: EvaluationError, row: Row, rowtime: number): void {
    this.#context.reportError(error, row, rowtime, this.#pump);
  }
}
