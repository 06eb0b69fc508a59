import type { PumpPlan, StreamPlan } from '../plan.ts';
import { familyOf, integerBounds, type SqlType } from '../sql-type.ts';
import { type Conversion, compileCast } from './cast.ts';
import type { EngineContext } from './engine-context.ts';
import { EvaluationError } from './engine-error.ts';
import { fitsCode } from './fits-type.ts';
import { generate } from './generate.ts';
import { MergeBuffer } from './merge-buffer.ts';
import type { Row, RowSink, Value } from './row.ts';

/** Takes every row of an in-application stream. */
export type StreamOutput = (row: Row, rowtime: number) => void;

/** An in-application stream: hands rows to the outside and to the pumps that read it. */
export class StreamNode {
  readonly plan: StreamPlan;
  readonly #context: EngineContext;
  readonly #readers: RowSink[] = [];
  readonly #writers: number[] = [];
  readonly #output: StreamOutput | null;
  #merged: MergeBuffer | null = null;

  constructor(plan: StreamPlan, context: EngineContext, output: StreamOutput | null) {
    this.plan = plan;
    this.#context = context;
    this.#output = output;
  }

  /** Has the rows of several pumps merged by ROWTIME; answers the buffer they wait in. */
  merge(): MergeBuffer {
    const sink: RowSink = {
      accept: (row, rowtime) => this.insert(row, rowtime),
      advance: (watermark) => this.advance(watermark),
    };
    this.#merged = new MergeBuffer(sink, this.#context);
    return this.#merged;
  }

  addReader(reader: RowSink): void {
    this.#readers.push(reader);
  }

  /** A pump's end: casts by position to the stream's columns and inserts. */
  createWriter(pump: PumpPlan, types: readonly SqlType[]): RowSink {
    const writer = this.#writers.push(Number.NEGATIVE_INFINITY) - 1;
    const insert = compileInsert(this.plan, pump, types);
    const accept = (row: Row, rowtime: number): void => {
      try {
        const inserted = insert(row);
        if (this.#merged === null) this.insert(inserted, rowtime);
        else this.#merged.accept(inserted, rowtime);
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error;
        if (this.#context.preview === null) this.#context.reportError(error, row, rowtime, pump.name);
      }
    };
    return { accept, advance: (watermark) => this.#advance(writer, watermark), due: () => this.due() };
  }

  /** A correction goes to the outside only: pumps that read this stream have already counted the first revision. */
  insert(row: Row, rowtime: number): void {
    const { preview, revision } = this.#context;
    if (preview !== null) {
      preview(this.plan.name, row, rowtime);
      return;
    }
    if (this.#output !== null) this.#output(row, rowtime);
    if (revision > 1) return;
    const final = this.#context.final;
    for (const reader of this.#readers) reader.accept(row, rowtime);
    this.#context.final = final;
  }

  advance(watermark: number): void {
    for (const reader of this.#readers) reader.advance(watermark);
  }

  /** Rows that wait to be merged move with every step. */
  due(): number {
    if (this.#merged !== null) return Number.NEGATIVE_INFINITY;
    return Math.min(...this.#readers.map((reader) => reader.due?.() ?? Number.NEGATIVE_INFINITY));
  }

  get readers(): readonly RowSink[] {
    return this.#readers;
  }

  /** Time in a stream with several writers is the time of the slowest. */
  #advance(writer: number, watermark: number): void {
    this.#writers[writer] = watermark;
    const slowest = Math.min(...this.#writers);
    if (this.#merged === null) this.advance(slowest);
    else this.#merged.advance(slowest);
  }
}

/** Generated: values that are of the column's type already are copied without a call. */
function compileInsert(stream: StreamPlan, pump: PumpPlan, types: readonly SqlType[]): (row: Row) => Value[] {
  const casts: Conversion[] = [];
  const values = stream.columns.map((column, index) => {
    const from = pump.columnMap[index] ?? -1;
    const type = types[from] ?? column.type;
    casts.push(from < 0 ? () => null : compileCast(type, column.type));
    if (from < 0) return 'null';
    const cast = `casts[${index}](row[${from}])`;
    return isSameKind(type, column.type)
      ? `${fitsCode(column.type, `row[${from}]`)} ? row[${from}] : ${cast}`
      : cast;
  });
  const insert = generate<(row: Row) => Value[]>({ casts }, `(row) => [${values.join(', ')}]`);
  const required = stream.columns.flatMap(({ notNull, name }, index) => (notNull ? [{ name, index }] : []));
  if (required.length === 0) return insert;
  return (row) => {
    const result = insert(row);
    for (const { name, index } of required)
      if (result[index] === null)
        throw new EvaluationError('NOT_NULL', `Column "${name}" of "${stream.name}" is NOT NULL`);
    return result;
  };
}

/** Is a value of one type that fits the other the same value there? A fraction of zero may have a sign. */
function isSameKind(from: SqlType, to: SqlType): boolean {
  if (from.name in integerBounds || to.name in integerBounds)
    return from.name in integerBounds && to.name in integerBounds;
  return familyOf(from) === familyOf(to);
}
