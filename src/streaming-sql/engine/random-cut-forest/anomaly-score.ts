import type { RandomCutForestPlan } from '../../table-function-plan.ts';
import type { EngineContext, StatefulOperator } from '../engine-context.ts';
import { readNumbers } from '../numeric-columns.ts';
import type { Row, RowSink, Value } from '../row.ts';
import type { SnapshotReader } from '../snapshot-reader.ts';
import type { SnapshotWriter } from '../snapshot-writer.ts';
import { type ColumnShare, printExplanation } from './anomaly-explanation.ts';
import { RandomCutForest } from './random-cut-forest.ts';
import { Shingle } from './shingle.ts';

/**
 * RANDOM_CUT_FOREST and RANDOM_CUT_FOREST_WITH_EXPLANATION: one row out per row in, at once, scored against the rows
 * before it and then learned. A row with a NULL among its numbers has a NULL score and is not learned.
 */
export class AnomalyScore implements RowSink, StatefulOperator {
  readonly #plan: RandomCutForestPlan;
  readonly #next: RowSink;
  readonly #context: EngineContext;
  readonly #forest: RandomCutForest;
  readonly #shingle: Shingle;

  constructor(plan: RandomCutForestPlan, next: RowSink, context: EngineContext) {
    const { columns, shingleSize } = plan;
    this.#plan = plan;
    this.#next = next;
    this.#context = context;
    this.#forest = new RandomCutForest({ ...plan, dimensions: columns.length * shingleSize });
    this.#shingle = new Shingle(columns.length, shingleSize);
  }

  accept(row: Row, rowtime: number): void {
    const values = readNumbers(row, this.#plan.columns);
    this.#next.accept([...row, ...(values === null ? this.#unknown() : this.#judge(values))], rowtime);
  }

  advance(watermark: number): void {
    this.#next.advance(watermark);
  }

  openKeys(): number {
    return 1;
  }

  stateBytes(): number {
    return this.#forest.bytes();
  }

  save(writer: SnapshotWriter): void {
    this.#shingle.save(writer);
    this.#forest.save(writer);
  }

  load(reader: SnapshotReader): void {
    this.#shingle.load(reader);
    this.#forest.load(reader);
  }

  /** Score and explanation. A row that is only shown, or corrects one that was learned, is not learned. */
  #judge(values: readonly number[]): Value[] {
    const passing = this.#context.preview !== null || this.#context.revision > 1;
    const point = passing ? this.#shingle.peek(values) : this.#shingle.push(values);
    const known = this.#forest.ready ? point : null;
    const result: Value[] = [known === null ? 0 : this.#forest.score(known)];
    if (this.#plan.explanation !== 'none') result.push(this.#explain(known));
    if (point !== null && !passing) this.#forest.learn(point);
    return result;
  }

  #explain(point: Float64Array | null): string {
    const attribution = point === null ? null : this.#forest.attribute(point);
    const shares = this.#plan.columns.map(({ name }, column): ColumnShare => {
      if (attribution === null) return { name, high: 0, low: 0 };
      const { high, low } = attribution;
      return { name, high: this.#shingle.sumOf(column, high), low: this.#shingle.sumOf(column, low) };
    });
    return printExplanation(shares, this.#plan.explanation === 'directions');
  }

  #unknown(): Value[] {
    return this.#plan.explanation === 'none' ? [null] : [null, null];
  }
}
