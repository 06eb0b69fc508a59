import type { HotspotsPlan } from '../../table-function-plan.ts';
import type { EngineContext, StatefulOperator } from '../engine-context.ts';
import { readNumbers } from '../numeric-columns.ts';
import type { Row, RowSink } from '../row.ts';
import type { SnapshotReader } from '../snapshot-reader.ts';
import type { SnapshotWriter } from '../snapshot-writer.ts';
import { NeighbourGraph } from './neighbour-graph.ts';
import { printHotspots } from './print-hotspots.ts';

/**
 * HOTSPOTS (SQL reference): one row out per row in, at once, with the dense regions of the last `windowSize` records.
 * A row with a NULL among its numbers is no point and has a NULL result.
 */
export class Hotspots implements RowSink, StatefulOperator {
  readonly #plan: HotspotsPlan;
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #graph: NeighbourGraph;

  constructor(plan: HotspotsPlan, next: RowSink, context: EngineContext) {
    this.#plan = plan;
    this.#next = next;
    this.#context = context;
    this.#graph = new NeighbourGraph(plan.columns.length, plan.windowSize, plan.scanRadius);
  }

  /** A row that is only shown, or corrects one that is a point already, does not become a point. */
  accept(row: Row, rowtime: number): void {
    const point = readNumbers(row, this.#plan.columns);
    if (point === null) {
      this.#next.accept([...row, null], rowtime);
      return;
    }
    if (this.#context.preview === null && this.#context.revision === 1) this.#graph.add(point);
    const { minimumPoints, scanRadius } = this.#plan;
    this.#next.accept([...row, printHotspots(this.#graph.clusters(minimumPoints), scanRadius)], rowtime);
  }

  advance(watermark: number): void {
    this.#next.advance(watermark);
  }

  openKeys(): number {
    return this.#graph.size;
  }

  stateBytes(): number {
    const { windowSize, columns } = this.#plan;
    return windowSize * (columns.length * 8 + windowSize / 8 + 4);
  }

  save(writer: SnapshotWriter): void {
    writer.uint32(this.#graph.size);
    for (const point of this.#graph.points()) for (const value of point) writer.float64(value);
  }

  load(reader: SnapshotReader): void {
    for (let count = reader.uint32(); count > 0; count--)
      this.#graph.add(this.#plan.columns.map(() => reader.float64()));
  }
}
