import type { TumblingAggregatePlan } from '../plan.ts';
import type { EngineContext, PreviewableOperator, StatefulOperator } from './engine-context.ts';
import { EvaluationError } from './engine-error.ts';
import { GroupTable } from './group-table.ts';
import type { Row, RowSink } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';
import { windowEnd, windowStart } from './tumbling-window.ts';

/** One window of time with its groups. */
interface Pane {
  readonly startMillis: number;
  readonly endMillis: number;
  /** ROWTIME of the window's rows: its end, or its start for windows of a single ROWTIME. */
  readonly rowtimeMillis: number;
  readonly table: GroupTable;
  /** Groups already emitted: the first so many. */
  emitted: number;
  /** Revision of the groups that were corrected after they were emitted. */
  readonly revisions: Map<number, number>;
}

/**
 * GROUP BY over tumbling windows (developer guide, "Tumbling Windows"). A window is emitted when time passes its end,
 * a slice at a time; its rows carry the end as ROWTIME. A row that comes after its window was emitted corrects it
 * within the allowed lateness and is late beyond.
 */
export class TumblingAggregate implements RowSink, StatefulOperator, PreviewableOperator {
  readonly #plan: TumblingAggregatePlan;
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #pump: string;
  /** Ascending by start. */
  readonly #panes: Pane[] = [];
  #current: Pane | null = null;
  #watermark = Number.NEGATIVE_INFINITY;
  #hashBy = 0;

  constructor(plan: TumblingAggregatePlan, next: RowSink, context: EngineContext, pump: string) {
    this.#plan = plan;
    this.#next = next;
    this.#context = context;
    this.#pump = pump;
  }

  accept(row: Row, rowtime: number): void {
    let pane = this.#current;
    if (pane === null || rowtime < pane.startMillis || rowtime >= pane.endMillis) {
      pane = this.#paneOf(row, rowtime);
      if (pane === null) return;
    }
    const { table } = pane;
    let group = table.index.find(row);
    if (group < 0) {
      if (table.size >= this.#context.maxGroups) {
        this.#report(
          new EvaluationError('TOO_MANY_GROUPS', `Window holds ${table.size} groups, the limit`),
          row,
          rowtime,
        );
        return;
      }
      group = table.open(row);
    }
    table.add(group, row, rowtime);
    if (pane.emitted > group) this.#correct(pane, group);
  }

  advance(watermark: number): void {
    if (watermark > this.#watermark) this.#watermark = watermark;
    for (const pane of this.#panes) {
      if (pane.endMillis > this.#watermark) break;
      if (!this.#emit(pane)) {
        this.#next.advance(pane.rowtimeMillis);
        return;
      }
    }
    this.#retire();
    this.#next.advance(this.#watermark);
  }

  preview(limit: number): number {
    let shown = 0;
    for (const pane of this.#panes) {
      for (let group = pane.emitted; group < pane.table.size && shown < limit; group++) {
        this.#push(pane, group);
        shown++;
      }
    }
    return shown;
  }

  openKeys(): number {
    return this.#panes.reduce((sum, pane) => sum + pane.table.size, 0);
  }

  stateBytes(): number {
    return this.#panes.reduce((sum, pane) => sum + pane.table.bytes(), 0);
  }

  save(writer: SnapshotWriter): void {
    writer.float64(this.#watermark);
    writer.uint32(this.#panes.length);
    for (const pane of this.#panes) {
      writer.float64(pane.startMillis);
      writer.uint32(pane.emitted);
      writer.uint32(pane.revisions.size);
      for (const [group, revision] of pane.revisions) {
        writer.uint32(group);
        writer.uint32(revision);
      }
      pane.table.save(writer);
    }
  }

  load(reader: SnapshotReader): void {
    this.#watermark = reader.float64();
    for (let count = reader.uint32(); count > 0; count--) {
      const pane = this.#insert(reader.float64());
      pane.emitted = reader.uint32();
      for (let corrected = reader.uint32(); corrected > 0; corrected--)
        pane.revisions.set(reader.uint32(), reader.uint32());
      pane.table.load(reader);
    }
  }

  #paneOf(row: Row, rowtime: number): Pane | null {
    const startMillis = windowStart(this.#plan.window, rowtime);
    const endMillis = windowEnd(this.#plan.window, startMillis);
    if (endMillis + this.#context.allowedLatenessMillis <= this.#watermark) {
      this.#context.reportLate(row, rowtime, endMillis, this.#pump);
      return null;
    }
    const known = this.#panes.find((pane) => pane.startMillis === startMillis);
    this.#current = known ?? this.#insert(startMillis);
    return this.#current;
  }

  #insert(startMillis: number): Pane {
    const table = new GroupTable(this.#plan.keys, this.#plan.aggregates, this.#hashBy);
    const endMillis = windowEnd(this.#plan.window, startMillis);
    const { window } = this.#plan;
    const rowtimeMillis = window.kind === 'fixed' && window.instant === true ? startMillis : endMillis;
    const pane: Pane = { startMillis, endMillis, rowtimeMillis, table, emitted: 0, revisions: new Map() };
    const at = this.#panes.findIndex((other) => other.startMillis > startMillis);
    this.#panes.splice(at < 0 ? this.#panes.length : at, 0, pane);
    return pane;
  }

  /** Emits what the budget allows of a closed window; false when some of it is left. */
  #emit(pane: Pane): boolean {
    const context = this.#context;
    const { size } = pane.table;
    while (pane.emitted < size) {
      if (context.budget <= 0) {
        context.pending = true;
        return false;
      }
      context.budget--;
      const group = pane.emitted++;
      this.#push(pane, group);
    }
    return true;
  }

  #correct(pane: Pane, group: number): void {
    const revision = (pane.revisions.get(group) ?? 1) + 1;
    pane.revisions.set(group, revision);
    this.#context.revision = revision;
    this.#push(pane, group);
    this.#context.revision = 1;
  }

  #push(pane: Pane, group: number): void {
    const context = this.#context;
    context.final = pane.endMillis + context.allowedLatenessMillis <= this.#watermark;
    try {
      this.#next.accept(pane.table.rowOf(group, pane.startMillis), pane.rowtimeMillis);
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      if (context.preview === null) {
        this.#report(
          error,
          this.#plan.keys.map((_, c) => pane.table.index.key(group, c)),
          pane.endMillis,
        );
      }
    }
    context.final = true;
  }

  /** Forgets the windows that no row can correct any more. */
  #retire(): void {
    const lateness = this.#context.allowedLatenessMillis;
    while (this.#panes.length > 0 && this.#panes[0]!.endMillis + lateness <= this.#watermark) {
      const pane = this.#panes.shift()!;
      this.#hashBy = pane.table.index.hashBy;
      if (pane === this.#current) this.#current = null;
    }
  }

  #report(error: EvaluationError, row: Row, rowtime: number): void {
    this.#context.reportError(error, row, rowtime, this.#pump);
  }
}
