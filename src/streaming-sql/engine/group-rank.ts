import type { GroupRankPlan } from '../table-function-plan.ts';
import type { EngineContext, StatefulOperator } from './engine-context.ts';
import type { Row, RowSink } from './row.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';
import { compareValues } from './sort.ts';

interface Ranked {
  readonly row: Row;
  readonly rank: number;
}

/**
 * GROUP_RANK (SQL reference, "Group Rank"): RANK() over the rows of one ROWTIME. A group is held until time has passed
 * its ROWTIME, so that it is whole. Rows come in ROWTIME order: one group is open at a time.
 */
export class GroupRank implements RowSink, StatefulOperator {
  readonly #plan: GroupRankPlan;
  readonly #next: RowSink;
  readonly #context: EngineContext;
  #group: Row[] = [];
  #rowtime = Number.NEGATIVE_INFINITY;

  constructor(plan: GroupRankPlan, next: RowSink, context: EngineContext) {
    this.#plan = plan;
    this.#next = next;
    this.#context = context;
  }

  /** Rows that are only shown, or correct rows of a group that is gone, have no rank. */
  accept(row: Row, rowtime: number): void {
    if (this.#context.preview !== null || this.#context.revision > 1) {
      this.#next.accept([...row, null], rowtime);
      return;
    }
    if (rowtime !== this.#rowtime) this.#release();
    this.#rowtime = rowtime;
    this.#group.push(row);
  }

  advance(watermark: number): void {
    if (watermark > this.#rowtime) this.#release();
    this.#next.advance(this.#group.length === 0 ? watermark : Math.min(watermark, this.#rowtime));
  }

  openKeys(): number {
    return this.#group.length;
  }

  stateBytes(): number {
    return this.#group.length * 128;
  }

  save(writer: SnapshotWriter): void {
    writer.float64(this.#rowtime);
    writer.uint32(this.#group.length);
    for (const row of this.#group) writer.values(row);
  }

  load(reader: SnapshotReader): void {
    this.#rowtime = reader.float64();
    this.#group = Array.from({ length: reader.uint32() }, () => reader.values());
  }

  #release(): void {
    const group = this.#group;
    this.#group = [];
    for (const { row, rank } of this.#ordered(group).slice(0, this.#plan.limit))
      this.#next.accept([...row, rank], this.#rowtime);
  }

  #ordered(group: readonly Row[]): readonly Ranked[] {
    const ranks = this.#rank(group);
    const ranked = group.map((row) => ({ row, rank: ranks.get(row) ?? 0 }));
    const { outputOrder } = this.#plan;
    if (outputOrder === 'received') return ranked;
    const sign = outputOrder === 'ascending' ? 1 : -1;
    return ranked.sort((a, b) => sign * (a.rank - b.rank));
  }

  /** Rows of equal value share a rank, the next value's rank counts all rows before it. */
  #rank(group: readonly Row[]): ReadonlyMap<Row, number> {
    const { column, descending } = this.#plan;
    const order = (a: Row, b: Row): number =>
      compareValues(a[column] ?? null, b[column] ?? null) * (descending ? -1 : 1);
    const ranks = new Map<Row, number>();
    let previous: Row | undefined;
    for (const [index, row] of [...group].sort(order).entries()) {
      const tied = previous !== undefined && order(previous, row) === 0;
      ranks.set(row, tied ? (ranks.get(previous!) ?? 0) : index + 1);
      previous = row;
    }
    return ranks;
  }
}
