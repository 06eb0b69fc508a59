import type { TumblingAggregatePlan } from '../plan.ts';
import { type Aggregates, compileAggregates } from './aggregate-result.ts';
import { type ColumnSink, columnNames, distinct, type TakeColumns } from './column-sink.ts';
import type { EngineContext, PreviewableOperator, StatefulOperator } from './engine-context.ts';
import { EvaluationError } from './engine-error.ts';
import { forgetKeys } from './forget-keys.ts';
import { generate } from './generate.ts';
import { KeyDictionary } from './key-dictionary.ts';
import type { Row, RowSink, Value } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';
import { windowEnd, windowStart } from './tumbling-window.ts';
import type { WindowPane } from './window-pane.ts';
import { WindowPanes } from './window-panes.ts';

/**
 * GROUP BY over tumbling windows (developer guide, "Tumbling Windows"). A window is emitted when time passes its end,
 * a slice at a time; its rows carry the end as ROWTIME. A row that comes after its window was emitted corrects it
 * within the allowed lateness and is late beyond.
 */
export class TumblingAggregate implements ColumnSink, StatefulOperator, PreviewableOperator {
  readonly columns: readonly number[];
  readonly take: TakeColumns;
  readonly #plan: TumblingAggregatePlan;
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #pump: string;
  readonly #aggregates: Aggregates;
  readonly #keys: KeyDictionary;
  readonly #panes: WindowPanes;
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(plan: TumblingAggregatePlan, next: RowSink, context: EngineContext, pump: string) {
    this.#plan = plan;
    this.#next = next;
    this.#context = context;
    this.#pump = pump;
    this.#aggregates = compileAggregates(plan.aggregates);
    this.#panes = new WindowPanes(this.#aggregates);
    this.#keys = new KeyDictionary(plan.keys);
    this.columns = distinct([...plan.keys, ...this.#aggregates.columns]);
    this.take = this.#compileTake();
  }

  accept(row: Row, rowtime: number): void {
    const pane = this.#panes.at(rowtime) ?? this.#insertFor(row, rowtime);
    if (pane === null) return;
    let key = this.#keys.findRow(row);
    let group = key < 0 ? -1 : pane.slots.find(key);
    if (group < 0) {
      if (pane.slots.size >= this.#context.maxGroups) {
        const message = `Window holds ${pane.slots.size} groups, the limit`;
        this.#report(new EvaluationError('TOO_MANY_GROUPS', message), row, rowtime);
        return;
      }
      if (key < 0) key = this.#keys.add(row);
      group = pane.open(key);
      // It comes out as soon as time passes at all.
      if (pane.isClosed) this.#context.dueMillis = Number.NEGATIVE_INFINITY;
    }
    pane.cells.addRow(group, row, rowtime);
    if (pane.emitted > group) this.#correct(pane, group);
  }

  advance(watermark: number): void {
    if (watermark > this.#watermark) this.#watermark = watermark;
    for (const pane of this.#panes.all) {
      if (pane.endMillis > this.#watermark) break;
      pane.isClosed = true;
      if (!this.#emit(pane)) {
        this.#next.advance(this.#rowtimeOf(pane));
        return;
      }
    }
    this.#retire();
    this.#next.advance(this.#watermark);
  }

  /** Windows close, and close for good, at the ends of windows only. */
  due(): number {
    const { window } = this.#plan;
    const lateness = this.#context.allowedLatenessMillis;
    const later = this.#next.due?.() ?? Number.NEGATIVE_INFINITY;
    if (!Number.isFinite(this.#watermark)) return Number.NEGATIVE_INFINITY;
    const closing = windowEnd(window, windowStart(window, this.#watermark));
    const settling = windowEnd(window, windowStart(window, this.#watermark - lateness)) + lateness;
    return Math.min(closing, settling, later);
  }

  preview(limit: number): number {
    let shown = 0;
    for (const pane of this.#panes.all) {
      for (let group = pane.emitted; group < pane.slots.size && shown < limit; group++) {
        this.#push(pane, group);
        shown++;
      }
    }
    return shown;
  }

  openKeys(): number {
    return this.#panes.all.reduce((sum, pane) => sum + pane.slots.size, 0);
  }

  stateBytes(): number {
    return this.#panes.all.reduce((sum, pane) => sum + pane.bytes(), this.#keys.bytes());
  }

  save(writer: SnapshotWriter): void {
    writer.float64(this.#watermark);
    this.#keys.save(writer);
    writer.uint32(this.#panes.all.length);
    for (const pane of this.#panes.all) {
      writer.float64(pane.startMillis);
      pane.save(writer);
    }
  }

  load(reader: SnapshotReader): void {
    this.#watermark = reader.float64();
    this.#keys.load(reader);
    for (let count = reader.uint32(); count > 0; count--) {
      const startMillis = reader.float64();
      this.#panes.add(startMillis, windowEnd(this.#plan.window, startMillis), this.#watermark).load(reader);
    }
  }

  /** Settles the rows of known keys in windows that have not closed. */
  #compileTake(): TakeColumns {
    const { keys } = this.#plan;
    const parameters = columnNames(this.columns);
    const paneAt = (rowtime: number): WindowPane | null => this.#panes.at(rowtime);
    const { maxGroups } = this.#context;
    return generate<TakeColumns>(
      { paneAt, find: this.#keys.find, add: this.#aggregates.add, maxGroups },
      `(rowtime${parameters.map((name) => `, ${name}`).join('')}) => {
        const pane = paneAt(rowtime);
        if (pane === null || pane.isClosed) return false;
        const key = find(${columnNames(keys).join(', ')});
        if (key < 0) return false;
        let group = pane.slots.find(key);
        if (group < 0) {
          if (pane.slots.size >= maxGroups) return false;
          group = pane.open(key);
        }
        add(${['pane.cells', 'group', 'rowtime', ...columnNames(this.#aggregates.columns)].join(', ')});
        return true;
      }`,
    );
  }

  #insertFor(row: Row, rowtime: number): WindowPane | null {
    const { window } = this.#plan;
    const startMillis = windowStart(window, rowtime);
    const endMillis = windowEnd(window, startMillis);
    if (endMillis + this.#context.allowedLatenessMillis > this.#watermark)
      return this.#panes.add(startMillis, endMillis, this.#watermark);
    this.#context.reportLate(row, rowtime, endMillis, this.#pump);
    return null;
  }

  /** ROWTIME of the window's rows: its end, or its start for windows of a single ROWTIME. */
  #rowtimeOf({ startMillis, endMillis }: WindowPane): number {
    const { window } = this.#plan;
    return window.kind === 'fixed' && window.instant === true ? startMillis : endMillis;
  }

  /** Emits what the budget allows of a closed window; false when some of it is left. */
  #emit(pane: WindowPane): boolean {
    const context = this.#context;
    const { size } = pane.slots;
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

  #correct(pane: WindowPane, group: number): void {
    const revision = (pane.revisions.get(group) ?? 1) + 1;
    pane.revisions.set(group, revision);
    this.#context.revision = revision;
    this.#push(pane, group);
    this.#context.revision = 1;
  }

  #push(pane: WindowPane, group: number): void {
    const context = this.#context;
    const key = pane.slots.key(group);
    const row: Value[] = [];
    for (let c = 0; c < this.#plan.keys.length; c++) row.push(this.#keys.value(key, c));
    context.final = pane.endMillis + context.allowedLatenessMillis <= this.#watermark;
    try {
      row.push(pane.startMillis);
      pane.cells.appendResults(group, row);
      this.#next.accept(row, this.#rowtimeOf(pane));
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      if (context.preview === null) this.#report(error, row.slice(0, this.#plan.keys.length), pane.endMillis);
    }
    context.final = true;
  }

  /** Forgets the windows that no row can correct any more, and the keys that only older windows had. */
  #retire(): void {
    const settled = this.#watermark - this.#context.allowedLatenessMillis;
    for (let pane = this.#panes.takeOld(settled); pane !== null; pane = this.#panes.takeOld(settled))
      forgetKeys(this.#keys, this.#panes.all, pane);
  }

  #report(error: EvaluationError, row: Row, rowtime: number): void {
    this.#context.reportError(error, row, rowtime, this.#pump);
  }
}
