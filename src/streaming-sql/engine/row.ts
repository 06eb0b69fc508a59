/**
 * A column value inside the engine. TIMESTAMP and DATE are milliseconds since the epoch, TIME milliseconds of the
 * day, INTERVAL milliseconds; they are printed as text only at the edge.
 */
export type Value = string | number | boolean | null;

/** A row: values by position. Its ROWTIME travels beside it. */
export type Row = readonly Value[];

/** Where rows go: the next operator, or a stream. */
export interface RowSink {
  /** Takes a row; `rowtime` is in milliseconds since the epoch. */
  accept(row: Row, rowtime: number): void;
  /** Time passes: no row with a ROWTIME before `watermark` will follow. */
  advance(watermark: number): void;
  /** The watermark up to which passing time changes nothing here and below; a sink without it wants every step. */
  due?(): number;
}
